"""Evidence about quantiles that stays valid while one watches: mixture martingales over histogram counts.

Howard & Ramdas 2022; measurement.md, "Statistics that survive watching". For a threshold q and K = #{X <= q} out
of n, `log_mixture` is ln M of the hypothesis "q is the p-quantile": M is a nonnegative supermartingale from 1
under it, so M >= 1/alpha at *any* look, ever, has probability at most alpha.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from math import exp, inf, lgamma, log
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from .histogram import BUCKETS, GAMMA, Histogram

N_OPT: Final = 500
"""Sample size at which the mixture is tightest."""

_ALPHA_OPT = 0.05
_CONCENTRATION: Final = N_OPT / (2 * log(1 / _ALPHA_OPT) + log(1 + 2 * log(1 / _ALPHA_OPT))) - 1


def log_mixture(k: float, n: float, p: float) -> float:
    """Return ln M = ln B(K + a, n - K + b) - ln B(a, b) - K ln p - (n - K) ln(1 - p).

    a = kappa p and b = kappa (1 - p), with kappa from N_OPT.
    """
    a, b = _CONCENTRATION * p, _CONCENTRATION * (1 - p)
    return _log_beta(k + a, n - k + b) - _log_beta(a, b) - k * log(p) - (n - k) * log(1 - p)


def _log_beta(x: float, y: float) -> float:
    return lgamma(x) + lgamma(y) - lgamma(x + y)


@dataclass(frozen=True, slots=True)
class QuantileEvidence:
    """Evidence, as ln M, for every histogram bucket as the place of the p-quantile.

    Attributes:
        first: number of the first bucket in `inside`.
        inside: ln M of the buckets from there on; shape (m,).
        below: ln M of any bucket before `inside` (no sample at or under it).
        above: ln M of any bucket after it (every sample under it).
    """

    first: int
    inside: npt.NDArray[np.float64]
    below: float
    above: float

    @classmethod
    def of(cls, histogram: Histogram, p: float, worth: float = 1.0) -> Self:
        """Evidence from all values counted in `histogram` (n >= 1).

        The true quantile may lie anywhere inside a bucket, so K may be anything between the counts at its two
        edges; the value that speaks least against it is taken. Where `worth` values are worth one independent value
        (`serial`), so many counts are one.
        """
        counts = histogram.counts
        n = len(histogram)
        under = histogram.state().under
        filled = np.flatnonzero(counts)
        first, last = (int(filled[0]), int(filled[-1])) if len(filled) else (0, 0)
        upper = under + np.cumsum(counts[first : last + 1])
        lower = upper - counts[first : last + 1]
        closest = np.clip(p * n, lower, upper)
        inside = np.array([log_mixture(float(k) / worth, n / worth, p) for k in closest])
        below, above = (log_mixture(float(k) / worth, n / worth, p) for k in (under, upper[-1]))
        return cls(first, inside, below, above)

    def between(self, low: int, high: int) -> npt.NDArray[np.float64]:
        """Evidence at the buckets from `low` up to `high`, which is left out; shape (high - low,)."""
        start, end = self.first, self.first + len(self.inside)
        first, last = min(max(start, low), high), max(min(end, high), low)
        values = np.empty(high - low)
        values[: first - low] = self.below
        values[first - low : last - low] = self.inside[first - start : max(last, first) - start]
        values[last - low :] = self.above
        return values


def log_against_ratio(a: QuantileEvidence, b: QuantileEvidence, shift: int) -> float:
    """Evidence, as ln E, against "the p-quantile of B is GAMMA^shift times that of A".

    The arms answered the same prompts, so they are dependent and their evidence averages, (M_A + M_B)/2; the
    hypothesis names no quantile of A, so the place that speaks least against it counts.
    """
    a_end, b_end = a.first + len(a.inside), b.first + len(b.inside)
    shift = min(max(shift, b.first - a_end - 1), b_end - a.first + 1)  # between arms that lie apart all is the same
    low, high = min(a.first, b.first - shift) - 1, max(a_end, b_end - shift) + 1
    return float(np.logaddexp(a.between(low, high), b.between(low + shift, high + shift)).min() - log(2))


@lru_cache
def least_telling(p: float, alpha: float) -> int:
    """Independent values an arm needs before even arms without overlap can be told apart at level `alpha`.

    The place between such arms has all values of the lower one under it.
    """
    return next(n for n in count(1) if log_mixture(n, n, p) >= log(2 / alpha))


def ratio_interval(a: QuantileEvidence, b: QuantileEvidence, centre: int, alpha: float) -> tuple[float, float]:
    """The confidence sequence of B's quantile over A's around GAMMA^centre, at level `alpha` over all looks together.

    Returns:
        Its ends, inclusive; 0 or infinity where nothing bounds it.
    """
    limit = log(1 / alpha)

    def steps(sign: int) -> int:
        """How far from the centre the evidence does not speak against a ratio; it grows with every step."""
        near, far = 0, BUCKETS
        if log_against_ratio(a, b, centre + sign * far) < limit:
            return far
        while far - near > 1:
            middle = (near + far) // 2
            if log_against_ratio(a, b, centre + sign * middle) < limit:
                near = middle
            else:
                far = middle
        return near

    below, above = steps(-1), steps(1)
    low = 0.0 if below == BUCKETS else exp((centre - below - 0.5) * log(GAMMA))
    return low, inf if above == BUCKETS else exp((centre + above + 0.5) * log(GAMMA))
