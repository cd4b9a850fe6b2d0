"""The engine as its watcher sees it: start a plan, receive Frames, send commands, stop.

The engine is always its own process, so that no picture can disturb a measurement (architecture.md, "One data
path"); nothing but frames, records of requests and commands crosses. A crew watches its workers through the same
door.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from typing import Literal

import msgspec

from .channel import COMMAND, KEEP, OPEN, PLACE, PLAN, READY, RECORDS
from .child import Child
from .commands import Command, Stop
from .frame import Frame
from .inbox import EngineError, Inbox
from .launch import launch
from .place import Opening, Place
from .plan import RunPlan


class EngineProcess(Child):
    """A running engine; made by `start`.

    Attributes:
        ready: set when a worker of a crew waits for the window to open.
        keep: called with each batch of records (a tuple of `record.RequestRecord`, encoded), if they were asked for.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        super().__init__(process)
        self.ready = asyncio.Event()
        self.keep: Callable[[bytes], None] | None = None
        self._inbox = Inbox(self._epitaph)

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
        try:
            launched = launch(f"engine.{program}")  # a fork takes a millisecond, once
        except OSError as error:
            raise EngineError(f"the engine process cannot be started: {error}") from error
        return await cls.adopt(launched)

    def assign(self, plan: RunPlan, place: Place | None = None, keep: bytes | None = None) -> None:
        """Let it run `plan`, all of it or the share that `place` says, and send records if told to `keep` them.

        `keep` is the body of a KEEP message.
        """
        if keep is not None:
            self.say(KEEP, keep)
        if place is not None:
            self.say(PLACE, msgspec.msgpack.encode(place))
        self.say(PLAN, msgspec.msgpack.encode(plan))

    def open(self, opening: Opening) -> None:
        """Let a worker that is ready open its window."""
        self.say(OPEN, msgspec.msgpack.encode(opening))

    def received(self, kind: bytes, body: bytes) -> None:
        """Take a message from it."""
        if kind == RECORDS and self.keep is not None:
            self.keep(body)
        elif kind == READY:
            self.ready.set()
        else:
            self._inbox.take(kind, body)

    def lost(self) -> None:
        """It is gone."""
        super().lost()
        self._inbox.close()

    def frames(self) -> AsyncIterator[Frame]:
        """Frames as they come, the newest only; ends after the run's last one (phase "done").

        Raises:
            EngineError: the engine says it cannot run the plan, or died before its last frame.
        """
        return self._inbox.frames()

    async def _epitaph(self) -> str:
        return await self.epitaph("the engine")

    def send(self, command: Command) -> None:
        """Ask the engine for something; never blocks."""
        self.say(COMMAND, msgspec.msgpack.encode(command))

    async def stop(self) -> Frame | None:
        """End the run and the process; the last frame there was. Safe to call again."""
        self.send(Stop())
        await self.end()
        return self._inbox.newest()
