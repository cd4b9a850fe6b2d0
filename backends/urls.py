"""From what a person types to the base URL of an OpenAI-compatible endpoint, and to the root of its server."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_ENDPOINTS = ("/chat/completions", "/completions", "/messages", "/responses", "/models")
_VERSIONS = ("/v1", "/v2", "/api")


class UrlError(ValueError):
    """What was typed is not an endpoint's address."""


def base_url(typed: str, version: str = "/v1") -> str:
    """The base URL that `/chat/completions` and `/models` are added to; a base URL stays as it is.

    A missing path becomes `version`, another path is kept, the path of an endpoint is taken off. Without a scheme,
    a name with a domain but no port means https (`api.example.com`), anything else http (`gpu1`, `gpu1:8000`).

    Raises:
        UrlError: no host, a scheme other than http and https, a port out of range, or parts (user, query,
            fragment) that a base URL does not have.
    """
    parts = _split(typed.strip())
    path = parts.path.rstrip("/")
    for endpoint in _ENDPOINTS:
        path = path.removesuffix(endpoint)
    return f"{parts.scheme}://{parts.netloc.lower().rstrip(':')}{path or version}"


def root_url(typed: str) -> str:
    """The URL that a server's own paths (`/info`, `/metrics`, `/api/chat`) are added to: `base_url` without version.

    Raises:
        UrlError: as `base_url`.
    """
    url = base_url(typed)
    return next((url.removesuffix(version) for version in _VERSIONS if url.endswith(version)), url)


def _split(typed: str) -> SplitResult:
    has_scheme = "://" in typed
    if "@" in typed.removeprefix("http://").removeprefix("https://").partition("/")[0]:
        raise UrlError("a URL must not hold a user or password; give the key as env:NAME or file:PATH")
    try:
        parts = urlsplit(typed if has_scheme else f"//{typed}", scheme="http")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UrlError(f"{typed!r} is not a URL: {error}") from None
    if parts.scheme not in {"http", "https"}:
        raise UrlError(f"{typed!r}: {parts.scheme}:// is not supported; write http:// or https://")
    if not host or any(char.isspace() or not char.isprintable() for char in typed):
        raise UrlError(f"{typed!r} names no host; write http://127.0.0.1:8000")
    if not host.isascii():
        raise UrlError(f"{typed!r}: write the host in its ASCII form (xn--…)")
    if parts.query or parts.fragment:
        shown = parts._replace(query="", fragment="").geturl()  # what is left out may be a key
        raise UrlError(f"{shown!r}: leave out what follows the path ('?' and '#')")
    if not has_scheme and port is None and _has_domain(host):
        parts = parts._replace(scheme="https")
    return parts


def _has_domain(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return "." in host
    return False
