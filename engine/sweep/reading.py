"""Figures of a sweep's points, each with its interval, and what a curve says: its knee, and its best level. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import Final

from ...backends.fleet.stacks import StackError
from ..confidence import ALPHA, Interval, quantile_ns
from ..cost import ApiPrice
from ..energy import j_per_output_token
from ..figures import tok_s as tokens_per_second
from ..figures import usd_per_m_output
from ..frame import JUDGED
from ..histogram import FLOORS, Histogram
from ..plan import BackendPlan
from ..serial import dependence, variance
from ..simulated import stack_behind
from .deciding import least_requests, standings
from .estimate import Estimate
from .sweep import Curve, Point, Target

KNEE: Final = 0.95
"""A level is at the knee when its tokens/s come to this share of the most that any level gives."""

_SIDES: Final = 1.96
"""Standard deviations to either side of what is normally distributed, 95 %."""


def requests_per_s(point: Point) -> Estimate | None:
    """Answers per second; None before the first. Their number scatters at most as if they came independently."""
    counted = point.counted
    if not counted.active_ns or not counted.finished:
        return None
    half = _SIDES * sqrt(counted.finished)
    per_s = 1e9 / counted.active_ns
    return Estimate.around(
        counted.finished * per_s, max(0.0, counted.finished - half) * per_s, (counted.finished + half) * per_s
    )


def tok_s(point: Point) -> Estimate | None:
    """System output tokens per second (measurement.md); None before the first arrival.

    The interval is that of the mean over equal stretches, allowed for their dependence (batch means); it holds for
    one look, for nothing is decided by it.
    """
    value = tokens_per_second(point.counted)
    if value is None:
        return None
    worth = dependence(point.pace).worth if point.pace else inf
    if not isfinite(worth):
        return Estimate.around(value)
    half = _SIDES * sqrt(variance(point.pace[0]) * worth / point.pace[0].count)
    return Estimate.around(value, max(0.0, value - half), value + half)


def tok_s_per_user(point: Point) -> Estimate | None:
    """1/TPOT, by its median: how fast one answer is written; None where one has one token or comes in one read."""
    tpot = quantile(point, "tpot", 0.5)
    return tpot.inverse(1000.0) if tpot and tpot.value else None


def tok_s_per_chip(point: Point, backend: BackendPlan) -> Estimate | None:
    """Tokens per second over the chips; None where it is not known how many there are."""
    rate, number = tok_s(point), chips(backend)
    return None if rate is None or not number else rate.times(1 / number)


def chips(backend: BackendPlan) -> float | None:
    """How many chips it runs on: what is paid for, else what a simulated stack has; None where nothing says."""
    if backend.price is not None and not isinstance(backend.price, ApiPrice):
        return backend.price.chips
    try:
        stack = stack_behind(backend)
    except StackError:
        return None
    return float(stack.all_chips) if stack else None


def quantile(point: Point, metric: str, p: float) -> Estimate | None:
    """The p-quantile in ms; None without a value. Not bounded from above while there are too few (`supported`)."""
    state = point.counted.histograms.get(metric)
    histogram = Histogram.of(state) if state else Histogram()
    value_ns = histogram.quantile_ns(p)
    if value_ns is None:
        return None
    worth = dependence(point.counted.series.get(metric if metric in JUDGED else JUDGED[0], ())).worth
    within = quantile_ns(histogram, p, ALPHA, worth) if isfinite(worth) else Interval(0.0, inf)
    return Estimate.around(value_ns / 1e6, within.low / 1e6, within.high / 1e6)


def supported(point: Point, metric: str, p: float) -> bool:
    """Whether there are values enough for the p-quantile to be shown as fact."""
    state = point.counted.histograms.get(metric)
    floor = FLOORS.get(p) or least_requests(p)
    return state is not None and len(Histogram.of(state)) >= floor


def goodput(point: Point) -> Estimate | None:
    """Requests per second that met every limit of the SLO; None without one, and before the first answer."""
    counted = point.counted
    if counted.good is None or not counted.active_ns:
        return None
    half = _SIDES * sqrt(counted.good)
    per_s = 1e9 / counted.active_ns
    return Estimate.around(counted.good * per_s, max(0.0, counted.good - half) * per_s, (counted.good + half) * per_s)


def usd_per_m(point: Point) -> Estimate | None:
    """$/M output tokens at this load; None without a price or tokens."""
    value = usd_per_m_output(point.counted)
    rate = tok_s(point)
    if value is None or rate is None:
        return None
    if isinstance(point.counted.price, ApiPrice):
        return Estimate.exactly(value)
    by_time = rate.inverse(value * rate.value)
    return Estimate.around(value, by_time.low, by_time.high)


def j_per_token(point: Point) -> Estimate | None:
    """Energy over the tokens that arrived meanwhile; None where the power is not known."""
    value = j_per_output_token(point.counted)
    rate = tok_s(point)
    if value is None or rate is None:
        return None
    by_time = rate.inverse(value * rate.value)
    return Estimate.around(value, by_time.low, by_time.high)


@dataclass(frozen=True, slots=True)
class Knee:
    """Where more load stops giving more tokens, and only adds latency.

    Attributes:
        level: the least one seen that gives KNEE of the most tokens/s.
        tok_s: what it gives.
        above: the highest level seen below it, which gives less; None where it is the lowest seen.
    """

    level: float
    tok_s: float
    above: float | None


def knee(curve: Curve) -> Knee | None:
    """The knee of a curve; None while tokens/s still rise at the highest level seen.

    It is the point beyond which response times grow fast while throughput hardly does (Jain 1991, The Art of Computer
    Systems Performance Analysis, 3.3; what it gives is the knee capacity there).
    """
    rates = [(point.level, rate) for point in curve.points if (rate := tokens_per_second(point.counted)) is not None]
    if len(rates) < 2:
        return None
    most = max(rate for _, rate in rates)
    at = next(at for at, (_, rate) in enumerate(rates) if rate >= KNEE * most)
    if at == len(rates) - 1:
        return None
    return Knee(*rates[at], rates[at - 1][0] if at else None)


@dataclass(frozen=True, slots=True)
class Best:
    """The most tokens/s with all targets held (in Jain's words the usable capacity), as far as it is known.

    Attributes:
        level: where; the best guess: the highest level that holds, unless a lower one surely gives more.
        tok_s: what it gives.
        low, high: what it may be: from the least that the level known to hold may give, to the most that the level
            known to miss does.
        bracket: the highest level known to hold (None while none is), and the lowest known to miss (likewise).
    """

    level: float
    tok_s: float
    low: float
    high: float
    bracket: tuple[float | None, float | None]

    @property
    def sure(self) -> bool:
        """Whether it is decided, and not a guess, that the level holds and one above it misses."""
        held, missed = self.bracket
        return held is not None and held >= self.level and missed is not None


def best(curve: Curve, targets: Sequence[Target]) -> Best | None:
    """The best level of a curve; None without targets, and where no level holds them."""
    found = standings(curve.points, targets)
    rates = {point.level: rate for point in curve.points if (rate := tok_s(point)) is not None}
    holding = [level for level in rates if found and found[level].holding]
    if not holding:
        return None
    highest = max(holding)
    level = max((each for each in holding if rates[each].low > rates[highest].high), default=highest)
    held = max((each for each, standing in found.items() if standing.outcome == "holds"), default=None)
    missed = min((each for each, standing in found.items() if standing.outcome == "misses"), default=None)
    sure = [rates[each] for each in rates if held is not None and each <= held]
    return Best(
        level,
        rates[level].value,
        min(rates[level].value, max((each.low for each in sure), default=0.0)),
        max(rates[level].high, rates[missed].high) if missed in rates else inf,
        (held, missed),
    )
