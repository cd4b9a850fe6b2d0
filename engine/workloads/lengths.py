"""How many tokens: length distributions as quantile functions, so that one uniform number gives one length."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

MOST_CV: Final = 2.0
"""Above it most prompts would be shorter than the least a workload can write, and the mean rest on a few."""

_NORMAL = NormalDist()
_GRID: Final = (np.arange(4096) + 0.5) / 4096
_HALVINGS: Final = 50
_MOST_POWER: Final = 64.0


class Lengths(Protocol):
    """A distribution of token counts; equal ones are equal."""

    def __hash__(self) -> int: ...

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


@dataclass(frozen=True, slots=True)
class Powered:
    """Another distribution with every length taken to a power and scaled: who is longer than whom stays as it was.

    Attributes:
        base: the other distribution.
        power: 1 leaves the spread as it is; of a lognormal it multiplies sigma.
        scale: what a length of 1 becomes.
    """

    base: Lengths
    power: float
    scale: float

    def tokens(self, share: float) -> int:
        """The other's length to the power, times scale; at least 1."""
        return max(1, round(self.scale * math.pow(self.base.tokens(share), self.power)))


@cache
def with_cv(lengths: Lengths, cv: float) -> Lengths:
    """`lengths` (not all equal) with the same mean and the coefficient of variation `cv`, from 0 to MOST_CV."""
    quantiles = _quantiles(lengths)
    if cv == 0:
        return Fixed(round(float(quantiles.mean())))
    relative = np.log(quantiles / quantiles.max())
    low, high = 0.0, _MOST_POWER
    for _ in range(_HALVINGS):  # the cv of X^k grows with k, for ln E[X^k] is convex
        power = (low + high) / 2
        raised = np.exp(power * relative)
        low, high = (power, high) if raised.std() < cv * raised.mean() else (low, power)
    scale = quantiles.mean() / np.power(quantiles, low).mean()
    return Powered(lengths, low, float(scale))


def mean_and_cv(lengths: Lengths) -> tuple[float, float]:
    """Mean in tokens and coefficient of variation (standard deviation / mean)."""
    quantiles = _quantiles(lengths)
    mean = float(quantiles.mean())
    return mean, float(quantiles.std()) / mean


def _quantiles(lengths: Lengths) -> npt.NDArray[np.float64]:
    return np.array([lengths.tokens(share) for share in _GRID.tolist()], np.float64)


def spread(lengths: Lengths) -> str:
    """The variability in words: "always 8" or "p50 1,020 · p90 2,734 · p99 4,142"."""
    if isinstance(lengths, Fixed):
        return f"always {lengths.count:,}"
    return " · ".join(f"p{round(share * 100)} {lengths.tokens(share):,}" for share in (0.5, 0.9, 0.99))
