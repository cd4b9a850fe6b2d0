"""One figure of one run with how far it may be off: what everything is compared by."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, log, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from ...engine.histogram import EDGES_NS, FLOORS, GAMMA, Histogram
from ...engine.serial import LEAST_NEIGHBOURS, SerialSums, dependence

Z: Final = 1.959964
"""Half-width of a 95 % interval in standard errors."""

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value measured in one run.

    Attributes:
        value: None where there is none, or the sample is below the percentile's floor.
        down, up: standard errors below and above it, of its logarithm, or of itself for a share; None where not
            known, `up` infinite where nothing bounds it. What one run cannot know of itself, how the next would
            differ, is not in them.
        n: values or requests it rests on.
        why: what is missing, in words.
    """

    value: float | None = None
    down: float | None = None
    up: float | None = None
    n: int = 0
    why: str = ""

    @property
    def bounded(self) -> bool:
        """Whether its error is known."""
        return self.down is not None and self.up is not None


def ratio_error(amounts: Counts, per: Counts) -> float | None:
    """The standard error of sum(amounts)/sum(per), both of shape (n,), slices of a run one after the other.

    The ratio estimator with batch means: what is left of each slice, amount - ratio * per, is a series whose sum
    varies as its means of a length do beyond which nothing correlates (`engine.serial`). None for slices too few,
    infinite where they depend on each other over too much of the run.
    """
    whole = float(per.sum())
    if not whole or len(per) <= LEAST_NEIGHBOURS:
        return None
    left = amounts - amounts.sum() / whole * per
    spread = float(np.sqrt(np.mean(left**2)))
    if not spread:
        return 0.0
    series = SerialSums()
    series.extend(left / spread)
    found = dependence(series.state())
    return spread * sqrt(len(left) * found.worth) / whole


def ratio(value: float | None, error: float | None, n: int) -> Estimate:
    """A rate or a price; `error` as from `ratio_error`."""
    if value is None or not value > 0:
        return Estimate(n=n, why="nothing measured")
    if error is None:
        return Estimate(value, n=n, why="too short a run to see how it varies")
    if not isfinite(error):
        return Estimate(value, n=n, why="it drifts over too much of the run")
    return Estimate(value, error / value, error / value, n)


def share(k: int, n: int, worth: float) -> Estimate:
    """A share of requests: Wilson's interval, `worth` requests counting as one."""
    if not n:
        return Estimate(why="no request has ended")
    value = min(max(k / n, 0.0), 1.0)
    if not isfinite(worth):
        return Estimate(value, n=n, why="requests depend on each other too much")
    many = n / max(1.0, worth)
    centre = (value + Z * Z / (2 * many)) / (1 + Z * Z / many)
    half = Z / (1 + Z * Z / many) * sqrt(value * (1 - value) / many + Z * Z / (4 * many * many))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Estimate(value, max(0.0, value - low) / Z, max(0.0, high - value) / Z, n)


def quantile(histogram: Histogram, p: float, errors: Sequence[float]) -> Estimate:
    """The p-quantile in ms, from the standard errors of its rank that are known; the largest counts."""
    n = len(histogram)
    value_ns = histogram.quantile_ns(p)
    if value_ns is None or not histogram.supports(p):
        return Estimate(n=n, why=f"{n:,} values, fewer than the {FLOORS[p]:,} it takes")
    value = value_ns / 1e6
    if not errors:
        return Estimate(value, n=n, why="too short a run to see how it varies")
    error = max(errors)
    if not isfinite(error):
        return Estimate(value, n=n, why="requests depend on each other too much")
    here = _log_at(histogram, p)
    down, up = here - _log_at(histogram, p - Z * error), _log_at(histogram, p + Z * error) - here
    return Estimate(value, max(0.0, down / Z), max(0.0, up / Z), n)


def _log_at(histogram: Histogram, rank: float) -> float:
    """The logarithm of the value at a rank of 0 to 1, even within a bucket; infinite where no value bounds it."""
    n, counts = len(histogram), histogram.counts
    under = histogram.state().under
    place = rank * n
    if place < 1:
        return -inf
    if n - place < 1:
        return inf
    below = np.cumsum(counts) + under
    at = int(np.searchsorted(below, place))
    if place <= under or at >= len(counts):
        return log(max(histogram.min_ns, 1)) if place <= under else log(histogram.max_ns)
    inside = 1 - (below[at] - place) / counts[at]
    return float(np.log(EDGES_NS[at]) + inside * log(GAMMA))
