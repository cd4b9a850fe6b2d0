"""Messages between an engine process and its watcher over one socket: newest frame wins, nobody ever blocks.

A message is a kind byte, a length (uint32, little-endian) and a body. Frames may be dropped on the way out while
the other side is slow (they are cumulative, so nothing is lost); everything else is kept in order.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from typing import Final, cast

FRAME: Final = b"F"
FAILURE: Final = b"E"
"""Body: one safe line, why the engine cannot run."""
PLAN: Final = b"P"
COMMAND: Final = b"C"
PLACE: Final = b"W"
"""Before the plan, from a crew to a worker: its place in the crew."""
READY: Final = b"R"
"""From a worker that has a place: connected and warmed up."""
OPEN: Final = b"O"
"""The answer to READY: when the window opens."""
MOMENT: Final = b"M"
"""From the host of a session: a frame that its journal keeps; never dropped, so that all who watch have seen it."""
KEEP: Final = b"K"
"""Before the plan: records of requests are wanted. Body: "texts" if prompts and answers are, else "figures"."""
RECORDS: Final = b"Q"
"""Body: a tuple of `record.RequestRecord`."""

LONGEST: Final = 64 << 20
_HEAD = struct.Struct("<cI")


class Channel(asyncio.Protocol):
    """One end of the socket.

    Args:
        received: called with kind and body of each whole message.
        lost: called once when the other side is gone.

    Attributes:
        waiting: bytes of messages that the other side was too slow to take so far; a frame does not count.
    """

    def __init__(self, received: Callable[[bytes, bytes], None], lost: Callable[[], None]) -> None:
        self._received = received
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._incoming = bytearray()
        self._newest_frame: bytes | None = None
        self._kept: deque[bytes] = deque()
        self.waiting = 0
        self._clogged = False
        self._over = False
        self._flushed = asyncio.Event()
        self._flushed.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start with a short queue: what waits in it is old."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so
        self._transport.set_write_buffer_limits(high=0)
        self._send_waiting()

    def data_received(self, data: bytes) -> None:
        """Cut what came into messages."""
        self._incoming += data
        while len(self._incoming) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._incoming)
            if length > LONGEST:
                assert self._transport is not None
                self._transport.abort()
                return
            if len(self._incoming) < _HEAD.size + length:
                return
            body = bytes(self._incoming[_HEAD.size : _HEAD.size + length])
            del self._incoming[: _HEAD.size + length]
            self._received(kind, body)

    def eof_received(self) -> bool:
        """The other side is gone; close."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - gone is gone
        """The other side is gone."""
        self._transport = None
        self._over = True
        self._flushed.set()
        self._lost()

    def pause_writing(self) -> None:
        """The other side is slow."""
        self._clogged = True

    def resume_writing(self) -> None:
        """The other side has caught up: send what was kept, then the newest frame."""
        self._clogged = False
        self._send_waiting()

    def send(self, kind: bytes, body: bytes) -> None:
        """Send a message; never blocks. An unsent older frame gives way to a newer one. To nobody it does nothing."""
        if self._over:
            return
        message = _HEAD.pack(kind, len(body)) + body
        if kind == FRAME:
            self._newest_frame = message
        else:
            self._kept.append(message)
            self.waiting += len(message)
            if kind == MOMENT:
                self._newest_frame = None  # it is older
        self._flushed.clear()
        self._send_waiting()

    def _send_waiting(self) -> None:
        while not self._clogged and self._transport is not None:
            if self._kept:
                message = self._kept.popleft()
                self.waiting -= len(message)
            elif self._newest_frame is not None:
                message, self._newest_frame = self._newest_frame, None
            else:
                self._flushed.set()
                return
            self._transport.write(message)

    async def flush(self, timeout_s: float) -> None:
        """Return when all was handed to the system, the other side is gone, or the time is over."""
        try:
            await asyncio.wait_for(self._flushed.wait(), timeout_s)
        except TimeoutError:
            return

    def close(self) -> None:
        """Close after what was written."""
        if self._transport is not None:
            self._transport.close()
