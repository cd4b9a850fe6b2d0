"""Draws of the uncertain inputs: the same for every way to serve a demand, so that what they share cancels."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ...engine.sweep.estimate import Estimate
from ...profiles.demand import Demand
from .capacity import Capacity

DRAWS: Final = 1000
SURE: Final = 0.95
"""A choice is clear when it wins in so many of the draws: the ends of an Estimate say the same of a figure."""

_Z: Final = 1.959963984540054
Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Factors:
    """Inputs over their estimates.

    Attributes:
        volume, peak: by class, (draws, classes).
        capacity: by class and option, (draws, classes, options).
        price: by option, (draws, options).
    """

    volume: Column
    peak: Column
    capacity: Column
    price: Column

    def __len__(self) -> int:
        return len(self.volume)


def certain(classes: int, options: int, times: int = 1) -> Factors:
    """`times` equal rows in which everything is as estimated."""
    return Factors(
        np.ones((times, classes)),
        np.ones((times, classes)),
        np.ones((times, classes, options)),
        np.ones((times, options)),
    )


def drawn(demand: Demand, capacities: Mapping[tuple[str, str], Capacity]) -> Factors:
    """DRAWS rows; each input's ends are passed by one draw in 40 on each side.

    What an option serves of each class errs in the same direction, as the same machine, measured by the same means,
    stands behind it; other inputs err apart from each other.

    Args:
        demand: whose seed is used.
        capacities: by names of option and class.
    """
    random = np.random.default_rng(demand.seed)

    def normal() -> Column:
        return random.standard_normal(DRAWS)

    classes, options = demand.classes, demand.options
    volume = [spread(normal(), each.requests_per_day) for each in classes]
    peak = [spread(normal(), each.peak_factor) for each in classes]
    price = [spread(normal(), each.price_factor) for each in options]
    capacity = np.ones((DRAWS, len(classes), len(options)))
    for j, option in enumerate(options):
        lies = normal()
        for k, each in enumerate(classes):
            known = capacities.get((option.name, each.name))
            if known is not None:
                capacity[:, k, j] = spread(lies, known.requests_per_s)
    return Factors(np.stack(volume, 1), np.stack(peak, 1), capacity, np.stack(price, 1))


def spread(normal: Column, estimate: Estimate) -> Column:
    """Draws of `estimate` over its value, from standard normal ones: lognormal, with a width of its own on each side.

    An end at 0 or below is taken for a thousandth of the value; where nothing bounds it from above, nothing more than
    the value is counted on.
    """
    if estimate.value <= 0:
        return np.ones_like(normal)
    above = math.log(estimate.high / estimate.value) / _Z if estimate.bounded else 0.0
    below = math.log(estimate.value / max(estimate.low, estimate.value / 1000)) / _Z
    return np.exp(np.where(normal > 0, above, below) * normal)


def estimated(value: float, draws: Column) -> Estimate:
    """`value` with what 19 in 20 of `draws` lie between; an end beside the value is the value."""
    known = draws[np.isfinite(draws)]
    if not len(known):
        return Estimate.exactly(value)
    low, high = np.quantile(known, ((1 - SURE) / 2, (1 + SURE) / 2))
    return Estimate.around(value, float(low), float(high))
