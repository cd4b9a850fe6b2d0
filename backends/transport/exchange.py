"""One request's answer taking shape: what a connection reads is parsed here and waits here for its consumer."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Self

import httptools
import httpx

from ..base import Stamp
from .timeouts import Timeouts

OVERHEAD_LIMIT_BYTES = 64 << 10
"""Most bytes in a row that are no body: bounds header fields, interim responses and trailers."""

BUFFER_HIGH_BYTES = 256 << 10
"""Reading pauses when the consumer leaves this much waiting…"""

BUFFER_LOW_BYTES = 64 << 10
"""…and goes on below this."""


Take = Callable[[int, bytes], bool]
"""What a consumer does with a read (stamp, body bytes); False if it wants no more."""


class Exchange:
    """The response to one request, an async iterator of (stamp, body bytes).

    `feed`, `end` and `fail` are called by the connection; `headers`, the iteration and `each` belong to one consumer
    task.

    Args:
        timeouts: of the request; its `read` and `ends_at_s` are watched here.
        pause: stop reading the socket (True) or go on (False).

    Attributes:
        status: HTTP status, once `headers` returned.
        fields: header fields as they came.
        stamp: where the stamps come from.
        silent: not a byte of the response has come.
        answered: status and header fields are here.
        complete: the whole response is here.
        reusable: the connection may carry another request once this one is complete.
    """

    def __init__(self, timeouts: Timeouts, pause: Callable[[bool], None]) -> None:
        self.status = 0
        self.fields: list[tuple[bytes, bytes]] = []
        self.stamp: Stamp = "user"
        self.silent = True
        self.answered = False
        self.complete = False
        self.reusable = False
        self._loop = asyncio.get_running_loop()
        self._timeouts = timeouts
        self._pause = pause
        self._paused = False
        self._pieces: list[bytes] = []
        # What the parser calls for every chunk of a body is the list's own method: no Python code runs per chunk.
        self.on_body = self._pieces.append
        self._parser = httptools.HttpResponseParser(self)
        self._reads: deque[tuple[int, bytes]] = deque()
        self._take: Take | None = None
        self._waiting_bytes = 0
        self._overhead_bytes = 0
        self._until_close = False
        self._error: httpx.TransportError | None = None
        self._fault: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._last_ns = time.perf_counter_ns()
        self._timer: asyncio.TimerHandle | None = None
        self._watch()

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        """Refuse what follows a complete response."""
        if self.complete:
            raise ValueError("bytes after the end of the response")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header field; trailers are dropped."""
        if not self.answered:
            self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the status, or skip an interim response (1xx)."""
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.fields.clear()
            return
        self.answered = True
        self._until_close = not any(
            name.lower() == b"content-length"
            or (name.lower() == b"transfer-encoding" and value.lower().endswith(b"chunked"))
            for name, value in self.fields
        )

    def on_message_complete(self) -> None:
        """The response is whole, unless it was an interim one."""
        if self.answered:
            self.complete = True
            self.reusable = self._parser.should_keep_alive()

    # What the connection tells.

    def feed(self, data: bytes | memoryview, at_ns: int, stamp: Stamp) -> None:
        """One read of the socket."""
        if at_ns < self._last_ns:  # noqa: PLR1730 - a call of max() for every read is dear
            at_ns = self._last_ns
        self._last_ns = at_ns
        if not self.answered:
            self.silent = False
            self.stamp = stamp  # the last before the header fields are here is theirs
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.reusable = False
            if not self.complete:
                self.fail(httpx.RemoteProtocolError(f"not an HTTP response: {error}"))
        pieces = self._pieces
        if pieces:
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            self._overhead_bytes = 0
            if self._take is not None:
                self._hand_over(at_ns, body)
                return
            self._keep(at_ns, body)
        else:
            self._overhead_bytes += len(data)
            if self._overhead_bytes > OVERHEAD_LIMIT_BYTES and not self.complete:
                self.fail(httpx.RemoteProtocolError(f"more than {OVERHEAD_LIMIT_BYTES} bytes of header fields"))
        self._wake()

    def _hand_over(self, at_ns: int, body: bytes) -> None:
        """Give a read to the consumer's function; its task wakes only when there will be no more."""
        assert self._take is not None
        try:
            wants_more = self._take(at_ns, body)
        except Exception as error:  # noqa: BLE001 - it is the consumer's, and comes out where the consumer waits
            self._fault = error
            wants_more = False
        if not wants_more:
            self._take = None
        if not wants_more or self.complete or self._error is not None:
            self._wake()

    def _keep(self, at_ns: int, body: bytes) -> None:
        """Let a read wait for the consumer; a consumer far behind stops the reading."""
        self._reads.append((at_ns, body))
        self._waiting_bytes += len(body)
        if self._waiting_bytes >= BUFFER_HIGH_BYTES and not self._paused:
            self._paused = True
            self._pause(True)

    def end(self, error: OSError | None) -> None:
        """The connection is gone: the peer closed it, or `error` says what happened."""
        if self.answered and self._until_close and error is None:
            self.complete = True
        elif not self.complete:
            what = error.strerror if error is not None else "the server closed the connection"
            when = "before the response was complete" if self.answered else "before answering"
            self.fail(httpx.ReadError(f"{what} {when}"))
        self.reusable = False
        self._wake()

    def fail(self, error: httpx.TransportError) -> None:
        """Let the consumer have `error` once it has had everything that came before."""
        self._error = self._error or error
        self._wake()

    # What the consumer asks.

    async def headers(self) -> None:
        """Return when status and header fields are here; raises httpx.TransportError."""
        while not self.answered:
            self._raise_error()
            await self._news()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[int, bytes]:
        while not self._reads:
            if self.complete:
                raise StopAsyncIteration
            self._raise_error()
            await self._news()
        read = self._reads.popleft()
        self._waiting_bytes -= len(read[1])
        if self._paused and self._waiting_bytes < BUFFER_LOW_BYTES:
            self._paused = False
            self._pause(False)
        return read

    async def each(self, take: Take) -> None:
        """Call `take` with every read, as soon as it is made; return when the body is complete or `take` said False.

        Unlike the iteration this wakes the consumer's task once, not for every read.

        Raises:
            httpx.TransportError: the response broke off, after all that came before.
            Exception: what `take` raised.
        """
        while self._reads:
            if not take(*await anext(self)):
                return
        self._take = take
        try:
            await self._handed_over()
        finally:
            self._take = None

    async def _handed_over(self) -> None:
        while self._take is not None and not self.complete:
            self._raise_error()
            await self._news()
        fault, self._fault = self._fault, None
        if fault is not None:
            try:
                raise fault
            finally:
                del fault  # or it and this frame would hold each other

    def _raise_error(self) -> None:
        """Raise what `fail` was told, if anything.

        A new one each time: what is raised holds the frames it passes, and they hold this object, which must not
        hold it in turn.
        """
        if self._error is not None:
            raise type(self._error)(str(self._error))

    def close(self) -> None:
        """No more will come: stop watching the time, and let go of the parser, which holds this object in a cycle."""
        self.fail(httpx.ReadError("the response was closed"))
        if self._timer is not None:
            self._timer.cancel()
        del self._parser

    async def _news(self) -> None:
        self._waiter = self._loop.create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _watch(self) -> None:
        """Fail if a limit has passed, else look again when the nearest one could.

        One timer a response: it is not moved when bytes come, it looks how long ago they came.
        """
        now_s = time.perf_counter()
        due_s = [] if self._timeouts.ends_at_s is None else [self._timeouts.ends_at_s]
        if self._timeouts.read is not None:
            idle_since_s = now_s if self._paused or self._reads else self._last_ns / 1e9
            due_s.append(idle_since_s + self._timeouts.read)
        if not due_s or self.complete:
            return
        left_s = min(due_s) - now_s
        if left_s <= 0:
            self.fail(httpx.ReadTimeout("no complete answer in time"))
        else:
            self._timer = self._loop.call_later(left_s, self._watch)
