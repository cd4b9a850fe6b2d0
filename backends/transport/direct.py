"""The transport that reads its own sockets."""

import asyncio
import errno
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from functools import cached_property

import httpx

from .connection import Connection
from .dial import dial
from .exchange import Exchange
from .poller import Poller
from .stamps import StampedReader
from .timeouts import Timeouts
from .tls import trust

KEEP_IDLE_NS = 4_000_000_000
"""An idle connection older than this is not used again: servers close theirs after 5 s (uvicorn, cpp-httplib,
Node), and a request sent into a connection that is just being closed is lost."""

_Origin = tuple[str, str, int]


class DirectTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over connections of our own; see the package's text for what requests and responses carry.

    `HEAD` and streamed request bodies are not supported. Reading is bounded: 64 KiB a read, 64 KiB of header
    fields, 256 KiB waiting.

    Args:
        ssl_context: trust for https; the default verifies against certifi or `SSL_CERT_FILE`.
        connection_limit: most connections in use at once; None has no limit.
    """

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None, connection_limit: int | None = None) -> None:
        self._given_ssl_context = ssl_context
        self._slots = None if connection_limit is None else asyncio.Semaphore(connection_limit)
        self._reader = StampedReader()
        self._poller = Poller()
        self._open: set[Connection] = set()
        self._idle: defaultdict[_Origin, list[Connection]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` and return when the response's header fields are here.

        A server may close an idle connection at the very moment a request is written into it (llama.cpp's does after
        two answers, without saying so); that request was never taken up. Only then, when a *reused* connection ends
        without a single byte of response, it is sent once more, on a new connection, as RFC 9112 section 9.3.1
        allows and curl does; `sent_ns` is then that of the second sending, and the extension `resent` says so.
        """
        timeouts = Timeouts.of(request)
        data = _serialised(request, await request.aread())
        origin = _origin(request.url)
        await self._take_slot(timeouts)
        self._poller.poll()  # answers that are here come first: a burst of requests must not keep them waiting
        connection = self._reused(origin)
        resent = False
        try:
            if connection is not None:
                exchange = connection.start(timeouts)
                try:
                    await self._sent(request, data, connection, exchange, timeouts)
                except (httpx.ReadError, httpx.WriteError):
                    if not exchange.silent:
                        raise
                    connection.finish()
                    connection, resent = None, True
            connect_ns = 0
            if connection is None:
                connection = await self._connected(origin, timeouts)
                connect_ns = connection.connect_ns
                exchange = connection.start(timeouts)
                await self._sent(request, data, connection, exchange, timeouts)
        except BaseException:
            self._give_back(origin, connection)
            raise
        return httpx.Response(
            exchange.status,
            headers=exchange.fields,
            stream=_Body(self, origin, connection, exchange),
            extensions={
                "http_version": b"HTTP/1.1",
                "sent_ns": request.extensions["sent_ns"],
                "connect_ns": connect_ns,
                "resent": resent,
                "stamp": exchange.stamp,
                "reads": exchange,
            },
        )

    async def _sent(
        self, request: httpx.Request, data: bytes, connection: Connection, exchange: Exchange, timeouts: Timeouts
    ) -> None:
        """Write the request and return when the header fields of `exchange` are here."""
        request.extensions["sent_ns"] = time.perf_counter_ns()
        try:
            await connection.write(data, timeouts)
        except httpx.WriteError:
            if not exchange.answered:
                raise
        await exchange.headers()
        self._poller.poll()

    async def aclose(self) -> None:
        """Close every connection, idle or not."""
        for connection in list(self._open):
            connection.close(ConnectionAbortedError(errno.ECONNABORTED, "the client was closed"))
        self._idle.clear()

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        return trust(self._given_ssl_context)

    async def _take_slot(self, timeouts: Timeouts) -> None:
        if self._slots is None:
            return
        try:
            async with asyncio.timeout(timeouts.within(timeouts.pool)):
                await self._slots.acquire()
        except TimeoutError as error:
            raise httpx.PoolTimeout("no connection was free in time") from error

    def _reused(self, origin: _Origin) -> Connection | None:
        """The idle connection used last, if it is young and alive."""
        idle = self._idle[origin]
        oldest_ns = time.perf_counter_ns() - KEEP_IDLE_NS
        while idle:
            connection = idle.pop()
            if connection.idle_since_ns >= oldest_ns and connection.is_alive():
                return connection
            connection.close()
        return None

    async def _connected(self, origin: _Origin, timeouts: Timeouts) -> Connection:
        scheme, host, port = origin
        dialled = await dial(host, port, self._ssl_context if scheme == "https" else None, timeouts)
        self._poller.poll()
        try:
            connection = Connection(dialled, self._reader, self._poller, self._open.discard)
        except OSError as error:  # no descriptor is left for the watch
            dialled.sock.close()
            raise httpx.ConnectError(f"cannot watch the connection to {host}:{port}: {error.strerror}") from error
        self._open.add(connection)
        return connection

    def _give_back(self, origin: _Origin, connection: Connection | None) -> None:
        """The end of a request, however it ended: keep the connection if it can be used again."""
        if connection is not None and connection.finish():
            self._idle[origin].append(connection)
        if self._slots is not None:
            self._slots.release()


class _Body(httpx.AsyncByteStream):
    """A response's body for httpx's own methods; closing it early aborts the connection."""

    def __init__(
        self, transport: DirectTransport, origin: _Origin, connection: Connection, exchange: Exchange
    ) -> None:
        self._transport = transport
        self._origin = origin
        self._connection: Connection | None = connection
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for _, body in self._exchange:
            yield body

    async def aclose(self) -> None:
        if self._connection is not None:
            self._transport._give_back(self._origin, self._connection)
            self._connection = None


def _origin(url: httpx.URL) -> _Origin:
    if url.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(f"{url.scheme} is not http or https")
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _serialised(request: httpx.Request, body: bytes) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % field for field in request.headers.raw]
    return b"\r\n".join([*lines, b"", body])
