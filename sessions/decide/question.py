"""What `decide` works on: a demand with everything known of its options, and the ways to ask it again otherwise."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ...profiles.demand import Demand
from .capacity import Capacity
from .decision import Offer
from .draws import Factors, drawn
from .instance import Instance, Known, Mask, instance
from .optimum import Strategy, cheapest


@dataclass(frozen=True)
class Question:
    """A demand, capacities and offers.

    Attributes:
        known: capacities by names of option and class.
        offers: by name of the option.
    """

    demand: Demand
    known: Known
    offers: dict[str, Offer]
    _answers: dict[frozenset[str], tuple[Instance, Strategy | None]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, demand: Demand, capacities: Iterable[Capacity], offers: Iterable[Offer]) -> "Question":
        """From lists; a later capacity of the same option and class stands in place of an earlier one."""
        known = {(each.option, each.class_name): each for each in capacities}
        return cls(demand, known, {each.option: each for each in offers})

    @cached_property
    def draws(self) -> Factors:
        """Of the uncertain inputs."""
        return drawn(self.demand, self.known)

    def instance(self, dropped: Collection[str] = ()) -> Instance:
        """In numbers, without the constraints that are dropped."""
        return instance(self.demand, self.known, self.offers, dropped)

    def answer(self, dropped: Collection[str] = ()) -> tuple[Instance, Strategy | None]:
        """The cheapest strategy without the constraints that are dropped, with what it answers; asked only once."""
        key = frozenset(dropped)
        if key not in self._answers:
            made = self.instance(key)
            self._answers[key] = made, cheapest(made)
        return self._answers[key]


def without(of: Instance, lost: Mask) -> Instance:
    """`of` with pools (J,) gone."""
    return replace(of, allowed=of.allowed & ~lost, allowed_in_loss=of.allowed_in_loss & ~lost)


def pools_of(of: Instance, *, option: str = "", vendor: str = "", region: str | None = None) -> Mask:
    """The pools of an option, of a vendor or at a region, (J,)."""
    options = of.demand.options
    return np.array([
        (not option or options[o].name == option)
        and (not vendor or of.vendors[o] == vendor)
        and (region is None or of.site_region[g] == region)
        for o, g in zip(of.pool_option.tolist(), of.pool_site.tolist(), strict=True)
    ])  # fmt: skip
