"""Why an option cannot serve a class: each reason under the key of the constraint that it comes from."""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from ...backends.printable import printable
from ...backends.providers import plain_model
from ...profiles.demand import Demand, DemandClass, Option
from .capacity import Capacity
from .decision import Offer
from .limits import in_words

UNMEASURED: Final = "measured"
"""The key of what no constraint asks: nothing is known of the option's speed."""


class Exclusion(NamedTuple):
    """A constraint's key and what it says of an option, in words."""

    key: str
    words: str


def exclusions(
    demand: Demand,
    of: DemandClass,
    option: Option,
    known: Capacity | None,
    offer: Offer,
    dropped: Collection[str] = (),
) -> tuple[Exclusion, ...]:
    """Every reason against `option` for the class `of`, but for constraints that are `dropped`."""
    reasons = (
        *_of_speed(of, known),
        *_of_model(demand, of, offer),
        *_of_place(demand, option),
        *_of_vendor(demand, offer),
    )
    return tuple(reason for reason in reasons if reason.key not in dropped)


def _of_speed(of: DemandClass, known: Capacity | None) -> Iterator[Exclusion]:
    if known is None:
        yield Exclusion(UNMEASURED, f"nothing was measured or stated of it for {printable(of.name, 40)}")
    elif not known.kept:
        yield Exclusion(f"limits:{of.name}", f"cannot keep {known.binding or in_words(of)}")


def _of_model(demand: Demand, of: DemandClass, offer: Offer) -> Iterator[Exclusion]:
    if of.models and plain_model(offer.model) not in {plain_model(model) for model in of.models}:
        wanted = " or ".join(printable(model, 60) for model in of.models)
        yield Exclusion(
            f"models:{of.name}", f"serves {printable(offer.model, 60) or 'an unknown model'}, not {wanted}"
        )
    match demand.constraints.lock_in:
        case "second source" if not offer.sellers:
            yield Exclusion("lock_in", "no second source of its model is known")
        case "open weights" if not offer.open_weights:
            known = "are not published" if offer.open_weights is False else "are not known to be published"
            yield Exclusion("lock_in", f"the weights of its model {known}")


def _of_place(demand: Demand, option: Option) -> Iterator[Exclusion]:
    constraints = demand.constraints
    allowed = set(constraints.regions)
    if allowed and not option.regions:
        yield Exclusion("regions", "does not say where it is")
    elif allowed and not allowed & set(option.regions):
        yield Exclusion("regions", f"is in {_listed(option.regions)}, not in {_listed(constraints.regions)}")
    if constraints.serve == "in region" and not option.regions:
        yield Exclusion("serve", "does not say where it is, so data may leave its region")
    if constraints.availability is not None and option.availability is None:
        yield Exclusion("availability", "its availability is not stated")


def _of_vendor(demand: Demand, offer: Offer) -> Iterator[Exclusion]:
    constraints = demand.constraints
    vendor = offer.vendor.lower()
    allowed = {name.lower() for name in constraints.vendors_allowed}
    if allowed and vendor not in allowed:
        yield Exclusion("vendors", f"{printable(offer.vendor, 40)} is not among the vendors allowed")
    if vendor in {name.lower() for name in constraints.vendors_denied}:
        yield Exclusion("vendors", f"{printable(offer.vendor, 40)} is denied as a vendor")


def _listed(names: Collection[str]) -> str:
    return ", ".join(printable(name, 40) for name in names)
