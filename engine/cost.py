"""What tokens cost, in USD: list-price APIs, rented chips, owned chips.

Definitions: measurement.md, "Cost". Every price carries its date and source, and every figure its basis.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

HOURS_PER_YEAR = 8760.0


class ApiPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="basis", tag="api"):
    """A price per million tokens.

    Attributes:
        usd_per_m_cached: for input read from a cache; None is the input price.
        usd_per_m_cache_write: for input written to a cache; None is the input price.
        tier: "batch", "flex", "priority" where a provider sells the same model at several prices; "" is the usual.
    """

    usd_per_m_input: float
    usd_per_m_output: float
    usd_per_m_cached: float | None = None
    usd_per_m_cache_write: float | None = None
    tier: str = ""
    as_of: str = ""
    source: str = ""


class RentedPrice(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="basis", tag="rented"
):
    """Chips rented by the hour, billed whether busy or not.

    Attributes:
        utilisation: share of the hours in which they would serve as measured here; None gives no figure for it.
    """

    usd_per_chip_hour: float
    chips: float = 1
    utilisation: float | None = None
    as_of: str = ""
    source: str = ""


class OwnedPrice(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="basis", tag="owned"
):
    """Chips owned or colocated; all money is per chip except where an hour of the whole is meant.

    Attributes:
        availability: share of its life in which a chip can serve.
        pue: power drawn by the building over power drawn by the chips.
        colo_usd_per_hour: rent of the space, of all chips together.
        ops_usd_per_hour: staff and upkeep, likewise.
        utilisation: as `RentedPrice`'s.
    """

    capex_usd: float
    chips: float = 1
    residual_usd: float = 0.0
    life_years: float = 4.0
    availability: float = 0.97
    kw_per_chip: float = 0.0
    pue: float = 1.3
    usd_per_kwh: float = 0.10
    colo_usd_per_hour: float = 0.0
    ops_usd_per_hour: float = 0.0
    utilisation: float | None = None
    as_of: str = ""
    source: str = ""

    def usd_per_hour(self) -> float:
        """$/h of all chips = (capex - residual)/(life_h * availability) + kW * PUE * $/kWh + colo + ops."""
        capital = (self.capex_usd - self.residual_usd) / (self.life_years * HOURS_PER_YEAR * self.availability)
        energy = self.kw_per_chip * self.pue * self.usd_per_kwh
        return self.chips * (capital + energy) + self.colo_usd_per_hour + self.ops_usd_per_hour


Price = ApiPrice | RentedPrice | OwnedPrice


def usd_per_hour(price: Price) -> float | None:
    """What an hour costs, busy or idle; None for a price per token."""
    match price:
        case RentedPrice():
            return price.usd_per_chip_hour * price.chips
        case OwnedPrice():
            return price.usd_per_hour()
        case ApiPrice():
            return None


def price_in_words(price: Price) -> str:
    """A price in a few words, without its source."""
    match price:
        case ApiPrice():
            return f"${price.usd_per_m_input:,.4g}/${price.usd_per_m_output:,.4g} per M in/out"
        case RentedPrice():
            return f"{price.chips:g} × ${price.usd_per_chip_hour:,.4g} an hour"
        case OwnedPrice():
            return f"{price.chips:g} × ${price.capex_usd:,.6g} bought, ${price.usd_per_hour():,.4g} an hour"


class TokenCounts(Protocol):
    """Whatever counts tokens: usage of one request, or a backend's totals."""

    @property
    def input_tokens(self) -> int: ...  # noqa: D102
    @property
    def output_tokens(self) -> int: ...  # noqa: D102
    @property
    def cached_tokens(self) -> int: ...  # noqa: D102
    @property
    def cache_write_tokens(self) -> int: ...  # noqa: D102


def api_usd(price: ApiPrice, tokens: TokenCounts) -> float:
    """(in - cached - written) * p_in + cached * p_cached + written * p_write + out * p_out."""
    cached_price = price.usd_per_m_input if price.usd_per_m_cached is None else price.usd_per_m_cached
    write_price = price.usd_per_m_input if price.usd_per_m_cache_write is None else price.usd_per_m_cache_write
    fresh = tokens.input_tokens - tokens.cached_tokens - tokens.cache_write_tokens
    return (
        fresh * price.usd_per_m_input
        + tokens.cached_tokens * cached_price
        + tokens.cache_write_tokens * write_price
        + tokens.output_tokens * price.usd_per_m_output
    ) / 1e6


def dearest_input_usd_per_m(price: ApiPrice) -> float:
    """The most a million input tokens can cost, whatever a cache does with them."""
    return max(price.usd_per_m_input, price.usd_per_m_cached or 0.0, price.usd_per_m_cache_write or 0.0)


def spent_usd(price: Price, tokens: TokenCounts, elapsed_s: float) -> float:
    """Spend so far: per token for an API, by the clock for chips."""
    if isinstance(price, ApiPrice):
        return api_usd(price, tokens)
    hourly = usd_per_hour(price)
    return (hourly or 0.0) * elapsed_s / 3600.0


class FormerPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price that gave way to another while a run went on, and all that was counted until then.

    Attributes:
        price: None where there was none.
        until_ns: run time at which it ended.
        arriving_tokens: those of `BackendFrame.arriving_tokens`.
    """

    price: Price | None
    until_ns: int
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    arriving_tokens: float = 0.0


FORMER_COUNTS: Final = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "arriving_tokens")
"""The counts of `FormerPrice`, called as in `frame.BackendFrame`."""


class Spending(NamedTuple):
    """Spend by what makes it: tokens, and the clock."""

    by_token_usd: float
    by_clock_usd: float

    @property
    def usd(self) -> float:
        """All of it."""
        return self.by_token_usd + self.by_clock_usd


_NOTHING: Final = FormerPrice(price=None, until_ns=0)


def spending(
    price: Price | None,
    former_prices: Sequence[FormerPrice],
    counted: TokenCounts,
    first_sent_ns: int | None,
    active_ns: int,
) -> Spending:
    """Spend so far: each price counts for what came between the end of the one before it and its own.

    Tokens are counted when their request ends, so a request pays the price of that moment.

    Args:
        price: now.
        former_prices: oldest first.
        counted: all tokens.
        first_sent_ns: run time from which chips are paid; None before.
        active_ns: how long they are.
    """
    from_ns = first_sent_ns or 0
    ended_ns = from_ns + active_ns
    by_token = by_clock = 0.0
    before: TokenCounts = _NOTHING
    ends = [(former.price, former.until_ns, former) for former in former_prices]
    for each, until_ns, tokens in (*ends, (price, ended_ns, counted)):
        to_ns = min(max(until_ns, from_ns), ended_ns)
        if isinstance(each, ApiPrice):
            by_token += api_usd(each, tokens) - api_usd(each, before)
        elif each is not None:
            by_clock += spent_usd(each, tokens, (to_ns - from_ns) / 1e9)
        before, from_ns = tokens, to_ns
    return Spending(by_token, by_clock)


def usd_per_m(spent: float, tokens: float) -> float | None:
    """Effective $/M tokens = spend / tokens * 10^6; None before the first token."""
    return spent / tokens * 1e6 if tokens > 0 else None
