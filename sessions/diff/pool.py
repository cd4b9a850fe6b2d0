"""Two sets of runs of one thing each, compared: repeats pooled, within-run and run-to-run noise put together.

docs/diff.md, "The noise model". In words: with repeats, what differs between runs is measured, and everything else is
in it (Student's t on their logarithms, variances of both sides pooled). Without, the errors each run knows of itself
are added up, and an allowance for what one run cannot know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, log, sqrt
from typing import Final, Literal

from ...engine.histogram import GAMMA
from .estimate import Estimate, Z
from .metrics import Metric

RUN_NOISE: Final = 0.01
"""Standard deviation between runs of the same thing that is allowed for where no repeats show it, relative."""

LEAST_FREEDOM: Final = 2
"""Degrees of freedom from which repeats tell the noise between runs by themselves: 2 and 2 runs, or 3 and 1."""

_BUCKET: Final = 1.0001 * log(GAMMA)
"""A percentile is told as the middle of a bucket of its histogram: neighbours are no difference."""

_T: Final = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281)
"""Student's t, 97.5 %, for 1 to 10 degrees of freedom."""

Word = Literal["better", "worse", "within noise", "not known"]
Basis = Literal["repeats", "one run each", ""]


@dataclass(frozen=True, slots=True)
class Pooled:
    """One side of one metric.

    Attributes:
        value: geometric mean of the runs, arithmetic of a share; None where no run has one.
        runs: that have a value.
        n: values or requests of all runs together.
        why: what is missing.
    """

    value: float | None
    runs: int
    n: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of one backend on both sides.

    Attributes:
        change: b's value over a's; of a share b's minus a's; None where a side has none.
        low, high: its 95 % interval; None where it is not known; `high` may be infinite.
        basis: what the interval rests on; "" without one.
        why: why something is None.
    """

    metric: Metric
    a: Pooled
    b: Pooled
    change: float | None = None
    low: float | None = None
    high: float | None = None
    basis: Basis = ""
    why: str = ""

    @property
    def verdict(self) -> Word:
        """Whether b is better or worse than a beyond noise."""
        if self.low is None or self.high is None:
            return "not known"
        same = 1.0 if self.metric.kind == "ratio" else 0.0
        if self.low <= same <= self.high:
            return "within noise"
        return "better" if (self.high < same) == (self.metric.better == "lower") else "worse"


@dataclass(frozen=True, slots=True)
class _Side:
    """Location, squared standard errors of it below and above, sum of squares between runs."""

    mean: float
    down: float | None
    up: float | None
    squares: float


def compare(metric: Metric, a: Sequence[Estimate], b: Sequence[Estimate], run_noise: float = RUN_NOISE) -> Difference:
    """What is known of b against a; the order of the runs of a side makes no difference."""
    pooled_a, pooled_b = pooled(metric, a), pooled(metric, b)
    if pooled_a.value is None or pooled_b.value is None:
        return Difference(metric, pooled_a, pooled_b, why=pooled_a.why or pooled_b.why)
    side_a, side_b = _side(metric, a), _side(metric, b)
    moved = side_b.mean - side_a.mean
    change = exp(moved) if metric.kind == "ratio" else moved
    freedom = pooled_a.runs + pooled_b.runs - 2
    between = (side_a.squares + side_b.squares) / freedom if freedom else 0.0
    one_run = 1 / pooled_a.runs + 1 / pooled_b.runs
    known = None not in (side_a.down, side_a.up, side_b.down, side_b.up)
    if freedom >= LEAST_FREEDOM:
        basis: Basis = "repeats"
        spread = _t(freedom) * sqrt(between * one_run)
        allowed = 0.0
    elif known:
        basis, spread = "one run each", 0.0
        allowed = max(between, _allowance(metric, side_a, side_b, run_noise)) * one_run
    else:
        why = next((each.why for each in (*a, *b) if each.value is not None and each.why), "")
        return Difference(metric, pooled_a, pooled_b, change, why=why)
    low = high = max(spread, _BUCKET if metric.histogram else 0.0)
    if known:
        low = max(low, Z * sqrt((side_b.down or 0.0) + (side_a.up or 0.0) + allowed))
        high = max(high, Z * sqrt((side_b.up or 0.0) + (side_a.down or 0.0) + allowed))
    if metric.kind == "ratio":
        return Difference(metric, pooled_a, pooled_b, change, exp(moved - low), exp(min(moved + high, 700.0)), basis)
    return Difference(metric, pooled_a, pooled_b, change, max(moved - low, -1.0), min(moved + high, 1.0), basis)


def pooled(metric: Metric, runs: Sequence[Estimate]) -> Pooled:
    """The value of a side."""
    values = [value for value, _ in _known(metric, runs)]
    n = sum(each.n for each in runs)
    if not values:
        return Pooled(None, 0, n, next((each.why for each in runs if each.why), "not measured"))
    mean = fsum(values) / len(values)
    return Pooled(exp(mean) if metric.kind == "ratio" else mean, len(values), n)


def bounds(metric: Metric, runs: Sequence[Estimate], run_noise: float = RUN_NOISE) -> tuple[float, float] | None:
    """The 95 % interval of a side's value itself; None where it is not known."""
    values = [value for value, _ in _known(metric, runs)]
    if not values:
        return None
    side, many = _side(metric, runs), len(values)
    if many > LEAST_FREEDOM:
        half = _t(many - 1) * sqrt(side.squares / (many - 1) / many)
        low, high = half, half
        if side.down is not None and side.up is not None:
            low, high = max(half, Z * sqrt(side.down)), max(half, Z * sqrt(side.up))
    elif side.down is not None and side.up is not None:
        allowed = max(_allowance(metric, side, side, run_noise), side.squares / max(1, many - 1)) / many
        low, high = Z * sqrt(side.down + allowed), Z * sqrt(side.up + allowed)
    else:
        return None
    if metric.kind == "ratio":
        return exp(side.mean - low), exp(min(side.mean + high, 700.0))
    return max(0.0, side.mean - low), min(1.0, side.mean + high)


def _known(metric: Metric, runs: Sequence[Estimate]) -> list[tuple[float, Estimate]]:
    """Runs with a value, and that value as it is averaged: of a ratio its logarithm."""
    if metric.kind == "share":
        return [(each.value, each) for each in runs if each.value is not None]
    return [(log(each.value), each) for each in runs if each.value is not None and each.value > 0]


def _side(metric: Metric, runs: Sequence[Estimate]) -> _Side:
    values = [value for value, _ in _known(metric, runs)]
    known = [each for _, each in _known(metric, runs)]
    many, mean = len(values), fsum(values) / len(values)
    bounded = all(each.bounded for each in known)
    return _Side(
        mean,
        fsum((each.down or 0.0) ** 2 for each in known) / many**2 if bounded else None,
        fsum((each.up or 0.0) ** 2 for each in known) / many**2 if bounded else None,
        fsum((value - mean) ** 2 for value in values),
    )


def _allowance(metric: Metric, a: _Side, b: _Side, run_noise: float) -> float:
    """The variance between runs that is allowed for; a share moves less the nearer it is to none or all."""
    if metric.kind == "ratio":
        return run_noise**2
    return run_noise**2 * max(each.mean * (1 - each.mean) for each in (a, b))


def _t(freedom: int) -> float:
    """Student's t, 97.5 %; beyond the table by its expansion (Abramowitz & Stegun 26.7.5), right to 0.001."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    return Z + (Z**3 + Z) / (4 * freedom) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)
