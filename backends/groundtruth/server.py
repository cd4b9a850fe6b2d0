"""The server's loop: one thread, one selector, one heap of tokens that are due.

Written for exact times at little cost: a paced token is a heap step, a clock reading and a `send`. Waiting is
`select(2)` on the selector's descriptor, which takes microseconds where `epoll_wait` takes milliseconds; with the
least timer slack it is late by 0.03 ms at p50, as a timerfd is.
"""

import ctypes
import heapq
import os
import select
import selectors
import socket
import struct
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from .log import Log, Written, encode
from .wire import (
    STREAM_HEAD,
    Asked,
    Order,
    Pace,
    RefusalError,
    model_list,
    read_order,
    refused,
    response,
    take_request,
    token_event,
    trailer,
)

_READ_BYTES: Final = 64 << 10
_SO_TIMESTAMPNS: Final = 35
"""asm-generic/socket.h; the `socket` module does not name it. The control message has the same number."""
_TIMESPEC: Final = struct.Struct("@ll")
_PR_SET_TIMERSLACK: Final = 29
_now_ns = time.perf_counter_ns


class _Connection:
    """A client, and the answer it is being written."""

    __slots__ = ("at_ns", "closed", "inbox", "number", "order", "outbox", "received_ns", "sock")

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number  # breaks ties in the heap
        self.closed = False
        self.inbox = bytearray()
        self.outbox = b""
        self.received_ns = 0
        self.order: Order | None = None
        self.at_ns = array("q")

    def due_ns(self, order: Order) -> int:
        """When the next token is due."""
        return self.received_ns + order.ttft_ns + len(self.at_ns) * order.gap_ns


