"""Trade-offs between points: what one user gets, what a chip gives, what a token costs. Pure.

A point is dominated when another one is at least as good in everything that both are known by, and better in
something (Pareto). Points of all backends stand in one field, for that is what one chooses from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .reading import tok_s_per_chip, tok_s_per_user, usd_per_m
from .sweep import Curve, Point


@dataclass(frozen=True, slots=True)
class Choice:
    """One point of one backend in the field.

    Attributes:
        backend: its name.
        level: requests in flight, or a second.
        tok_s_per_user: as fast as one answer is written.
        tok_s_per_chip: what a chip gives; None where the number of chips is not known.
        usd_per_m: $/M output tokens at this load; None without a price.
    """

    backend: str
    level: float
    tok_s_per_user: float
    tok_s_per_chip: float | None = None
    usd_per_m: float | None = None


def choices(curves: Sequence[Curve]) -> tuple[Choice, ...]:
    """All points of `curves` that say how fast an answer is written, and what that is to be weighed against."""
    found = (_choice(curve, point) for curve in curves for point in curve.points)
    return tuple(choice for choice in found if choice is not None)


def dominated(one: Choice, by: Choice) -> bool:
    """Whether nobody would choose `one` who can have `by`; false where they share no more than one figure."""
    pairs = [
        (mine, other)
        for mine, other in zip(_merits(one), _merits(by), strict=True)
        if mine is not None and other is not None
    ]
    return (
        len(pairs) > 1 and all(other >= mine for mine, other in pairs) and any(other > mine for mine, other in pairs)
    )


def front(field: Sequence[Choice]) -> tuple[Choice, ...]:
    """Those of `field` that no other dominates, the fastest for a user first."""
    kept = [one for one in field if not any(dominated(one, by) for by in field)]
    return tuple(sorted(kept, key=lambda choice: -choice.tok_s_per_user))


def _merits(choice: Choice) -> tuple[float | None, float | None, float | None]:
    """Its figures, the higher the better."""
    cheap = None if choice.usd_per_m is None else -choice.usd_per_m
    return choice.tok_s_per_user, choice.tok_s_per_chip, cheap


def _choice(curve: Curve, point: Point) -> Choice | None:
    user, chip, usd = tok_s_per_user(point), tok_s_per_chip(point, curve.backend), usd_per_m(point)
    if user is None or (chip is None and usd is None):
        return None
    return Choice(
        curve.backend.name,
        point.level,
        user.value,
        None if chip is None else chip.value,
        None if usd is None else usd.value,
    )
