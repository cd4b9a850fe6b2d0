"""The one place that makes HTTP clients, so that the library behind them can be exchanged."""

import ssl

import httpx

from .. import __version__
from .credentials import Secret
from .transport import DirectTransport, ProxiedTransport, proxy_for


def open_client(
    url: str, key: Secret | None = None, *, ssl_context: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """A client for requests to `url`: no redirects, no retries, no compression, no limit on connections.

    Responses carry what `backends.transport` says. Time limits are given with each request.

    Args:
        url: decides whether a proxy of the environment is used.
        key: sent as a bearer token.
        ssl_context: trust for https; the default verifies against certifi or `SSL_CERT_FILE`.

    Raises:
        ProxyError: the environment names a proxy of an unsupported kind.
    """
    transport = open_transport(httpx.URL(url), ssl_context=ssl_context)
    headers = standing_headers()
    headers.update(bearer(key))
    return httpx.AsyncClient(transport=transport, headers=headers, follow_redirects=False, trust_env=False)


def open_transport(url: httpx.URL, *, ssl_context: ssl.SSLContext | None = None) -> httpx.AsyncBaseTransport:
    """What carries requests to `url`: straight there, or through a proxy of the environment; see `open_client`."""
    proxy = proxy_for(url)
    if proxy is None:
        return DirectTransport(ssl_context=ssl_context)
    return ProxiedTransport(proxy, ssl_context=ssl_context)


def standing_headers() -> httpx.Headers:
    """The header fields that all requests have in common."""
    return httpx.Headers(
        {
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"infertop/{__version__}",
        }
    )


def bearer(key: Secret | None) -> dict[str, str]:
    """The header field that carries `key` as a bearer token, if there is one."""
    return {} if key is None else {"Authorization": f"Bearer {key.reveal()}"}


async def whole_body(response: httpx.Response, limit_bytes: int) -> tuple[int, bytes]:
    """The whole body and the stamp of the read that ended it.

    Raises:
        httpx.HTTPError: it could not be had, or is longer than `limit_bytes`.
    """
    body = bytearray()
    at_ns: int = response.extensions["sent_ns"]
    async for at_ns, piece in response.extensions["reads"]:  # noqa: B007 - the last stamp is the one wanted
        body += piece
        if len(body) > limit_bytes:
            raise httpx.RemoteProtocolError(f"a document longer than {limit_bytes} bytes")
    return at_ns, bytes(body)
