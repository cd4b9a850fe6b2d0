"""`--price 4xh200@coreweave`: what a server given by URL runs on, priced by the book."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from ...backends.price_files import PriceFileError
from ...backends.prices import UnknownPriceError
from ...backends.printable import printable
from ...backends.providers import PROVIDERS
from ...engine.cost import RentedPrice
from ...engine.listed import listed_hour
from ...engine.plan import BackendPlan
from ..usage import UsageError

_WORDS: Final = re.compile(r"(?:(?P<chips>\d+(?:\.\d+)?)x)?(?P<accelerator>[^@]+)@(?P<seller>[^@]+)")


def with_prices(backends: Sequence[BackendPlan], typed: Sequence[str]) -> tuple[BackendPlan, ...]:
    """`backends` with the prices in `typed`: one for every server without a price, or one for each in order.

    Raises:
        UsageError: a price the book does not have, or more or fewer of them than servers.
    """
    prices = [_price(each) for each in typed]
    servers = [each for each in backends if each.price is None and each.server not in PROVIDERS]
    if len(prices) not in {0, 1, len(servers)} or (prices and not servers):
        raise UsageError(f"--price is given {len(prices)} times for {len(servers)} servers without a price")
    each_price = iter(prices * len(servers) if len(prices) == 1 else prices)
    return tuple(
        msgspec.structs.replace(each, price=next(each_price)) if prices and each in servers else each
        for each in backends
    )


def _price(typed: str) -> RentedPrice:
    words = _WORDS.fullmatch(typed)
    if words is None or float(words["chips"] or 1) <= 0:
        raise UsageError(f"--price {printable(typed, 60)}: write 4xh200@coreweave (see infertop prices)")
    try:
        return listed_hour(words["seller"], words["accelerator"], float(words["chips"] or 1))
    except (UnknownPriceError, PriceFileError) as error:
        raise UsageError(f"--price {printable(typed, 60)}: {error}") from None
