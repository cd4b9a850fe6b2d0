"""What a run cost, for the summary document and in words; every figure with what it is divided by."""

from collections.abc import Iterator
from typing import Final

import msgspec

from ..backends.prices import OLD_AFTER_DAYS
from ..backends.printable import printable
from ..engine.cost import ApiPrice, OwnedPrice, Price, RentedPrice, usd_per_hour
from ..engine.estimate import BackendEstimate, Estimate
from ..engine.figures import usd_per_m_good, usd_per_m_output, usd_per_m_total, usd_per_m_utilised, utilisation
from ..engine.frame import BackendFrame
from .figures import duration, share, usd
from .figures import six_digits as _figure

_BASES: Final = {ApiPrice: "api", RentedPrice: "rented", OwnedPrice: "owned"}


class FormerCost(msgspec.Struct, frozen=True, kw_only=True):
    """A price that was exchanged for another while the run went on, in words ("" where none was known), and when."""

    price: str
    until_s: float


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """All None without a price. Figures per million are of the window, at its load; see docs/prices.md.

    `usd_per_m_output` is over output tokens, `usd_per_m_total` over input and output (blended), `usd_per_m_good` over
    output tokens of requests that met the SLO, `usd_per_m_output_utilised` over output tokens if these chips served
    like this in a share `utilisation` of all hours. `warmup_usd` and `at_risk_usd` are not in `spent_usd`; a budget
    counts them. The price is the last one; `former_prices` are those before it, oldest first.
    """

    spent_usd: float | None = None
    usd_per_m_output: float | None = None
    usd_per_m_total: float | None = None
    basis: str | None = None
    price_as_of: str | None = None
    usd_per_m_good: float | None = None
    usd_per_m_output_utilised: float | None = None
    utilisation: float | None = None
    usd_per_hour: float | None = None
    warmup_usd: float | None = None
    at_risk_usd: float | None = None
    price_source: str | None = None
    price_tier: str | None = None
    price_old: bool | None = None
    former_prices: tuple[FormerCost, ...] = ()


def cost(backend: BackendFrame) -> Cost:
    """What `backend` cost."""
    of = backend.price
    if of is None:
        return Cost()
    return Cost(
        spent_usd=_figure(backend.spent_usd),
        usd_per_m_output=_figure(usd_per_m_output(backend)),
        usd_per_m_total=_figure(usd_per_m_total(backend)),
        basis=_BASES[type(of)],
        price_as_of=of.as_of or None,
        usd_per_m_good=_figure(usd_per_m_good(backend)),
        usd_per_m_output_utilised=_figure(usd_per_m_utilised(backend)),
        utilisation=utilisation(of),
        usd_per_hour=_figure(usd_per_hour(of)),
        warmup_usd=_figure(backend.warmup_usd),
        at_risk_usd=_figure(backend.at_risk_usd),
        price_source=printable(of.source) or None,
        price_tier=(of.tier or "standard") if isinstance(of, ApiPrice) else None,
        price_old=backend.price_old,
        former_prices=tuple(
            FormerCost(
                price="" if former.price is None else price(former.price, old=False),
                until_s=round(former.until_ns / 1e9, 3),
            )
            for former in backend.former_prices
        ),
    )


def price(of: Price, *, old: bool) -> str:
    """A price in words, with its date and source, and a warning if it must be checked anew."""
    match of:
        case ApiPrice():
            words = f"{usd(of.usd_per_m_input)}/{usd(of.usd_per_m_output)} per M in/out"
            if of.usd_per_m_cached is not None:
                words += f", {usd(of.usd_per_m_cached)} cached"
            if of.usd_per_m_cache_write is not None:
                words += f", {usd(of.usd_per_m_cache_write)} written to a cache"
            if of.tier:
                words += f", tier {printable(of.tier, 20)}"
        case RentedPrice():
            words = f"{of.chips:g} × {usd(of.usd_per_chip_hour)}/h rented"
        case OwnedPrice():
            words = f"{usd(of.usd_per_hour())}/h owned"
    origin = [printable(part, 60) for part in (of.source, of.as_of) if part]
    if old:
        origin.append(f"more than {OLD_AFTER_DAYS} days old: check it" if of.as_of else "undated: check it")
    return f"{words} ({', '.join(origin)})" if origin else words


def prices(backend: BackendFrame) -> str:
    """The price of a backend that has one, in words, and those that it had before in this run."""
    assert backend.price is not None
    said = [price(backend.price, old=backend.price_old)]
    for former in reversed(backend.former_prices):
        words = "no price known" if former.price is None else price(former.price, old=False)
        said.append(f"{words} until {duration(former.until_ns / 1e9)}")
    return "; before: ".join(said)


def cost_remarks(backend: BackendFrame) -> Iterator[str]:
    """The price, and $/M tokens by each of the denominators that there are figures for."""
    if backend.price is None:
        return
    amounts = [
        (usd_per_m_output(backend), "output at this load"),
        (usd_per_m_utilised(backend), f"output at {share(utilisation(backend.price) or 0)} utilisation"),
        (usd_per_m_total(backend), "input and output"),
        (usd_per_m_good(backend), "output of requests that met the SLO"),
    ]
    known = ", ".join(f"{usd(amount)}/M {of}" for amount, of in amounts if amount is not None)
    yield "; ".join(part for part in (prices(backend), known) if part)
    if backend.at_risk_usd >= 0.00005:
        yield f"up to {usd(backend.at_risk_usd)} more may be billed for answers that ended without a token count"


def estimate_lines(of: Estimate) -> Iterator[str]:
    """What a run is expected to cost, backend by backend, and in all; nothing for those without a price."""
    for each in of.backends:
        if each.usd_per_request is not None and each.worst_usd_per_request is not None:
            yield f"{printable(each.name, 28)}: {_tokens_estimate(each, each.usd_per_request, of.budget_usd)}"
        elif each.usd_per_hour is not None:
            length = "" if each.usd is None else f", {usd(each.usd)} for this run"
            yield f"{printable(each.name, 28)}: {usd(each.usd_per_hour)} an hour{length}"
    if of.usd is not None and of.worst_usd is not None:
        capped = of.budget_usd is not None and of.budget_usd < of.worst_usd
        cap = f"; the budget stops it at {usd(of.budget_usd)}" if capped and of.budget_usd is not None else ""
        yield f"in all about {usd(of.usd)}, at most {usd(of.worst_usd)}{cap}"


def _tokens_estimate(each: BackendEstimate, usd_per_request: float, budget_usd: float | None) -> str:
    size = f"{each.input_tokens:,.0f} tokens in, {each.output_tokens:,.0f} out"
    if each.usd is not None and each.requests is not None:
        return f"about {usd(each.usd)} for {each.requests:,.0f} requests of {size}"
    reached = ""
    if budget_usd is not None and usd_per_request:
        reached = f"; alone it would reach the budget after about {budget_usd / usd_per_request:,.0f}"
    return f"about {usd(usd_per_request)} a request of {size}{reached}"
