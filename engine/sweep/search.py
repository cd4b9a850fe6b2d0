"""Which level to visit next, from what is known: a pure function of a backend's points.

From the lowest level the load doubles, each level looked at briefly, until it misses the targets and tokens/s rise no
more, or it is over-saturated. Then the gap between the highest level that holds and the lowest that misses is halved,
and the ends of what is left are visited until both are decided, or until so many requests have not decided them that
they lie as near to the limit as can be told. The knee is found by halving the same way.

A guess sends the search the right way most of the time, and costs a detour where it does not: what more requests turn
round is searched anew, for every step begins from all points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2, sqrt
from typing import Final

from .deciding import Standing, decided, least_requests, standings
from .gauge import LEAST
from .plan import SweepPlan
from .reading import knee
from .sweep import Axis, Curve, Point

PATIENCE: Final = 4
"""A level is undecided for good after so many times the requests that could have decided it; after half of them, if
the others, going the same way, would not either."""

_STEP: Final = 2.0
_KNEE_RATIO: Final = 1.25
"""A knee is known when the level above which it lies is so near: it is a bend, not an edge."""

_BEYOND: Final = 2
"""Levels beyond a knee that must bear it out: one alone may have had a bad moment."""

_RATE_RATIO: Final = 1.02
"""Rates nearer to each other than this are not told apart."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A level to visit, and how many answers to count there."""

    level: float
    requests: int


@dataclass(frozen=True, slots=True)
class Found:
    """The search is over, for this reason."""

    why: str


def following(curve: Curve, sweep: SweepPlan, over: frozenset[float] = frozenset()) -> Wanted | Found:
    """The next level of `curve`; `over` are those that were over-saturated."""
    points = curve.points
    if not points:
        return _wanted(sweep.low, _probe(sweep), sweep) if sweep.targets else _for_pace(sweep.low, sweep)
    wanted = _for_targets(points, sweep, over) if sweep.targets else None
    return wanted or _for_knee(curve, sweep, over) or Found(_conclusion(curve, sweep))


def _wanted(level: float, requests: int, sweep: SweepPlan) -> Wanted:
    """At least one answer for every slot, or it is chance who is seen."""
    return Wanted(float(level), max(requests, round(level)) if sweep.axis == "concurrency" else requests)


def remaining(curve: Curve, sweep: SweepPlan) -> float:
    """Requests that are still to be sent to a backend, roughly."""
    top = curve.points[-1].level if curve.points else sweep.low
    found = standings(curve.points, sweep.targets)
    held, missed = _gap(found)
    if missed is None:
        climbs = min(3.0, log2(max(sweep.high / top, 1.0)))
        return climbs * (_probe(sweep) + 3 * top * _STEP) + 3 * (_full(sweep) + 3 * top)
    halvings = ceil(log2(max(2.0, (missed - (held or 0)) / max(1.0, missed * sweep.precision))))
    return (halvings + 1) * (_full(sweep) / 2 + 3 * missed)


# --- the targets ---


def _for_targets(points: Sequence[Point], sweep: SweepPlan, over: frozenset[float]) -> Wanted | None:
    found = standings(points, sweep.targets)
    by_level = {point.level: point for point in points}
    held, missed = _gap(found)
    if missed is None and not over:
        assert held is not None
        return _higher(held, sweep) or _settle(by_level[held], found, sweep)
    if missed is None:
        missed = min(over)
    if held is None:
        return _settle(by_level[missed], found, sweep)
    if _near(held, missed, sweep):
        return _settle(by_level[held], found, sweep) or _settle(by_level[missed], found, sweep)
    return _wanted(_between(held, missed, sweep.axis), _full(sweep), sweep)


def _gap(found: Mapping[float, Standing]) -> tuple[float | None, float | None]:
    """The highest level that holds below the lowest that misses, and that one, by the best guess."""
    missed = min((level for level, each in found.items() if not each.holding), default=None)
    held = max((level for level, each in found.items() if each.holding), default=None)
    return held, missed


def _settle(point: Point, found: Mapping[float, Standing], sweep: SweepPlan) -> Wanted | None:
    """One more visit to a level that may still be decided."""
    if found[point.level].outcome != "undecided":
        return None
    full, answers = _full(sweep), point.counted.finished + point.counted.failed
    most = PATIENCE * full
    if most - answers < LEAST or (answers >= 2 * full and decided(point.counted, sweep.targets, most) == "undecided"):
        return None
    return _wanted(point.level, min(most - answers, 2 * full), sweep)


def _near(held: float, missed: float, sweep: SweepPlan) -> bool:
    """Whether nothing between them is worth looking for.

    Tokens/s never grow faster than the load, so levels as near as the precision differ by no more in tokens/s.
    """
    return _adjacent(held, missed, sweep.axis) or missed <= held * (1 + sweep.precision)


# --- the knee ---


def _for_knee(curve: Curve, sweep: SweepPlan, over: frozenset[float]) -> Wanted | None:
    found = knee(curve)
    top = curve.points[-1].level
    above = sum(found is not None and point.level > found.level for point in curve.points)
    if above < _BEYOND and not over and top < sweep.high:
        return _for_pace(min(top * _STEP, sweep.high), sweep)
    if found is None or found.above is None or _adjacent(found.above, found.level, sweep.axis):
        return None
    if found.level <= found.above * _KNEE_RATIO:
        return None
    return _for_pace(_between(found.above, found.level, sweep.axis), sweep)


def _for_pace(level: float, sweep: SweepPlan) -> Wanted:
    """Answers that tell tokens/s to about a twentieth, unless their lengths scatter much."""
    return _wanted(level, max(2 * LEAST, round(2 * level) if sweep.axis == "concurrency" else 0), sweep)


# --- levels ---


def _higher(level: float, sweep: SweepPlan) -> Wanted | None:
    """The next level of the climb; None at its end."""
    return _wanted(min(level * _STEP, sweep.high), _probe(sweep), sweep) if level < sweep.high else None


def _between(low: float, high: float, axis: Axis) -> float:
    middle = sqrt(low * high)
    return float(min(max(round(middle), low + 1), high - 1)) if axis == "concurrency" else middle


def _adjacent(low: float, high: float, axis: Axis) -> bool:
    return high - low <= 1 if axis == "concurrency" else high <= low * _RATE_RATIO


def _probe(sweep: SweepPlan) -> int:
    """Requests that tell which way to go on."""
    return max(LEAST, _full(sweep) // 4)


def _full(sweep: SweepPlan) -> int:
    """Requests that can show that a level holds."""
    return max((least_requests(target.quantile) for target in sweep.targets), default=LEAST)


def _conclusion(curve: Curve, sweep: SweepPlan) -> str:
    found = standings(curve.points, sweep.targets)
    held, missed = _gap(found)
    if found and held is None:
        return "the targets are missed at the lowest level"
    if found and missed is None:
        return "the targets hold at every level"
    return "found" if knee(curve) else "tokens/s still rise at the highest level"
