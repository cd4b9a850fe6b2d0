"""How many tokens: length distributions as quantile functions, so that one uniform number gives one length."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

_NORMAL = NormalDist()


class Lengths(Protocol):
    """A distribution of token counts."""

    def tokens(self, share: float) -> int:
        """The length that `share` of all prompts do not exceed (0 < share < 1)."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same length."""

    count: int

    def tokens(self, share: float) -> int:  # noqa: ARG002 - every share has the same length
        """`count`."""
        return self.count


@dataclass(frozen=True, slots=True)
class Lognormal:
    """ln(length) is normal: half are below `median`, 84 % below median * e^sigma; clipped to [low, high]."""

    median: int
    sigma: float
    low: int
    high: int

    def tokens(self, share: float) -> int:
        """exp(ln median + sigma * z(share)), clipped."""
        length = self.median * math.exp(self.sigma * _NORMAL.inv_cdf(share))
        return round(min(max(length, self.low), self.high))


@dataclass(frozen=True, slots=True)
class Empirical:
    """Measured quantiles, log-linear between them.

    Attributes:
        shares: ascending from 0 to 1.
        lengths: the quantile at each share.
    """

    shares: tuple[float, ...]
    lengths: tuple[int, ...]

    def tokens(self, share: float) -> int:
        """The interpolated quantile."""
        right = min(bisect_right(self.shares, share), len(self.shares) - 1)
        left = right - 1
        part = (share - self.shares[left]) / (self.shares[right] - self.shares[left])
        return round(self.lengths[left] * math.pow(self.lengths[right] / self.lengths[left], part))


def spread(lengths: Lengths) -> str:
    """The variability in words: "always 8" or "p50 1,020 · p90 2,734 · p99 4,142"."""
    if isinstance(lengths, Fixed):
        return f"always {lengths.count:,}"
    return " · ".join(f"p{round(share * 100)} {lengths.tokens(share):,}" for share in (0.5, 0.9, 0.99))
