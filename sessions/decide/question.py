"""What `decide` works on: a demand with everything known of its options, and the ways to ask it again otherwise."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ...profiles.demand import Demand
from .capacity import Capacity
from .decision import Offer
from .draws import Factors, certain, drawn
from .evaluation import outcome
from .instance import Instance, Known, Mask, instance
from .optimum import Strategy, cheapest

Answer = tuple[Instance, Strategy | None]
"""The cheapest strategy found, with what it answers; None where there is none."""


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
    _answers: dict[frozenset[str], Answer] = field(default_factory=dict, repr=False)
    _alone: dict[frozenset[str], Answer] = field(default_factory=dict, repr=False)

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

    def answer(self, dropped: Collection[str] = ()) -> Answer:
        """Without the constraints that are dropped; asked only once.

        A search that was cut off may have found less than the one among one vendor's options, which is small: then
        that is the answer.
        """
        key = frozenset(dropped)
        if key not in self._answers:
            made = self.instance(key)
            self._answers[key] = made, cheapest(made) if key else self._least(made)
        return self._answers[key]

    def of_one_vendor(self, dropped: Collection[str] = ()) -> Answer:
        """The same of the options of one vendor, the cheapest."""
        key = frozenset(dropped)
        if key not in self._alone:
            made = self.instance(key)
            ways = (without(made, ~pools_of(made, vendor=name)) for name in dict.fromkeys(made.vendors))
            found = [(only, strategy) for only in ways if (strategy := cheapest(only)) is not None]
            self._alone[key] = min(found, key=lambda each: _cost(*each), default=(made, None))
        return self._alone[key]

    def _least(self, of: Instance) -> Strategy | None:
        found, (_, alone) = cheapest(of), self.of_one_vendor()
        if found is None or alone is None or _cost(of, found) <= _cost(of, alone):
            return found
        return replace(alone, gap=found.gap)


def _cost(of: Instance, strategy: Strategy) -> float:
    """A month, in USD, as estimated."""
    return float(outcome(of, strategy, certain(len(of.demand.classes), len(of.demand.options))).usd[0])


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
