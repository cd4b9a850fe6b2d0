"""What holds a backend's sending back, in words: pauses its provider asks for, its allowances, the plan's caps."""

from typing import Final

from ..backends.rate_limits import RateLimit
from ..engine.frame import BackendFrame
from .draw.units import duration, usd

HELD: Final = "held, until you let it go on"
_SHOWN_FROM_NS: Final = 500_000_000
"""Shorter pauses are over before anyone has read of them."""


def paused(now: BackendFrame) -> str:
    """How long nothing will be sent and why: "12 s: 429, tokens/min used up"; "" while it may be."""
    if now.held:
        return HELD
    if now.pause is None or now.pause.left_ns < _SHOWN_FROM_NS:
        return ""
    return f"{duration(now.pause.left_ns).strip()}: {now.pause.why}"


def allowances(now: BackendFrame) -> str:
    """What the provider still allows: "tokens/min 5,000 of 6,000, full again in 3.0 s"; "" if it does not say."""
    return "; ".join(map(_allowance, now.limits.limits)) if now.limits else ""


def caps(now: BackendFrame) -> str:
    """The plan's own caps on this backend."""
    known = (
        "" if now.max_rate_per_s is None else f"{now.max_rate_per_s:g}/s",
        "" if now.max_concurrency is None else f"{now.max_concurrency:,} in flight",
        "" if now.budget_usd is None else usd(now.budget_usd).strip(),
    )
    given = ", ".join(cap for cap in known if cap)
    return f"at most {given}" if given else ""


def unsent(totals: BackendFrame) -> str:
    """What never left, by reason, and what left later."""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in totals.unsent.items())
    never = f"{totals.not_sent:,}{f' ({reasons})' if reasons else ''}" if totals.not_sent else ""
    later = f"{totals.held_back:,} sent later" if totals.held_back else ""
    return ", ".join(part for part in (never, later) if part)


def _allowance(limit: RateLimit) -> str:
    known = (
        "" if limit.remaining is None else f"{limit.remaining:,.0f}",
        "" if limit.limit is None else f"of {limit.limit:,.0f}",
    )
    amount = " ".join(part for part in (limit.name, *known) if part)
    return amount if limit.reset_s is None else f"{amount}, full again in {duration(limit.reset_s * 1e9).strip()}"
