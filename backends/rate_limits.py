"""What providers say in header fields about how much more one may send, and when.

Every provider has its own spelling (backends.md, "Rate limits"): OpenAI and Groq count down in Go durations
("2m30s"), Cerebras in seconds, Anthropic to a moment (RFC 3339), others to a Unix time. Pure.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """One allowance.

    Attributes:
        name: of what, and over which time where the field says so: "requests", "tokens/min".
        limit: how much it is when full.
        remaining: how much was left as the answer came.
        reset_s: seconds until it is full again.
    """

    name: str
    limit: float | None = None
    remaining: float | None = None
    reset_s: float | None = None

    @property
    def left(self) -> float:
        """The share that is left, 1 where it is not known."""
        if self.remaining is None:
            return 1.0
        return self.remaining / self.limit if self.limit else float(self.remaining > 0)


RateLimits = tuple[RateLimit, ...]
"""Every allowance that an answer told of, in the order of its header fields."""

_FIELD: Final = re.compile(
    r"(?:x-)?ratelimit-(?P<kind>limit|remaining|reset)(?:-(?P<what>[a-z-]+))?"
    r"|anthropic-ratelimit-(?P<their_what>[a-z-]+)-(?P<their_kind>limit|remaining|reset)"
)
_PERIODS: Final = {"-day": "/day", "-hour": "/h", "-minute": "/min", "-second": "/s"}
_MOST: Final = 8

_GROQ: Final = {"requests": "requests/day", "tokens": "tokens/min"}
"""Groq's fields are spelt as OpenAI's and mean these (console.groq.com/docs/rate-limits)."""

_GO_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")
_GO_UNITS_S: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,30})?", re.ASCII)
_UNIX_S: Final = 1e9
"""Seconds above this are a moment, not a wait; above a thousand times this, a moment in milliseconds."""


def rate_limits(headers: Mapping[bytes, str], now_s: float) -> RateLimits:
    """The allowances in the header fields of an answer, whose names are lower case; () if it has none.

    Args:
        headers: by name.
        now_s: Unix time at which they came.
    """
    found: dict[str, dict[str, float]] = {}
    for name in headers:
        if b"ratelimit" not in name or not (field := _FIELD.fullmatch(name.decode("latin-1"))):
            continue
        kind = field["kind"] or field["their_kind"]
        value = wait_s(headers[name], now_s) if kind == "reset" else _number(headers[name])
        if value is not None:
            found.setdefault(field["what"] or field["their_what"] or "requests", {})[kind] = value
    named = _groq if found and any(name.startswith(b"x-groq") for name in headers) else _plain
    return tuple(
        RateLimit(
            name=named(what),
            limit=values.get("limit"),
            remaining=values.get("remaining"),
            reset_s=values.get("reset"),
        )
        for what, values in list(found.items())[:_MOST]
    )


def retry_after_s(headers: Mapping[bytes, str], now_s: float) -> float | None:
    """Seconds to wait by `retry-after-ms` or `retry-after`, which holds seconds or an HTTP date; None without."""
    milliseconds = _number(headers.get(b"retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1e3
    field = headers.get(b"retry-after", "").strip()
    seconds = _number(field)
    if seconds is not None:
        return seconds
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(field).timestamp() - now_s)
    return None


def wait_s(text: str, now_s: float) -> float | None:
    """Seconds until what a reset field says: a Go duration, seconds, RFC 3339, or Unix time; None if none of them."""
    text = text.strip()
    number = _number(text)
    if number is not None:
        if number <= _UNIX_S:
            return number
        return max(0.0, (number / 1e3 if number > 1e3 * _UNIX_S else number) - now_s)
    parts = _GO_PART.findall(text)
    if parts and "".join(map("".join, parts)) == text:
        return sum(float(amount) * _GO_UNITS_S[unit] for amount, unit in parts)
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return max(0.0, moment.timestamp() - now_s) if moment.tzinfo else None
    return None


def used_up(limits: RateLimits) -> RateLimits:
    """Those with nothing left."""
    return tuple(limit for limit in limits if limit.remaining is not None and limit.remaining <= 0)


def in_words(limits: RateLimits) -> str:
    """What holds sending back: "tokens/min used up", else the scarcest and what is left of it, "" if not known."""
    if gone := used_up(limits):
        return " and ".join(limit.name for limit in gone) + " used up"
    known = [limit for limit in limits if limit.remaining is not None]
    if not known:
        return ""
    scarce = min(known, key=lambda limit: limit.left)
    of = f" of {scarce.limit:,.0f}" if scarce.limit is not None else ""
    return f"{scarce.name} {scarce.remaining:,.0f}{of} left"


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _plain(what: str) -> str:
    for ending, period in _PERIODS.items():
        if what.endswith(ending):
            return what.removesuffix(ending).replace("-", " ") + period
    return what.replace("-", " ")


def _groq(what: str) -> str:
    return _GROQ.get(what) or _plain(what)
