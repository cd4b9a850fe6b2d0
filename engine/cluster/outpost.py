"""What runs on a cluster's machine: an engine worker's process, and an actor that hands its messages on.

The worker is a process of its own, as in a crew on one machine: no thread of Ray's is beside the event loop whose
stamps count. It ends when the actor does, for its watcher is then gone.
"""

import asyncio
import socket
import subprocess
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from ... import __version__
from ..channel import FRAME, RECORDS
from ..child import Child
from ..launch import launch
from ..watcher import MOST_WAITING

Message = tuple[bytes, bytes]
"""Kind and body (`channel`)."""

LEFT_S: Final = 15.0
"""How long what a worker says may wait before it counts as left alone; a frame is fetched ten times a second.

Ray itself notices at once that a crew within the cluster is gone, but takes half a minute over one outside it, and
all that while the worker would send load that nobody sees or can stop."""

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """Who is there: version of infertop, name of the machine, and what tells it from every other."""

    infertop: str
    host: str
    machine: str


def greeting() -> Greeting:
    """This machine's."""
    boot = ""
    with suppress(OSError):
        boot = _BOOT_ID.read_text().strip()
    host = socket.gethostname()
    return Greeting(infertop=__version__, host=host, machine=f"{host} {boot}")


class Outbox:
    """Messages that wait to be fetched: the newest frame only, and all else, but no more records than is sensible."""

    def __init__(self) -> None:
        self._kept: deque[Message] = deque()
        self._frame: Message | None = None
        self._waiting = 0
        self._news = asyncio.Event()
        self._closed = False
        self._since_s: float | None = None

    @property
    def waiting_s(self) -> float:
        """How long the oldest that waits has waited; 0 while nothing does."""
        return 0.0 if self._since_s is None else time.monotonic() - self._since_s

    def put(self, kind: bytes, body: bytes) -> None:
        """Take a message in."""
        if kind == FRAME:
            self._frame = (kind, body)
        elif kind != RECORDS or self._waiting <= MOST_WAITING:
            self._kept.append((kind, body))
            self._waiting += len(body)
        self._since_s = self._since_s or time.monotonic()
        self._news.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._news.set()

    async def take(self) -> list[Message] | None:
        """What waits, once there is something, the frame after what was sent before it; None when all was taken."""
        await self._news.wait()
        taken = [*self._kept, *([self._frame] if self._frame else [])]
        self._kept.clear()
        self._frame, self._waiting, self._since_s = None, 0, None
        if not self._closed:
            self._news.clear()
        return taken or (None if self._closed else [])


class _Worker(Child):
    """The worker's process; what it says waits in `outbox`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        super().__init__(process)
        self.outbox = Outbox()

    def received(self, kind: bytes, body: bytes) -> None:
        self.outbox.put(kind, body)

    def lost(self) -> None:
        super().lost()
        self.outbox.close()


class Outpost:
    """The actor: `greet` comes first. All that crosses is plain bytes and numbers."""

    _worker: _Worker
    _minding: asyncio.Task[None]

    async def greet(self) -> bytes:
        """Start the worker's process, which waits for its plan; an encoded `Greeting`."""
        self._worker = await _Worker.adopt(launch("engine.worker"))
        self._minding = asyncio.create_task(self._mind())
        return msgspec.msgpack.encode(greeting())

    async def now_ns(self) -> int:
        """The clock of this machine's stamps."""
        return time.perf_counter_ns()

    async def tell(self, messages: list[Message]) -> None:
        """Hand messages to the worker."""
        for kind, body in messages:
            self._worker.say(kind, body)

    async def hear(self) -> list[Message] | None:
        """What the worker said since the last time, once it says something; None when it has ended."""
        return await self._worker.outbox.take()

    async def epitaph(self) -> str:
        """How the worker ended though nobody told it to, in one line."""
        return await self._worker.epitaph("the engine")

    async def end(self) -> None:
        """Return when the worker has ended, as it was told to; not for ever."""
        await self._worker.end()

    async def _mind(self) -> None:
        """End a worker that was left alone."""
        while not self._worker.gone.is_set():
            await asyncio.sleep(LEFT_S / 10)
            if self._worker.outbox.waiting_s > LEFT_S:
                self._worker.kill()
                return