class Server:
    """Serves chat completions on `listener`, which it takes over, at `pace` where a request does not say its own."""

    def __init__(self, listener: socket.socket, pace: Pace) -> None:
        self._listener = listener
        self._pace = pace
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[int, int, _Connection]] = []
        self._eager: deque[_Connection] = deque()
        self._connections = 0
        self._events: list[bytes] = []
        self._ended: list[Written] = []
        self._stopped = False
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)

    def stop_with(self, descriptor: int) -> None:
        """Stop when the other end of `descriptor` is closed."""
        self._selector.register(descriptor, selectors.EVENT_READ, lambda _: self._stop_at_end(descriptor))

    def _stop_at_end(self, descriptor: int) -> None:
        self._stopped = not os.read(descriptor, 4096)

    def run(self) -> None:
        """Serve until stopped."""
        _least_timer_slack()
        # Every selector but the Windows one has a descriptor; readable when one of its own is ready.
        ready = [cast("selectors.EpollSelector", self._selector).fileno()]
        while not self._stopped:
            select.select(ready, (), (), self._wait_s())
            for key, events in self._selector.select(0):
                handle: Callable[[int], None] = key.data
                handle(events)
            self._write_due()
            self._write_eager()

    def _wait_s(self) -> float | None:
        if self._eager:
            return 0.0
        return max(0.0, (self._due[0][0] - _now_ns()) / 1e9) if self._due else None

    # --- reading ---

    def _accept(self, _: int) -> None:
        while True:
            try:
                sock, _address = self._listener.accept()
            except OSError:  # nobody there any more, or no descriptor left
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if sys.platform == "linux":
                sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            connection = _Connection(sock, self._connections)
            self._connections += 1
            self._watch(connection, selectors.EVENT_READ)

    def _watch(self, connection: _Connection, events: int) -> None:
        def handle(ready: int) -> None:
            if ready & selectors.EVENT_READ:
                self._read(connection)
            if ready & selectors.EVENT_WRITE and not connection.closed:
                self._resume(connection)

        try:
            self._selector.modify(connection.sock, events, handle)
        except KeyError:
            self._selector.register(connection.sock, events, handle)

    def _read(self, connection: _Connection) -> None:
        try:
            data, control, _, _ = connection.sock.recvmsg(_READ_BYTES, socket.CMSG_SPACE(_TIMESPEC.size))
        except BlockingIOError:
            return
        except OSError:
            self._close(connection)
            return
        if not data:
            self._close(connection)
            return
        connection.received_ns = _received_ns(control)
        connection.inbox += data
        self._answer_next(connection)

    def _answer_next(self, connection: _Connection) -> None:
        """Answer what has been read, unless an answer is still under way."""
        while connection.order is None and not connection.outbox and not connection.closed:
            try:
                asked = take_request(connection.inbox)
                if asked is None:
                    return
                self._answer(connection, asked)
            except RefusalError as error:
                self._send(connection, refused(error))
                if error.status == 400:
                    self._close(connection)

    def _answer(self, connection: _Connection, asked: Asked) -> None:
        path = asked.path.partition("?")[0]
        match asked.method, path.removeprefix("/v1"):
            case "POST", "/chat/completions":
                self._begin(connection, read_order(asked.body, self._pace))
            case "GET", "/models":
                self._send(connection, model_list())
            case "GET", "/log":
                self._send(connection, response(200, self._take_log(), "application/octet-stream"))
            case "GET", "/" | "/health":
                self._send(connection, response(200, b"{}"))
            case _:
                served = "POST /v1/chat/completions, GET /v1/models, GET /log, GET /health"
                raise RefusalError(404, f"nothing at {path}; served: {served}")

    def _take_log(self) -> bytes:
        """Everything that ended since the last time, which is then forgotten."""
        log = Log(_now_ns(), time.process_time_ns(), tuple(self._ended))
        self._ended.clear()
        return encode(log)

    # --- writing ---

    def _begin(self, connection: _Connection, order: Order) -> None:
        self._events += map(token_event, range(len(self._events), order.tokens))
        connection.order = order
        connection.at_ns = array("q")
        if self._send(connection, STREAM_HEAD):
            self._schedule(connection, order)

    def _schedule(self, connection: _Connection, order: Order) -> None:
        if order.gap_ns == 0 and connection.at_ns:
            self._eager.append(connection)
        else:
            heapq.heappush(self._due, (connection.due_ns(order), connection.number, connection))

    def _write_due(self) -> None:
        due, now_ns = self._due, _now_ns()
        while due and due[0][0] <= now_ns:
            connection = due[0][2]
            order = connection.order
            if connection.closed or order is None or not self._write_token(connection, order):
                heapq.heappop(due)
            elif order.gap_ns == 0:
                heapq.heappop(due)
                self._eager.append(connection)
            else:
                heapq.heapreplace(due, (connection.due_ns(order), connection.number, connection))

    def _write_eager(self) -> None:
        """One token of each answer that is written as fast as possible."""
        for _ in range(len(self._eager)):
            connection = self._eager.popleft()
            order = connection.order
            if not connection.closed and order is not None and self._write_token(connection, order):
                self._eager.append(connection)

    def _write_token(self, connection: _Connection, order: Order) -> bool:
        """Write the next token; whether more can follow. Its time is that of the write that takes its first byte."""
        at_ns = connection.at_ns
        event = self._events[len(at_ns)]
        now_ns = _now_ns()
        try:
            sent = connection.sock.send(event)
        except BlockingIOError:
            self._watch(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
            return False
        except OSError:
            self._close(connection)
            return False
        at_ns.append(now_ns)
        if sent < len(event):
            connection.outbox = event[sent:]
            self._watch(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
            return False
        if len(at_ns) < order.tokens:
            return True
        self._finish(connection, order)
        return False

    def _finish(self, connection: _Connection, order: Order) -> None:
        self._end(connection)
        if self._send(connection, trailer(order)):
            self._answer_next(connection)

    def _end(self, connection: _Connection) -> None:
        """Note what was written of the answer under way."""
        order = connection.order
        if order is None:
            return
        connection.order = None
        self._ended.append(
            Written(order.index, connection.received_ns, order.ttft_ns, order.gap_ns, order.tokens, connection.at_ns)
        )

    def _send(self, connection: _Connection, data: bytes) -> bool:
        """Write `data`; whether all of it was taken. What was not waits in the outbox."""
        try:
            sent = connection.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close(connection)
            return False
        if sent == len(data):
            return True
        connection.outbox = data[sent:]
        self._watch(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
        return False

    def _resume(self, connection: _Connection) -> None:
        """The client takes bytes again: the rest of the last write, then what should have followed it."""
        waiting, connection.outbox = connection.outbox, b""
        if waiting and not self._send(connection, waiting):
            return
        self._watch(connection, selectors.EVENT_READ)
        order = connection.order
        if order is None:
            self._answer_next(connection)
        elif len(connection.at_ns) < order.tokens:
            self._schedule(connection, order)
        else:
            self._finish(connection, order)

    def _close(self, connection: _Connection) -> None:
        if not connection.closed:
            connection.closed = True
            self._end(connection)
            self._selector.unregister(connection.sock)
            connection.sock.close()


def _received_ns(control: list[tuple[int, int, bytes]]) -> int:
    """When the last segment of a read arrived: the kernel's word, else now."""
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            age_ns: int = time.time_ns() - (seconds * 1_000_000_000 + nanoseconds)
            return _now_ns() - max(age_ns, 0)
    return _now_ns()


def _least_timer_slack() -> None:
    """Let `select(2)` return when it should; Linux would otherwise round up by 50 µs."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
