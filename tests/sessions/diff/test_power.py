"""What the gate is for: the same thing passes, what got worse fails. 100 repeats each, in virtual time."""

import pytest

from infertop.sessions.diff.compare import diff
from infertop.sessions.diff.gate import parse_gate
from infertop.sessions.diff.result import RunResult

from .runs import frames, result, slower

REPEATS = 100
REQUESTS = 4000
GATES = ("p95_ttft>0%", "p95_ttft>3%", "p95_ttft>5%", "p95_ttft>10%")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pairs() -> list[tuple[RunResult, RunResult, RunResult]]:
    """A run, the next one with prompts and arrivals of its own, and that again with every TTFT 15 % longer."""
    made = [frames(seed, REQUESTS, slices_s=80) for seed in range(REPEATS + 1)]
    runs, slow = [result("run", each) for each in made], [result("run", slower(each)) for each in made]
    return list(zip(runs[:-1], runs[1:], slow[1:], strict=True))


def failures(condition: str, sides: list[tuple[list[RunResult], list[RunResult]]]) -> int:
    gates = [parse_gate(condition)]
    return sum(not diff(a, b, gates=gates).passed for a, b in sides)


@pytest.mark.timeout(400)
def test_the_same_thing_passes_and_a_regression_fails(pairs: list[tuple[RunResult, RunResult, RunResult]]) -> None:
    same = [([a], [b]) for a, b, _ in pairs]
    worse = [([a], [c]) for a, _, c in pairs]
    told = {gate: (failures(gate, same), failures(gate, worse)) for gate in GATES}
    print(f"\nof {REPEATS}, {REQUESTS} requests a run: failed when the same, failed when 15 % worse: {told}")
    assert told["p95_ttft>0%"][0] <= 5
    assert told["p95_ttft>5%"][0] == 0
    assert told["p95_ttft>0%"][1] >= 95
    assert told["p95_ttft>3%"][1] >= 90


@pytest.mark.timeout(400)
def test_repeats_see_a_regression_beyond_a_closer_limit(
    pairs: list[tuple[RunResult, RunResult, RunResult]],
) -> None:
    """Five runs a side, drawn from those: beyond 10 % where one run each seldom can be sure of it."""
    many = len(pairs)
    same, worse = [], []
    for first in range(many):
        ours = [pairs[(first + step) % many] for step in range(5)]
        theirs = [pairs[(first + many // 2 + step) % many] for step in range(5)]
        same.append(([a for a, _, _ in ours], [b for _, b, _ in theirs]))
        worse.append(([a for a, _, _ in ours], [c for _, _, c in theirs]))
    told = {gate: (failures(gate, same), failures(gate, worse)) for gate in GATES}
    print(f"\nof {many}, 5 runs a side: failed when the same, failed when 15 % worse: {told}")
    assert told["p95_ttft>0%"][0] <= 5
    assert told["p95_ttft>5%"][1] == many
    assert told["p95_ttft>10%"][1] >= 90


@pytest.mark.timeout(400)
def test_intervals_cover(pairs: list[tuple[RunResult, RunResult, RunResult]]) -> None:
    """About one in twenty verdicts on two runs of the same thing is wrong at most, metric by metric."""
    made = [diff([a], [b], run_noise=0.0) for a, b, _ in pairs]
    wrong: dict[str, int] = {}
    for each in (metric for one in made for metric in one.backends[0].metrics):
        wrong[each.metric] = wrong.get(each.metric, 0) + (each.verdict in {"better", "worse"})
    print(f"\nof {len(made)}, wrong without any allowance between runs: {wrong}")
    assert max(wrong.values()) <= 12
