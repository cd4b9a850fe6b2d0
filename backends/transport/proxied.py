"""httpx's own transport, for the proxies that the environment names; its stamps are taken when a read returns."""

import asyncio
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_address
from typing import Any, Self

import httpx

from .exchange import Take
from .timeouts import Timeouts
from .tls import trust

_UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=None)


class ProxyError(ValueError):
    """The environment names a proxy that cannot be used."""


def proxy_for(url: httpx.URL) -> str | None:
    """The proxy that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name for `url`; never for loopback.

    Raises:
        ProxyError: it is not an http or https proxy.
    """
    proxies = urllib.request.getproxies_environment()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or _is_loopback(url.host) or urllib.request.proxy_bypass(url.netloc.decode()):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    scheme = proxy.partition("://")[0]
    if scheme not in {"http", "https"}:
        raise ProxyError(
            f"the proxy set in the environment for {url.scheme}:// URLs is {scheme}://…; only http:// and https:// "
            f"proxies are supported (exempt {url.host} with NO_PROXY, or unset it)"
        )
    return proxy


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class ProxiedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 through a proxy; see the package's text for what requests and responses carry.

    Args:
        proxy: its URL.
        ssl_context: trust for https; the default verifies against certifi or `SSL_CERT_FILE`.
    """

    def __init__(self, proxy: str, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._proxy = proxy
        self._ssl_context = ssl_context
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` once and return when the response's header fields are here."""
        timeouts = Timeouts.of(request)
        connecting_ns: list[int] = []

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith("connect_tcp.started"):
                connecting_ns.append(time.perf_counter_ns())
            elif event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
                request.extensions["sent_ns"] = time.perf_counter_ns()

        request.extensions["trace"] = trace
        try:
            async with asyncio.timeout(timeouts.within(None)):
                response = await self._opened().handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time") from error
        except httpx.RemoteProtocolError as error:
            raise _lost_or_nonsense(error) from error
        finally:
            del request.extensions["trace"]  # it holds the request
        sent_ns = request.extensions["sent_ns"]
        assert isinstance(response.stream, httpx.AsyncByteStream)
        reads = _Reads(response.stream, timeouts)
        response.stream = _Body(response.stream, reads)
        response.extensions |= {
            "sent_ns": sent_ns,
            "connect_ns": sent_ns - connecting_ns[0] if connecting_ns else 0,
            "resent": False,
            "stamp": "user",
            "reads": reads,
        }
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        if self._transport is not None:
            await self._transport.aclose()

    def _opened(self) -> httpx.AsyncHTTPTransport:
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(
                verify=trust(self._ssl_context), limits=_UNLIMITED, proxy=self._proxy
            )
        return self._transport


class _Reads:
    """A body's pieces, every one stamped and in time for the request's total limit; used like an `Exchange`."""

    def __init__(self, stream: httpx.AsyncByteStream, timeouts: Timeouts) -> None:
        self._pieces = aiter(stream)
        self._timeouts = timeouts

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(self._timeouts.within(None)):
                piece = await anext(self._pieces)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no complete answer in time") from error
        except httpx.RemoteProtocolError as error:
            raise _lost_or_nonsense(error) from error
        return time.perf_counter_ns(), piece

    async def each(self, take: Take) -> None:
        async for at_ns, piece in self:
            if not take(at_ns, piece):
                return


class _Body(httpx.AsyncByteStream):
    """The body for httpx's own methods."""

    def __init__(self, stream: httpx.AsyncByteStream, reads: _Reads) -> None:
        self._stream = stream
        self._reads = reads

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for _, piece in self._reads:
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def _lost_or_nonsense(error: httpx.RemoteProtocolError) -> httpx.TransportError:
    """h11 reports a connection that was cut as a protocol error; only its words tell."""
    message = str(error)
    if "disconnected" in message or "peer closed" in message:
        return httpx.ReadError(message)
    return error
