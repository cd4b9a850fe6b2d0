"""Who may open a view: whoever knows the secret in the address, from the page that was served there."""

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from typing import Final

_SECRET_BYTES: Final = 24

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer. The terminal in the page writes its own styles, hence `unsafe-inline` there; scripts may not."""


def new_secret() -> str:
    """A secret that fits into an address."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """What is asked of a request.

    Args:
        secret: the first part of every path.
        hosts: names (with port) by which this server may be called, so that no foreign name can be made to point
            here; None where it is reached by names nobody knows beforehand.
    """

    def __init__(self, secret: str, hosts: frozenset[str] | None) -> None:
        self._secret = secret
        self._hosts = hosts

    def admits(self, secret: str, host: str) -> bool:
        """Whether a request for a page or what belongs to it may be answered."""
        known = hmac.compare_digest(secret.encode(errors="replace"), self._secret.encode())
        return known and (self._hosts is None or host in self._hosts)

    def opens(self, host: str, origin: str | None, scheme: str) -> bool:
        """Whether an admitted request may open a view: only the page itself may, no other site."""
        return origin == f"{scheme}://{host}"


def local_names(port: int) -> frozenset[str]:
    """What a loopback address is called in a browser."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
