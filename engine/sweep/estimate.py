"""A figure and how far it may be off."""

from math import inf
from typing import Self

import msgspec


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A number with an interval, in whatever unit its name says.

    Attributes:
        value: the best guess.
        low, high: what the data do not speak against, ends included; where nothing bounds it, 0 and infinity.

    Raises:
        ValueError: `value` does not lie between `low` and `high`.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.value:g} does not lie within {self.low:g} to {self.high:g}")

    @classmethod
    def exactly(cls, value: float) -> Self:
        """A number that is known."""
        return cls(value=value, low=value, high=value)

    @classmethod
    def around(cls, value: float, low: float = 0.0, high: float = inf) -> Self:
        """`value` in an interval that may have been found otherwise, and is widened to hold it."""
        return cls(value=value, low=min(low, value), high=max(high, value))

    @property
    def bounded(self) -> bool:
        """Whether the data bound it from above."""
        return self.high < inf

    def times(self, factor: float) -> Self:
        """This many times it (factor >= 0)."""
        return type(self)(value=self.value * factor, low=self.low * factor, high=self.high * factor)

    def inverse(self, numerator: float) -> Self:
        """`numerator` over it; both are positive."""
        return type(self)(
            value=numerator / self.value,
            low=numerator / self.high,
            high=numerator / self.low if self.low > 0 else inf,
        )
