"""The sweep finds what brute force knows, with a fraction of its requests."""

import pytest

from infertop.engine.sweep.deciding import least_requests
from infertop.engine.sweep.reading import best
from infertop.engine.sweep.search import PATIENCE

from .made import brute_force, sweep_plan, swept, ttft

MOST_AT_A_LEVEL = PATIENCE * least_requests(0.95)
"""What the sweep spends on a level that is hard to tell, and brute force on every one."""


def rising(values):
    """The never falling values nearest to `values`: the truth without its own noise."""
    pools = []
    for value in values:
        pools.append([value, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    return [mean for mean, members in pools for _ in range(members)]


def check(stack, high, limits_ms, seeds):
    truth = brute_force(stack, high, 600)
    rates = dict(zip(truth, rising([level.tok_s for level in truth.values()]), strict=True))
    for limit_ms in limits_ms:
        missing = [level for level, of in truth.items() if of.share(limit_ms) < 0.95]
        most = rates[min(missing, default=high + 1) - 1]
        for seed in seeds:
            sweep = swept(sweep_plan(stack, seed=seed, high=high, targets=ttft(limit_ms)))
            found = best(sweep.curves[0], sweep.targets)
            share = sweep.progress.requests_done / (high * MOST_AT_A_LEVEL)
            off = abs(rates[round(found.level)] / most - 1)
            print(
                f"{stack} p95 TTFT < {limit_ms} ms, seed {seed}: {min(missing, default=high + 1) - 1} is true, "
                f"{found.level:g} found, tok/s off by {off:.1%} (measured {found.tok_s / most - 1:+.1%}), "
                f"{sweep.progress.requests_done:,} requests, {share:.1%}"
            )
            assert off <= 0.05
            assert abs(found.tok_s / most - 1) <= 0.08
            assert share <= 0.25


def test_the_most_tokens_within_a_limit_are_found() -> None:
    check("inferentia2/batch=8", 12, (5000,), (1,))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stack", "high", "limits_ms"),
    [
        ("h200/batch=16", 32, (1500, 2000)),
        ("inferentia2/batch=8", 24, (2000, 5000, 8000)),
        ("mi300x/batch=24", 40, (500, 2500)),
        ("tpu-v6e/batch=12", 24, (3000,)),
    ],
)
def test_on_any_stack_with_any_seed(stack, high, limits_ms) -> None:
    check(stack, high, limits_ms, (1, 2, 3))
