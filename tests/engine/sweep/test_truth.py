"""The sweep finds what brute force knows, with a fraction of its requests."""

from functools import cache

import pytest

from infertop.engine.sweep.reading import best
from infertop.engine.sweep.targets import parse_target

from .made import brute_force, sweep_plan, swept

AT_EACH_LEVEL = 600
"""Answers that brute force counts: a p95 of which the next few levels can be told apart."""


@cache
def truth(stack, high):
    """What is true of each level."""
    return brute_force(stack, high, AT_EACH_LEVEL)


def rising(values):
    """The never falling values nearest to `values`: without their own noise."""
    pools = []
    for value in values:
        pools.append([value, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    return [mean for mean, members in pools for _ in range(members)]


def check(stack, high, typed, seed):
    levels, target = truth(stack, high), parse_target(typed)
    rates = dict(zip(levels, rising([known.tok_s for known in levels.values()]), strict=True))
    missing = rising([1 - known.share(target) for known in levels.values()])
    true = max(level for level, lost in zip(levels, missing, strict=True) if lost <= 1 - target.quantile)
    sweep = swept(sweep_plan(stack, seed=seed, high=high, targets=(target,)))
    found = best(sweep.curves[0], sweep.targets)
    share = sweep.progress.requests_done / sum(known.requests for known in levels.values())
    off, measured = rates[round(found.level)] / rates[true] - 1, found.tok_s / rates[true] - 1
    print(
        f"{stack} 1..{high}, {typed}, seed {seed}: {true} true, {found.level:g} found; {rates[true]:,.0f} tok/s, "
        f"off by {off:+.1%}, measured {measured:+.1%}; {sweep.progress.requests_done:,} requests, {share:.1%}"
    )
    assert abs(off) <= 0.05
    assert abs(measured) <= 0.1  # of a few hundred answers
    assert share <= 0.25


def test_the_most_tokens_within_a_limit_are_found() -> None:
    check("inferentia2/batch=8", 12, "p95_ttft<5000ms", 1)


CASES = [
    (stack, high, typed)
    for stack, high, targets in (
        ("groq/batch=32", 48, ("p95_ttft<1s", "p95_tpot<4.6ms", "p95_e2e<1.2s")),
        ("h200/batch=32", 48, ("p95_ttft<2s", "p95_tpot<45ms", "p95_e2e<4s")),
        ("tpu-v6e/batch=32", 48, ("p95_ttft<1s", "p95_tpot<35ms", "p95_e2e<3s")),
        ("inferentia2", 32, ("p95_ttft<8s", "p95_tpot<75ms", "p95_e2e<14s")),
    )
    for typed in targets
]


@pytest.mark.slow
@pytest.mark.parametrize(("stack", "high", "typed"), CASES)
def test_on_any_stack_by_any_limit(stack, high, typed) -> None:
    """With a given seed: of others, one run in some thirty is further off (docs/sweep.md)."""
    check(stack, high, typed, seed=2)
