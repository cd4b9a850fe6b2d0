"""Whether a difference between backends is real: one verdict per pair, valid however often one looks.

measurement.md, "Statistics that survive watching". A verdict compares the p-quantile of one latency metric; beside it
stands what the same prompts say about the mean. The two are separate claims, each with its effect size, its own
allowance for dependence, and the level shared among the pairs shown: either may be known where the other is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, exp, inf, isfinite, log
from typing import Final, Literal

from .confidence import ALPHA, LEAST_DIFFERENCES, mean_difference
from .evidence import QuantileEvidence, least_telling, ratio_interval
from .figures import in_flight_together
from .frame import BackendFrame, PairFrame, Serial
from .histogram import FLOORS, GAMMA, Histogram
from .serial import LEAST_NEIGHBOURS, Dependence, dependence, mean

LEAST_ANSWERS: Final = LEAST_NEIGHBOURS + 1
"""Answers below which it cannot be told whether they depend on each other."""

Outcome = Literal["too early", "tie", "a lower", "b lower", "withheld"]


@dataclass(frozen=True, slots=True)
class Paired:
    """What the prompts that both have answered say about the mean: the ratio of geometric means.

    Attributes:
        outcome: "a lower" means that a is lower (better) on average.
        ratio: the higher mean over the lower (for a tie, too early or withheld: b's over a's); None without prompts.
        low, high: its confidence sequence; None while too early or withheld.
        n: prompts.
        reason: why it is withheld.
        needed: prompts below which it is too early.
    """

    outcome: Outcome = "too early"
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""
    needed: int = LEAST_ANSWERS


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said about two backends.

    Attributes:
        metric: of JUDGED ("ttft_sched", "tpot", "e2e_sched").
        a, b: names of the backends.
        outcome: "a lower" means that a's p-quantile is lower (better).
        p: which quantile.
        ratio: the higher quantile over the lower (for a tie, too early or withheld: b's over a's); None without
            samples.
        low, high: its confidence sequence; None while too early or withheld. `high` is infinite where the samples do
            not bound it yet.
        n: answers of the backend that has fewer.
        reason: why it is withheld.
        needed: answers below which it is too early; the more, the more they depend on each other.
        paired: the same pair by its mean on the same prompts.
    """

    metric: str
    a: str
    b: str
    outcome: Outcome
    p: float
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""
    needed: int = 0
    paired: Paired = Paired()


@dataclass(frozen=True, slots=True)
class _Arm:
    name: str
    together: float
    histogram: Histogram
    dependence: Dependence
    evidence: QuantileEvidence | None  # None where the dependence is not known or cannot be allowed for


def verdicts(
    backends: Sequence[BackendFrame], metric: str, pairs: Sequence[PairFrame] = (), p: float = 0.95
) -> list[Verdict]:
    """A verdict for every pair of `backends`, in order; `pairs` as in `Frame.paired`."""
    alpha = ALPHA / max(1, len(backends) * (len(backends) - 1) // 2)
    arms = [_arm(backend, metric, p) for backend in backends]
    same_prompts = {(pair.a, pair.b): pair.differences.get(metric, ()) for pair in pairs}
    return [
        _judge(
            a, b, paired(same_prompts.get((a.name, b.name), ()), max(a.together, b.together), alpha), metric, p, alpha
        )
        for a, b in combinations(arms, 2)
    ]


def paired(differences: Sequence[Serial], together: float, alpha: float) -> Paired:
    """What the differences ln(a) - ln(b) say at level `alpha` over all looks together.

    Args:
        differences: as in `PairFrame`.
        together: requests that are in flight together at the backend that has more (`serial.dependence`).
        alpha: shared among the pairs already.
    """
    if not differences:
        return Paired()
    singles, found = differences[0], dependence(differences, together)
    n, ratio = singles.count, exp(-mean(singles))
    if found.known and not isfinite(found.worth):
        return Paired("withheld", ratio, n=n, reason=f"differences depend on each other ({found})")
    needed = max(LEAST_ANSWERS, ceil(LEAST_DIFFERENCES * found.worth)) if found.known else LEAST_ANSWERS
    if not found.known or n < needed:
        return Paired("too early", ratio, n=n, needed=needed)
    interval = mean_difference(singles, alpha, found.worth)
    low, high = exp(-interval.high), exp(-interval.low)
    if low > 1:
        return Paired("a lower", ratio, low, high, n, needed=needed)
    if high < 1:
        return Paired("b lower", 1 / ratio, 1 / high, 1 / low, n, needed=needed)
    return Paired("tie", ratio, low, high, n, needed=needed)


def _arm(backend: BackendFrame, metric: str, p: float) -> _Arm:
    """What one backend brings before the judge.

    Single values tell its dependence: averaging the evidence of both arms leaves so much room that no false verdict
    was seen in simulated starts at 64 in flight, where a mean needs to wait for means as long as `together`.
    """
    state, found = backend.histograms.get(metric), dependence(backend.series.get(metric, ()))
    histogram = Histogram.of(state) if state else Histogram()
    evidence = QuantileEvidence.of(histogram, p, found.worth) if isfinite(found.worth) and len(histogram) else None
    return _Arm(backend.name, in_flight_together(backend), histogram, found, evidence)


def _judge(a: _Arm, b: _Arm, same: Paired, metric: str, p: float, alpha: float) -> Verdict:
    n = min(len(a.histogram), len(b.histogram))
    quantile_a, quantile_b = a.histogram.quantile_ns(p), b.histogram.quantile_ns(p)
    ratio = quantile_b / quantile_a if quantile_a and quantile_b else None
    worth = max((arm.dependence.worth for arm in (a, b) if arm.evidence), default=1.0)
    needed = max(LEAST_ANSWERS, ceil(max(FLOORS[p], least_telling(p, alpha)) * worth))
    if n < needed or ratio is None or not (a.dependence.known and b.dependence.known):
        return Verdict(metric, a.name, b.name, "too early", p, ratio, n=n, needed=needed, paired=same)
    if a.evidence is None or b.evidence is None:
        arm = a if a.evidence is None else b
        reason = f"{arm.name}'s requests depend on each other ({arm.dependence})"
        return Verdict(metric, a.name, b.name, "withheld", p, ratio, n=n, needed=needed, reason=reason, paired=same)
    low, high = ratio_interval(a.evidence, b.evidence, round(log(ratio) / log(GAMMA)), alpha)
    outcome: Outcome = "tie"
    if low > 1:
        outcome = "a lower"
    elif high < 1:
        outcome, ratio, low, high = "b lower", 1 / ratio, 1 / high, 1 / low if low else inf
    return Verdict(metric, a.name, b.name, outcome, p, ratio, low, high, n, needed=needed, paired=same)
