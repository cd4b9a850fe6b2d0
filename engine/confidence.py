"""Intervals that stay valid however often one looks: of a quantile, of a mean of paired differences, of a share.

measurement.md, "Statistics that survive watching". Each is a confidence sequence: the chance that it *ever* misses,
over all looks together, is at most alpha (for the mean: asymptotically). `worth` is how many of the values are worth
one independent value (`serial`).
"""

from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Final

import numpy as np

from .evidence import N_OPT, QuantileEvidence, log_mixture
from .frame import Serial
from .histogram import EDGES_NS, Histogram
from .serial import mean, variance

ALPHA: Final = 0.05
"""The chance of ever being wrong that is accepted, for each interval and for all verdicts of one kind together."""

LEAST_DIFFERENCES: Final = 10
"""Independent differences below which the central limit theorem is not to be relied upon."""

_BISECTIONS = 40


@dataclass(frozen=True, slots=True)
class Interval:
    """What the data do not speak against, ends included; an end that nothing bounds is 0 or infinite."""

    low: float
    high: float


def quantile_ns(histogram: Histogram, p: float, alpha: float, worth: float = 1.0) -> Interval:
    """The p-quantile of a duration, in ns (Howard & Ramdas 2022, beta-binomial mixture).

    From histogram counts, so an end is the edge of a bucket.
    """
    if not len(histogram):
        return Interval(0.0, inf)
    evidence, limit = QuantileEvidence.of(histogram, p, worth), log(1 / alpha)
    possible = np.flatnonzero(evidence.inside < limit)
    if not len(possible):  # it lies outside the buckets
        state = histogram.state()
        return Interval(0.0, float(EDGES_NS[0])) if state.under > state.over else Interval(float(EDGES_NS[-1]), inf)
    low = 0.0 if evidence.below < limit else float(EDGES_NS[evidence.first + possible[0]])
    high = inf if evidence.above < limit else float(EDGES_NS[evidence.first + possible[-1] + 1])
    return Interval(low, high)


def mean_difference(differences: Serial, alpha: float, worth: float = 1.0) -> Interval:
    """The mean of paired differences (Waudby-Smith et al. 2024, asymptotic confidence sequence).

    Half-width sd sqrt(2 (n r + 1)/(n^2 r) ln(sqrt(n r + 1)/alpha)) with r = rho^2, narrowest near N_OPT
    differences; nothing bounds fewer than LEAST_DIFFERENCES. Good for differences that lean to neither side, as those
    of like backends do; a rare large difference that has not come yet is not allowed for.
    """
    n = differences.count / worth
    if n < LEAST_DIFFERENCES:
        return Interval(-inf, inf)
    x = 1 + 2 * log(1 / alpha)
    rho2 = (x + log(x) - 1) / N_OPT
    k = n * rho2 + 1
    half = sqrt(variance(differences) * 2 * k / (n * n * rho2) * log(sqrt(k) / alpha))
    centre = mean(differences)
    return Interval(centre - half, centre + half)


def proportion(k: int, n: int, alpha: float, worth: float = 1.0) -> Interval:
    """The probability of what happened k times in n.

    The quantile's mixture again, inverted: the q with ln M(k, n, q) < ln(1/alpha), where under each q its own
    mixture is a martingale. At n = 1000 it is narrower than the Robbins mixture with a Jeffreys prior (990 good ones:
    .978-.997 against .974-.998) and for shares near 1 far narrower than a Hoeffding sequence; below n = 100 wider.
    """
    limit = log(1 / alpha)

    def edge(inside: float, outside: float) -> float:
        """Where the evidence reaches the limit, between the observed share and an end of the unit interval."""
        for _ in range(_BISECTIONS):
            middle = (inside + outside) / 2
            if middle == outside:  # no number lies between: at an end itself the mixture is not defined
                break
            if log_mixture(k / worth, n / worth, middle) < limit:
                inside = middle
            else:
                outside = middle
        return outside

    if not n:
        return Interval(0.0, 1.0)
    return Interval(edge(k / n, 0.0) if k else 0.0, edge(k / n, 1.0) if k < n else 1.0)
