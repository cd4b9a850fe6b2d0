"""Axes that stand still: a range that widens at once and narrows only when little of it is used."""

from math import ceil, floor


class Steady:
    """A range of whole numbers on a scale of the caller's.

    Args:
        step: both ends are multiples of it.
        least: steps that it spans at least.
    """

    def __init__(self, step: int, least: int = 1) -> None:
        self._step = step
        self._least = least
        self._held: tuple[int, int] | None = None

    def holding(self, low: float, high: float) -> tuple[int, int]:
        """The range to show when values from `low` to `high` must be on it."""
        step = self._step
        needed = floor(low / step) * step, ceil(high / step) * step
        needed = needed[0], max(needed[1], needed[0] + self._least * step)
        held = self._held or needed
        both = min(held[0], needed[0]), max(held[1], needed[1])
        self._held = needed if 2 * (needed[1] - needed[0]) < both[1] - both[0] else both
        return self._held
