"""An axis over numbers of any kind, even or logarithmic, with round ticks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil, floor, log, log2, log10
from typing import Final

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_MANY: Final = 5
_FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` to `high` > `low`; in a logarithmic one `low` is above 0.

    Attributes:
        doubling: of a logarithmic one, ticks at powers of two.
    """

    low: float
    high: float
    logarithmic: bool
    doubling: bool = False

    def share(self, value: float) -> float:
        """Where `value` stands between `low` (0) and `high` (1)."""
        if self.logarithmic:
            return log(max(value, self.low / 1e9) / self.low) / log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round numbers on it, the roundest first."""
        if not self.logarithmic:
            return self._even()
        if self.doubling:
            return [2.0**power for power in range(ceil(log2(self.low)), floor(log2(self.high)) + 1)]
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        found = [mantissa * 10.0**power for mantissa in (1, 2, 5, 3, 7) for power in powers]
        on_it = [tick for tick in found if self.low * (1 - 1e-9) <= tick <= self.high * (1 + 1e-9)]
        return on_it if len(on_it) >= _FEW else self._even()

    def _even(self) -> list[float]:
        step = _step((self.high - self.low) / _MANY)
        return [step * times for times in range(ceil(self.low / step), floor(self.high / step + 1e-9) + 1)]


def scale_for(values: Iterable[float], *, logarithmic: bool, doubling: bool = False) -> Scale | None:
    """A scale with a little room around `values`; None when there are none. Even ones begin at 0."""
    known = [value for value in values if value > 0]
    if not known:
        return None
    low, high = min(known), max(known)
    if logarithmic:
        room = max((high / low) ** 0.06, 1.15)
        return Scale(low / room, high * room, logarithmic=True, doubling=doubling)
    return Scale(0.0, high * 1.08, logarithmic=False)


def labels(scale: Scale, width: int, words: Callable[[float], str], sign: str = "╵") -> str:
    """The scale across `width` cells: as many ticks as have room, each label at its sign."""
    cells = [" "] * width
    taken = [False] * width
    for tick in scale.ticks():
        column = min(max(round(scale.share(tick) * (width - 1)), 0), width - 1)
        label = sign + words(tick)
        end = column + len(label)
        if end <= width and not any(taken[max(column - 1, 0) : end + 1]):
            cells[column:end] = label
            taken[column:end] = [True] * len(label)
    return "".join(cells)


def heights(scale: Scale, rows: int, words: Callable[[float], str]) -> dict[int, str]:
    """Labels of the scale upwards, by row from the top; at most every other row has one."""
    made: dict[int, str] = {}
    for tick in scale.ticks():
        row = round((1 - scale.share(tick)) * (rows - 1))
        if 0 <= row < rows and not any(near in made for near in (row - 1, row, row + 1)):
            made[row] = words(tick)
    return made


def _step(least: float) -> float:
    """The least round number not below `least` > 0."""
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))
