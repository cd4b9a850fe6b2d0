"""One socket to one origin, read as its bytes arrive; carries one exchange at a time."""

import asyncio
import time
from collections.abc import Callable

import httpx

from .dial import Dialled
from .exchange import Exchange
from .poller import Poller
from .stamps import StampedReader
from .timeouts import Timeouts


class Connection:
    """An open connection.

    Args:
        dialled: the connected socket, from now on this object's.
        reader: reads it.
        poller: tells when there is something to read.
        on_close: called once, when the socket is closed.

    Attributes:
        connect_ns: what TCP and TLS took.
        closed: the socket is closed.
        idle_since_ns: when the last exchange ended.
    """

    def __init__(
        self, dialled: Dialled, reader: StampedReader, poller: Poller, on_close: Callable[["Connection"], None]
    ) -> None:
        self.connect_ns = dialled.connect_ns
        self.closed = False
        self.idle_since_ns = time.perf_counter_ns()
        self._sock = dialled.sock
        self._tls = dialled.tls
        self._reader = reader
        self._poller = poller
        self._on_close = on_close
        self._loop = asyncio.get_running_loop()
        self._exchange: Exchange | None = None
        self._write_failed = False
        self._paused = False
        self._poller.watch(self._sock, self._on_readable)

    def is_alive(self) -> bool:
        """Whether an idle connection can still be used: looks at what the peer may have sent meanwhile."""
        if not self.closed:
            self._on_readable()
        return not self.closed

    def start(self, timeouts: Timeouts) -> Exchange:
        """Begin an exchange; its request is written with `write`."""
        self._exchange = Exchange(timeouts, self._pause)
        return self._exchange

    async def write(self, data: bytes, timeouts: Timeouts) -> None:
        """Send all of `data`.

        Raises:
            httpx.WriteTimeout, httpx.WriteError: it could not be sent.
        """
        if self._tls is not None:
            data = self._tls.encrypt(data)
        try:
            try:
                sent = self._sock.send(data)
            except BlockingIOError:
                sent = 0
            if sent < len(data):
                async with asyncio.timeout(timeouts.within(timeouts.write)):
                    await self._loop.sock_sendall(self._sock, memoryview(data)[sent:])
        except TimeoutError as error:
            raise httpx.WriteTimeout("the request was not taken in time") from error
        except OSError as error:
            self._write_failed = True
            self._on_readable()  # the server may have said why before it hung up
            raise httpx.WriteError(f"the request could not be sent: {error.strerror}") from error

    def finish(self) -> bool:
        """End the exchange; whether the connection can carry another. If not, it is closed."""
        exchange = self._exchange
        if exchange is not None:
            exchange.close()
            self._exchange = None
            if self._paused:  # its consumer left a whole body lying
                self._pause(False)
        if exchange is None or not exchange.reusable or self._write_failed:
            self.close()
        self.idle_since_ns = time.perf_counter_ns()
        return not self.closed

    def close(self, reason: OSError | None = None) -> None:
        """Close the socket; an exchange that is going on learns the reason, None for the peer's own wish."""
        if self.closed:
            return
        self.closed = True
        if not self._paused:
            self._poller.unwatch(self._sock)
        self._sock.close()
        self._on_close(self)
        if self._exchange is not None:
            self._exchange.end(reason)

    def _pause(self, paused: bool) -> None:
        if self.closed:
            return
        self._paused = paused
        if paused:
            self._poller.unwatch(self._sock)
        else:
            self._poller.watch(self._sock, self._on_readable)

    def _on_readable(self) -> None:
        data: bytes | memoryview
        try:
            data, at_ns, stamp = self._reader.read(self._sock)
            ended = not data
            if self._tls is not None and data:
                data, ended = self._tls.decrypt(data)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.close(error)
            return
        if data:
            if self._exchange is None:
                self.close()
                return
            self._exchange.feed(data, at_ns, stamp)
        if ended:
            self.close()
