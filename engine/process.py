"""The engine as its watcher sees it: start a plan, receive Frames, send commands, stop.

The engine is always its own process, so that no picture can disturb a measurement (architecture.md, "One data
path"); nothing but frames and commands crosses. A crew watches its workers through the same door.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Literal

import msgspec

from .channel import COMMAND, FAILURE, FRAME, OPEN, PLACE, PLAN, READY, Channel
from .commands import Command, Stop
from .frame import Frame, decode
from .place import Opening, Place
from .plan import RunPlan

_END_TIMEOUT_S = 10.0


class EngineError(Exception):
    """The engine could not run the plan, or died; the text says why, in one safe line."""


class EngineProcess:
    """A running engine; made by `start`. Belongs to the event loop it was started in.

    Attributes:
        ready: set when a worker of a crew waits for the window to open.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.ready = asyncio.Event()
        self._process = process
        self._channel = Channel(self._received, self._lost)
        self._newest: bytes | None = None
        self._last: Frame | None = None
        self._failure: str | None = None
        self._news = asyncio.Event()
        self._gone = asyncio.Event()

    @classmethod
    async def start(cls, plan: RunPlan) -> "EngineProcess":
        """Spawn an engine for `plan`, one worker or a crew of them; its first frames say phase "starting".

        Raises:
            EngineError: the process cannot be started.
        """
        made = await cls.spawn("worker" if plan.workers == 1 else "crew")
        made.assign(plan)
        return made

    @classmethod
    async def spawn(cls, program: Literal["worker", "crew"]) -> "EngineProcess":
        """A process that waits for its plan; raises EngineError."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            process = subprocess.Popen(  # noqa: ASYNC220 - a fork takes a millisecond, once
                [sys.executable, "-m", f"infertop.engine.{program}", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise EngineError(f"the engine process cannot be started: {error}") from error
        finally:
            theirs.close()
        made = cls(process)
        await asyncio.get_running_loop().create_connection(lambda: made._channel, sock=ours)
        return made

    def assign(self, plan: RunPlan, place: Place | None = None) -> None:
        """Let it run `plan`, all of it or the share that `place` says."""
        if place is not None:
            self._channel.send(PLACE, msgspec.msgpack.encode(place))
        self._channel.send(PLAN, msgspec.msgpack.encode(plan))

    def open(self, opening: Opening) -> None:
        """Let a worker that is ready open its window."""
        self._channel.send(OPEN, msgspec.msgpack.encode(opening))

    def _received(self, kind: bytes, body: bytes) -> None:
        if kind == FRAME:
            self._newest = body
        elif kind == FAILURE:
            self._failure = body.decode("utf-8", "replace")
        elif kind == READY:
            self.ready.set()
        self._news.set()

    def _lost(self) -> None:
        self._gone.set()
        self._news.set()

    async def frames(self) -> AsyncIterator[Frame]:
        """Frames as they come, the newest only; ends after the run's last one (phase "done").

        Raises:
            EngineError: the engine says it cannot run the plan, or died before its last frame.
        """
        while True:
            await self._news.wait()
            self._news.clear()
            if self._newest is not None:
                self._last, self._newest = decode(self._newest), None
                yield self._last
            elif self._gone.is_set():
                break
            if self._gone.is_set():
                self._news.set()
        if self._failure is not None:
            raise EngineError(self._failure)
        if self._last is None or self._last.phase != "done":
            status = await asyncio.to_thread(self._process.wait)
            raise EngineError(f"the engine ended unexpectedly (exit status {status})")

    def send(self, command: Command) -> None:
        """Ask the engine for something; never blocks."""
        self._channel.send(COMMAND, msgspec.msgpack.encode(command))

    def kill(self) -> None:
        """End the process at once; `frames` tells of it."""
        self._process.kill()

    async def stop(self) -> Frame | None:
        """End the run and the process; the last frame there was. Safe to call again."""
        self.send(Stop())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), _END_TIMEOUT_S)
        if self._newest is not None:
            self._last, self._newest = decode(self._newest), None
        self._channel.close()
        try:
            await asyncio.wait_for(asyncio.to_thread(self._process.wait), _END_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        return self._last
