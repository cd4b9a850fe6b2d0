"""Whether a difference between backends is real: one verdict per pair, valid however often one looks.

measurement.md, "Statistics that survive watching". A verdict compares the p-quantile of one latency metric and
always carries its effect size; the level is shared among the pairs shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log
from typing import Final, Literal

from .evidence import QuantileEvidence, log_against_ratio, ratio_interval
from .frame import BackendFrame
from .histogram import FLOORS, GAMMA, Histogram
from .thinning import lag1

ALPHA: Final = 0.05
MOST_LAG1: Final = 0.1
"""Autocorrelation above which samples are thinned, or the verdict withheld."""

LEAST_PAIRS: Final = 30
"""Consecutive pairs below which an autocorrelation is not worth the name."""

Outcome = Literal["too early", "tie", "a lower", "b lower", "withheld"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said about two backends.

    Attributes:
        metric: of `thinning` ("ttft_sched", "tpot", "e2e_sched").
        a, b: names of the backends.
        outcome: "a lower" means that a's p-quantile is lower (better).
        p: which quantile.
        ratio: the higher quantile over the lower (for a tie or too early: b's over a's); None without samples.
        low, high: its confidence sequence; None while too early or withheld.
        n: the smaller arm's sample size, after thinning.
        reason: why it is withheld.
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


@dataclass(frozen=True, slots=True)
class _Arm:
    name: str
    histogram: Histogram
    reason: str  # why its samples cannot be used, or ""
    evidence: QuantileEvidence | None


def verdicts(backends: Sequence[BackendFrame], metric: str, p: float = 0.95) -> list[Verdict]:
    """A verdict for every pair of `backends`, in order."""
    pairs = max(1, len(backends) * (len(backends) - 1) // 2)
    arms = [_arm(backend, metric, p) for backend in backends]
    return [_judge(a, b, metric, p, ALPHA / pairs) for a, b in combinations(arms, 2)]


def _arm(backend: BackendFrame, metric: str, p: float) -> _Arm:
    """The least thinned samples that look independent; if none do, the densest, with the reason."""
    strands = backend.thinned.get(metric, ())
    worst = 0.0
    for strand in strands:
        histogram = Histogram.of(strand.histogram)
        correlation = lag1(strand)
        if strand.pairs < LEAST_PAIRS or correlation is None or correlation <= MOST_LAG1:
            if strand.stride > 1 and len(histogram) < FLOORS[p]:
                break  # independent only because too few are left to tell
            evidence = QuantileEvidence.of(histogram, p) if len(histogram) else None
            return _Arm(backend.name, histogram, "", evidence)
        worst = worst or correlation
    whole = Histogram.of(strands[0].histogram) if strands else Histogram()
    reason = f"{backend.name}'s requests depend on each other (lag-1 {worst:.2f})" if strands else ""
    return _Arm(backend.name, whole, reason, None)


def _judge(a: _Arm, b: _Arm, metric: str, p: float, alpha: float) -> Verdict:
    n = min(len(a.histogram), len(b.histogram))
    quantile_a, quantile_b = a.histogram.quantile_ns(p), b.histogram.quantile_ns(p)
    ratio = quantile_b / quantile_a if quantile_a and quantile_b else None
    if n < FLOORS[p] or ratio is None:
        return Verdict(metric, a.name, b.name, "too early", p, ratio, n=n)
    if a.evidence is None or b.evidence is None:
        return Verdict(metric, a.name, b.name, "withheld", p, ratio, n=n, reason=a.reason or b.reason)
    interval = ratio_interval(a.evidence, b.evidence, round(log(ratio) / log(GAMMA)), alpha)
    if log_against_ratio(a.evidence, b.evidence, 0) < log(1 / alpha):
        return Verdict(metric, a.name, b.name, "tie", p, ratio, interval.low, interval.high, n)
    if ratio > 1:
        return Verdict(metric, a.name, b.name, "a lower", p, ratio, interval.low, interval.high, n)
    return Verdict(metric, a.name, b.name, "b lower", p, 1 / ratio, 1 / interval.high, 1 / interval.low, n)
