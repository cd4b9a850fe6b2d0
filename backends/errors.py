"""What can go wrong with a request, as a closed set of kinds that counters and screens share."""

from enum import StrEnum

from .rate_limits import RateLimits


class ErrorKind(StrEnum):
    """The kinds of failure; the value is what a person and the JSON document see."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    RATE_LIMIT = "429"
    CLIENT = "4xx"
    SERVER = "5xx"
    REDIRECT = "redirect"
    CUT = "stream cut"
    MALFORMED = "malformed"
    IN_BAND = "in-band error"
    INTERNAL = "internal"


UNREACHABLE = frozenset({ErrorKind.DNS, ErrorKind.CONNECT, ErrorKind.TLS})
"""Kinds that say nobody answers there at all."""


class BackendError(Exception):
    """A request that failed.

    Attributes:
        kind: which way it failed.
        message: one line for a person, already safe to show (`printable`), without secrets.
        status: the HTTP status, if there was one.
        retry_after_s: what the server asked for with a 429 or 503, if it did.
        limits: the provider's allowances, as the header fields of the refusal tell them.
        sent_ns: when the request was written, if it got that far.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        limits: RateLimits = (),
        sent_ns: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s
        self.limits = limits
        self.sent_ns = sent_ns
