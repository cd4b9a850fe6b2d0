"""What serving costs at an option: by the request, by the replica-hour, and for energy where it is paid apart."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from ...engine.cost import ApiPrice, OwnedPrice, Price, api_usd, usd_per_hour
from ...profiles.demand import Option
from .capacity import Capacity

HOURS_A_MONTH: Final = 8760 / 12


class Tokens(NamedTuple):
    """Of a request, in the mean (`engine.cost.TokenCounts`)."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Rates:
    """What an option costs.

    Attributes:
        per_token: whether it is an API: no replicas, and as many requests as it lets one send.
        reserved: whether a replica is paid for in every hour, not only in those in which it runs.
        replica_usd_per_hour: busy or idle; 0 for an API.
    """

    per_token: bool
    reserved: bool
    replica_usd_per_hour: float


def rates(option: Option, price: Price, idle_watts: float | None) -> Rates:
    """What `option` costs at `price`, whose chips are those of one replica.

    Owned chips whose price says nothing of their power are charged for what they draw: idle in every hour here, and
    beyond that by the request (`request_usd`).
    """
    if isinstance(price, ApiPrice):
        return Rates(per_token=True, reserved=False, replica_usd_per_hour=0.0)
    reserved = option.billing == "reserved" or (not option.billing and isinstance(price, OwnedPrice))
    hourly = usd_per_hour(price) or 0.0
    if isinstance(price, OwnedPrice) and energy_apart(price) and idle_watts is not None:
        hourly += _energy_usd(price, idle_watts)
    return Rates(per_token=False, reserved=reserved, replica_usd_per_hour=hourly)


def request_usd(price: Price, known: Capacity) -> float:
    """What one request costs beyond the hours that are paid for anyway."""
    if isinstance(price, ApiPrice):
        thousand = Tokens(
            round(known.input_tokens * 1000), round(known.output_tokens * 1000), round(known.cached_tokens * 1000)
        )
        return api_usd(price, thousand) / 1000
    return energy_usd(price, known)


def energy_usd(price: Price, known: Capacity) -> float:
    """The energy one request takes above an idle replica's; 0 unless that is paid apart and known."""
    if not isinstance(price, OwnedPrice) or not energy_apart(price):
        return 0.0
    if known.watts is None or known.idle_watts is None or known.requests_per_s.value <= 0:
        return 0.0
    busy_hours = 1 / known.requests_per_s.value / 3600
    return _energy_usd(price, max(0.0, known.watts - known.idle_watts)) * busy_hours


def energy_apart(price: OwnedPrice) -> bool:
    """Whether energy goes by what the replicas draw: the price does not say what to reckon with."""
    return price.kw_per_chip == 0


def _energy_usd(price: OwnedPrice, watts: float) -> float:
    """An hour of so many watts."""
    return watts / 1000 * price.pue * price.usd_per_kwh
