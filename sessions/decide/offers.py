"""What is known of each option beside its speed: its price from the book, its vendor, and the facts of lock-in.

Everything `decide` must not look up itself is looked up here: price book, hardware table, providers, the fleet's
models. What none of them says is said to be unknown.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ...backends.fleet.accelerators import accelerators
from ...backends.fleet.platforms import PLATFORMS
from ...backends.fleet.shapes import models
from ...backends.fleet.stacks import Stack, StackError, find_stack
from ...backends.price_files import ApiRow, HourRow
from ...backends.prices import ours, yours
from ...backends.printable import printable
from ...backends.providers import PROVIDERS, plain_model
from ...engine.cost import ApiPrice, Price
from ...profiles.demand import Demand, Option
from ...profiles.schema import BookPrice
from ...profiles.what_if import stack_of
from .decision import Fact, Offer

NO_SELLERS: Final = ("colocation", "rental")
"""What the price book calls a model of a cost, which nobody sells under that name."""

_BOOK: Final = "price book"
_HARDWARE: Final = "backends/data/hardware.csv"
_MODELS: Final = "backends/data/models.csv"
_PROVIDERS: Final = "backends/providers.py"


def offers(demand: Demand) -> tuple[Offer, ...]:
    """One an option.

    Raises:
        UnknownPriceError: the book has no such price.
        PriceFileError: a price list of the user's is wrong.
    """
    api, hour = (*yours().api, *ours().api), (*yours().hour, *ours().hour)
    return tuple(_offer(option, api, hour) for option in demand.options)


def _offer(option: Option, api: Sequence[ApiRow], hour: Sequence[HourRow]) -> Offer:
    stack = stack_of(option.backend)
    model = plain_model(option.model or (stack.model.name if stack else ""))
    price = option.price.found(model) if isinstance(option.price, BookPrice) else option.price
    accelerator = _accelerator(option, stack)
    vendor = _vendor(option, price, accelerator)
    other_apis = _others((row.provider for row in api if row.model == model and _current(row)), vendor)
    other_hours = _others((row.seller for row in hour if row.accelerator == accelerator), vendor)
    elsewhere = other_apis if isinstance(price, ApiPrice) else tuple(dict.fromkeys((*other_hours, *other_apis)))
    known_weights = any(plain_model(name) == model for name in models())
    return Offer(
        option=option.name,
        price=price,
        vendor=vendor,
        model=model,
        sellers=elsewhere,
        open_weights=True if known_weights else None,
        facts=tuple(_facts(option, price, vendor, model, stack, accelerator, api, other_apis, other_hours)),
    )


def _facts(
    option: Option,
    price: Price,
    vendor: str,
    model: str,
    stack: Stack | None,
    accelerator: str,
    api: Sequence[ApiRow],
    other_apis: tuple[str, ...],
    other_hours: tuple[str, ...],
) -> Iterator[Fact]:
    if accelerator in accelerators():
        maker = accelerators()[accelerator].vendor
        yield Fact(what="who makes it", words=f"{accelerator} is made by {maker}", source=_HARDWARE)
    else:
        yield Fact(what="who makes it", words="the hardware is not known", source="", known=False)
    per_token = isinstance(price, ApiPrice)
    if not per_token and accelerator:
        sold = f"{accelerator} is also rented out by {_listed(other_hours)}" if other_hours else (
            f"the price book knows of nobody else who rents out {accelerator}")  # fmt: skip
        yield Fact(what="who else sells it", words=sold, source=_BOOK, known=bool(other_hours))
    if model:
        sold = f"{model} is also sold by the token by {_listed(other_apis)}" if other_apis else (
            f"the price book knows of nobody else who sells {model} by the token")  # fmt: skip
        yield Fact(what="who else sells it", words=sold, source=_BOOK, known=bool(other_apis))
    yield _apis(option, per_token, stack)
    yield _models(option, per_token, stack, vendor, api)
    terms = price.source or "not stated"
    yield Fact(what="terms", words=printable(terms, 160), source=_BOOK if isinstance(option.price, BookPrice) else
               "the demand", known=bool(price.source))  # fmt: skip


def _apis(option: Option, per_token: bool, stack: Stack | None) -> Fact:
    provider = PROVIDERS.get(_seller(option).lower())
    if per_token and provider is not None:
        spoken = "the OpenAI chat completions protocol, as many others" if provider.api == "openai-chat" else (
            f"a protocol of its own ({provider.api})")  # fmt: skip
        return Fact(what="which APIs", words=f"{provider.name} speaks {spoken}", source=_PROVIDERS)
    if not per_token and stack is not None:
        return Fact(
            what="which APIs",
            words=f"served by {stack.engine}: you run it, and may run another",
            source="backends/fleet/platforms.py",
        )
    return Fact(what="which APIs", words="not known", source="", known=False)


def _models(option: Option, per_token: bool, stack: Stack | None, vendor: str, api: Sequence[ApiRow]) -> Fact:
    if per_token:
        seller = _seller(option).lower()
        sold = dict.fromkeys(row.model for row in api if row.provider.lower() == seller and _current(row))
        if sold:
            words = f"of the models in the price book {vendor} sells {_listed(sold)}"
            return Fact(what="which models", words=words, source=_BOOK)
    elif stack is not None:
        fits = [name for name in models() if _fits(stack, name)]
        held = "1 chip holds" if stack.chips == 1 else f"{stack.chips} chips hold"
        words = f"of the models the simulated fleet knows, {held} {_listed(fits)}"
        return Fact(what="which models", words=words, source=_MODELS)
    return Fact(what="which models", words="not known", source="", known=False)


def _fits(stack: Stack, model: str) -> bool:
    platform = next(each.id for each in PLATFORMS.values() if each.accelerator == stack.accelerator)
    try:
        find_stack(f"{platform}x{stack.chips}/{model}")
    except StackError:
        return False
    return True


def _accelerator(option: Option, stack: Stack | None) -> str:
    """The name in the hardware table: the stack's, or that of the price in the book."""
    if stack is not None:
        return stack.accelerator
    named = option.price.accelerator if isinstance(option.price, BookPrice) else option.hardware
    return next((name for name in accelerators() if named and name.lower().startswith(named.lower())), "")


def _vendor(option: Option, price: Price, accelerator: str) -> str:
    """On whom one depends: as stated, else the seller of the price, else whoever makes the hardware."""
    seller = _seller(option)
    if option.vendor:
        return option.vendor
    if seller and seller.lower() not in NO_SELLERS:
        provider = PROVIDERS.get(seller.lower())
        return provider.name if provider else seller
    if not isinstance(price, ApiPrice) and accelerator in accelerators():
        return accelerators()[accelerator].vendor
    return option.name


def _seller(option: Option) -> str:
    return option.price.seller if isinstance(option.price, BookPrice) else ""


def _others(names: Iterable[str], vendor: str) -> tuple[str, ...]:
    """Sellers by the name a person calls them, each once, without `vendor` and models of a cost."""
    said = (PROVIDERS[name].name if name in PROVIDERS else name for name in names)
    return tuple(name for name in dict.fromkeys(said) if name.lower() not in {*NO_SELLERS, vendor.lower()})


def _current(row: ApiRow) -> bool:
    return row.status == "current"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(printable(name, 40) for name in names)
