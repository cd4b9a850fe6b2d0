"""How much of a class a replica serves within the limits: as measured, or with other limits than were asked for."""

from itertools import accumulate, pairwise
from typing import Final

from ...profiles.demand import DemandClass
from .capacity import Capacity, Level
from .queueing import most_rate_per_s

METRICS: Final = ("ttft_ms", "tpot_ms", "e2e_ms")
_WAITED: Final = ("ttft_ms", "e2e_ms")
"""Those to which waiting for a place adds."""


def limits(of: DemandClass, times: float = 1.0) -> dict[str, float]:
    """The limits of a class by metric, in ms, each multiplied."""
    return {metric: limit * times for metric in METRICS if (limit := getattr(of, metric)) is not None}


def in_words(of: DemandClass) -> str:
    """The limits as a person says them: "p95 TTFT 500 ms and p95 TPOT 50 ms"."""
    words = [f"p{of.quantile * 100:g} {metric.removesuffix('_ms').upper()} {limit:g} ms"
             for metric, limit in limits(of).items()]  # fmt: skip
    return " and ".join(words) or "no limit"


def rate_within(known: Capacity, of: DemandClass, times: float = 1.0) -> float:
    """Requests a second one replica serves with every limit multiplied by `times`; 0 where it cannot keep them.

    What other limits allow is read off the levels that were seen, on straight lines between them, over what these
    limits allow by the same reading; nothing is read beyond the levels. A figure that a person stated, or that came
    without levels, says nothing of other limits and stays.
    """
    if known.arrivals == "stated" or (not known.levels and known.arrivals == "random"):
        return known.requests_per_s.value
    allowed = limits(of, times)
    if known.arrivals == "steady":
        return max((_with_waiting(level, allowed, of.quantile) for level in _levels(known)), default=0.0)
    value = known.requests_per_s.value
    if times == 1.0:
        return value
    now, then = _read(known, limits(of)), _read(known, allowed)
    return min(value * then / now, most_rate(known)) if value and now else then


def most_rate(known: Capacity) -> float:
    """The most a replica serves when no limit has to be kept."""
    seen = max((level.requests_per_s for level in known.levels), default=0.0)
    return max(seen, known.at_most_per_s or 0.0, known.requests_per_s.value)


def _read(known: Capacity, allowed: dict[str, float]) -> float:
    """What the levels alone say that `allowed` allows."""
    return min(
        (_crossing(known.levels, metric, limit) for metric, limit in allowed.items()), default=most_rate(known)
    )


def _levels(known: Capacity) -> tuple[Level, ...]:
    return known.levels or (Level(requests_per_s=known.requests_per_s.value, in_flight=known.in_flight),)


def _with_waiting(level: Level, allowed: dict[str, float], quantile: float) -> float:
    """What random arrivals may bring to as many places as were busy at `level`, so that all limits are kept.

    The quantile of the wait may take what the quantile of the answer leaves of the limit. Both are seldom late
    together, so the quantile of their sum lies below the sum of the quantiles.
    """
    slack_s = float("inf")
    for metric, limit in allowed.items():
        value = getattr(level, metric)
        if value is None:
            continue
        if value > limit:
            return 0.0
        if metric in _WAITED:
            slack_s = min(slack_s, (limit - value) / 1e3)
    if slack_s == float("inf") or not level.in_flight:
        return level.requests_per_s
    servers = max(1, int(level.in_flight))
    return most_rate_per_s(servers, servers / level.requests_per_s, quantile, slack_s)


def _crossing(levels: tuple[Level, ...], metric: str, limit: float) -> float:
    """The rate at which a metric reaches its limit.

    More load makes no answer quicker: a level that was seen to be slower than a heavier one had bad luck.
    """
    by_rate: list[tuple[float, float]] = sorted(
        (level.requests_per_s, value) for level in levels if (value := getattr(level, metric)) is not None
    )
    slowest = accumulate((value for _, value in reversed(by_rate)), min)
    seen = [(rate, value) for (rate, _), value in zip(by_rate, reversed([*slowest]), strict=True)]
    if not seen or seen[0][1] > limit:
        return 0.0
    for (rate, value), (next_rate, next_value) in pairwise(seen):
        if next_value > limit:
            return rate + (next_rate - rate) * (limit - value) / (next_value - value)
    return seen[-1][0]
