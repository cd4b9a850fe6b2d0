"""What an engine's watcher says to it and hears from it, whatever carries the messages."""

from abc import ABC, abstractmethod
from asyncio import Event
from collections.abc import AsyncIterator, Callable

import msgspec

from .channel import COMMAND, KEEP, OPEN, PLACE, PLAN, READY, RECORDS
from .commands import Command, Stop
from .frame import Frame, MachineFrame
from .inbox import Inbox
from .place import Opening, Place
from .plan import RunPlan


class EngineLink(ABC):
    """One engine.

    Attributes:
        ready: set when a worker of a crew waits for the window to open.
        keep: called with each batch of records (a tuple of `record.RequestRecord`, encoded), if they were asked for.
        delay_ns: how long a message is under way, at the least.
    """

    delay_ns = 0

    def __init__(self) -> None:
        self.ready = Event()
        self.keep: Callable[[bytes], None] | None = None
        self._inbox = Inbox(self._epitaph)

    @abstractmethod
    def say(self, kind: bytes, body: bytes) -> None:
        """Send it a message; never blocks."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once."""

    @abstractmethod
    async def end(self) -> None:
        """Wait until it has ended, as it was told to; not for ever. Safe to call again."""

    @abstractmethod
    async def _epitaph(self) -> str:
        """How it ended though nobody told it to, in one line."""

    @property
    def machine(self) -> MachineFrame | None:
        """Where it runs, and how its clock goes; None for a process of this machine."""
        return None

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

    def take(self, kind: bytes, body: bytes) -> None:
        """Take a message from it."""
        if kind == RECORDS and self.keep is not None:
            self.keep(body)
        elif kind == READY:
            self.ready.set()
        else:
            self._inbox.take(kind, body)

    def frames(self) -> AsyncIterator[Frame]:
        """Frames as they come, the newest only; ends after the run's last one (phase "done").

        Raises:
            EngineError: the engine says it cannot run the plan, or died before its last frame.
        """
        return self._inbox.frames()

    def send(self, command: Command) -> None:
        """Ask the engine for something; never blocks."""
        self.say(COMMAND, msgspec.msgpack.encode(command))

    async def stop(self) -> Frame | None:
        """End the run and the engine; the last frame there was. Safe to call again."""
        self.send(Stop())
        await self.end()
        return self._inbox.newest()
