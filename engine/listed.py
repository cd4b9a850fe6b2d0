"""Prices of a plan from the price book (`backends.prices`), with what the book says of their date and source."""

from ..backends.prices import api_price, hour_price
from .cost import ApiPrice, RentedPrice


def listed_api(provider: str, model: str, tier: str = "") -> ApiPrice | None:
    """What `provider` bills for `model`; None when the book has no such price. Raises PriceFileError."""
    row = api_price(provider, model, tier)
    if row is None:
        return None
    return ApiPrice(
        usd_per_m_input=row.usd_per_m_input,
        usd_per_m_output=row.usd_per_m_output,
        usd_per_m_cached=row.usd_per_m_cached,
        usd_per_m_cache_write=row.usd_per_m_cache_write,
        tier=row.tier,
        as_of=row.as_of,
        source=_source(row.source, _doubt(row.status)),
    )


def listed_hour(
    seller: str, accelerator: str, chips: float = 1, terms: str = "", utilisation: float | None = None
) -> RentedPrice:
    """What `chips` of an accelerator cost by the hour at `seller`; raises UnknownPriceError or PriceFileError."""
    row = hour_price(seller, accelerator, terms)
    return RentedPrice(
        usd_per_chip_hour=row.usd_per_chip_hour,
        chips=chips,
        utilisation=utilisation,
        as_of=row.as_of,
        source=_source(f"{row.seller} {row.accelerator}, {row.terms}", row.source, _doubt(row.status)),
    )


def _doubt(status: str) -> str:
    return "" if status == "current" else status


def _source(*parts: str) -> str:
    return ", ".join(dict.fromkeys(part for part in parts if part))
