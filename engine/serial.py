"""How much the values of a series depend on each other, and how many of them it takes to be worth an independent one.

Latencies of neighbouring requests are alike when a server is busy, warm, or throttled for a while, and every
statistic that takes them for independent is then too sure of itself (measurement.md, "Autocorrelation"). Looked at
are the means of 1, 2, 4 … 256 consecutive values: those of a length beyond which nothing correlates any more tell
what the mean of all really varies by (batch means), and one independent value is worth as many as that is above what
single values promise. Thinning to such a stride is as safe and throws most of the data away; the lag-1 correlation of
single values alone overlooks a weak but slow drift.

A drift slower than the whole run cannot be told from a difference, by this or anything else.

Sums add over workers and subtract over windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from .frame import Serial

LENGTHS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""How many consecutive values a mean is taken of."""

MOST_LAG1: Final = 0.1
"""Autocorrelation up to which means are taken for independent."""

MOST_LAG1_ALLOWED_FOR: Final = 0.7
"""Autocorrelation, with its own error added, that can still be allowed for where no means are independent yet."""

LEAST_NEIGHBOURS: Final = 30
"""Pairs of neighbours below which an autocorrelation is not worth the name."""

_STANDARD_ERRORS = 1.64  # one-sided, 5 %
_LEAST_VARIANCE = 1e-12


class _Level:
    __slots__ = ("count", "ends", "last", "products", "squares", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.squares = 0.0
        self.ends = 0.0
        self.products = 0.0
        self.last = 0.0


class SerialSums:
    """A series as it comes in, in constant memory; about two levels are touched per value."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels = tuple(_Level() for _ in LENGTHS)

    def add(self, x: float) -> None:
        """The next value."""
        for level in self._levels:
            count, last = level.count, level.last
            if count:
                level.ends += last + x
                level.products += last * x
            level.count = count + 1
            level.total += x
            level.squares += x * x
            level.last = x
            if not count & 1:
                return
            x = (last + x) / 2

    def extend(self, values: npt.NDArray[np.float64]) -> None:
        """The next values, shape (n,), in order; the same as adding them one by one, to rounding."""
        for level in self._levels:
            if not len(values):
                return
            last, count = level.last, level.count
            joined = np.concatenate(([last], values)) if count else values
            level.ends += float(joined[:-1].sum() + joined[1:].sum())
            level.products += float(np.dot(joined[:-1], joined[1:]))
            level.count = count + len(values)
            level.total += float(values.sum())
            level.squares += float(np.dot(values, values))
            level.last = float(values[-1])
            whole = joined if count & 1 else values  # pairs begin at even places
            values = (whole[0 : len(whole) - 1 : 2] + whole[1::2]) / 2

    def state(self) -> tuple[Serial, ...]:
        """The sums for every length of LENGTHS that has a mean yet, ascending."""
        return tuple(
            Serial(level.count, level.count - 1, level.total, level.squares, level.ends, level.products, 1)
            for level in self._levels
            if level.count
        )


def minus(now: Sequence[Serial], before: Sequence[Serial]) -> tuple[Serial, ...]:
    """What came since `before`, a former state of the same series."""
    since = tuple(
        Serial(
            new.count - old.count,
            new.neighbours - old.neighbours,
            new.total - old.total,
            new.squares - old.squares,
            new.ends - old.ends,
            new.products - old.products,
            new.parts,
        )
        for new, old in zip(now, before, strict=False)
    )
    return tuple(level for level in (*since, *now[len(before) :]) if level.count)


def mean(serial: Serial) -> float:
    """Mean of its values (count >= 1)."""
    return serial.total / serial.count


def variance(serial: Serial) -> float:
    """Unbiased variance of its values; 0 for fewer than two."""
    if serial.count < 2:
        return 0.0
    return max(0.0, (serial.squares - serial.total**2 / serial.count) / (serial.count - 1))


def lag1(serial: Serial) -> float | None:
    """Lag-1 autocorrelation; None below three pairs or without variance."""
    if serial.neighbours < 3:
        return None
    centre = mean(serial)
    spread = serial.squares / serial.count - centre**2
    if spread <= _LEAST_VARIANCE:
        return None
    together = serial.products / serial.neighbours - centre * serial.ends / serial.neighbours + centre**2
    return together / spread


@dataclass(frozen=True, slots=True)
class Dependence:
    """How values of a series depend on each other.

    Attributes:
        known: whether there are values enough to tell.
        worth: values that are worth one independent value, at least 1; infinite while that cannot be told.
        lag1: autocorrelation of means of `length` values, from which `worth` follows.
    """

    known: bool
    worth: float
    lag1: float = 0.0
    length: int = 1

    def __str__(self) -> str:
        means = f" between means of {self.length}" if self.length > 1 else ""
        return f"lag-1 {self.lag1:.2f}{means}"


def dependence(levels: Sequence[Serial], together: float = 1.0) -> Dependence:
    """What `levels` (as of `SerialSums.state`, or merged, or subtracted) say.

    Requests in flight together meet the server in one state. Until there are means enough that are as long as
    `together`, it cannot be seen how alike they are, and as many as `together` count as one.

    Several workers' series never saw each other, though they met the same server at the same time: each counts as a
    copy of the others.
    """
    told = [level for level in levels if level.neighbours >= LEAST_NEIGHBOURS]
    if not told:
        return Dependence(known=False, worth=inf)
    correlations = [lag1(level) or 0.0 for level in told]  # no variance, no dependence
    doubts = [_STANDARD_ERRORS / level.neighbours**0.5 for level in told]
    longest = len(told) - 1
    seen = LENGTHS[longest] >= together
    shortest = next(at for at, length in enumerate(LENGTHS) if length >= together) if seen else 0
    independent: int | None = None
    for at in range(longest, shortest - 1, -1):
        if correlations[at] <= MOST_LAG1:
            independent = at
        elif correlations[at] > MOST_LAG1 + doubts[at]:
            break
    at = longest if independent is None else independent
    left = max(0.0, correlations[at] if independent is not None else correlations[at] + doubts[at])
    worth = inf
    if left <= MOST_LAG1_ALLOWED_FOR:
        alone = variance(told[0])
        grown = LENGTHS[at] * variance(told[at]) / alone if alone > 0 else 1.0
        worth = told[0].parts * max(1.0 if seen else together, grown * (1 + left) / (1 - left))
    return Dependence(True, worth, correlations[at], LENGTHS[at])
