"""A worker on another machine as its crew sees it: messages by way of its actor, moments in its machine's clock."""

import asyncio
import time
from contextlib import suppress
from typing import Any, Final

from msgspec.structs import replace

from ...backends.printable import printable
from ..channel import FAILURE
from ..child import END_TIMEOUT_S
from ..commands import Command, Stop
from ..frame import MachineFrame
from ..link import EngineLink
from ..place import Opening
from .clocks import Exchange, Offset, offset
from .outpost import Greeting, Message

FIRST_EXCHANGES: Final = 30
LATER_EXCHANGES: Final = 8
READ_EVERY_S: Final = 10.0
"""How often its clock is read: that many questions before the window opens, then these every so often."""


class DistantWorker(EngineLink):
    """A worker that an actor has started; its clock is read before anything else.

    Args:
        ray: the package.
        number: its own, among the workers.
        actor: of `Outpost`, greeted.
        greeting: its answer.

    Attributes:
        host: name of the machine, safe.
    """

    def __init__(self, ray: Any, number: int, actor: Any, greeting: Greeting) -> None:
        super().__init__()
        self.host = printable(greeting.host, 60)
        self._ray = ray
        self._number = number
        self._actor = actor
        self._offset = Offset(0, 0, 0)
        self._opened: Offset | None = None
        self._unsent: asyncio.Queue[Message] = asyncio.Queue()
        self._why = ""
        self._tasks = [asyncio.create_task(each) for each in (self._listen(), self._speak(), self._keep_time())]

    # --- messages ---

    def say(self, kind: bytes, body: bytes) -> None:
        """Send it a message; never blocks."""
        self._unsent.put_nowait((kind, body))

    async def _speak(self) -> None:
        """Hand on what there is to say, in order: calls of an actor may overtake each other."""
        with suppress(Exception):  # that the actor is gone, whoever listens to it is told
            while True:
                messages = [await self._unsent.get()]
                while not self._unsent.empty():
                    messages.append(self._unsent.get_nowait())
                await self._actor.tell.remote(messages)

    async def _listen(self) -> None:
        try:
            while (messages := await self._actor.hear.remote()) is not None:
                for kind, body in messages:
                    self.take(kind, body)
            self._why = await self._actor.epitaph.remote()
        except Exception as error:  # noqa: BLE001 - whatever it is, no more will come
            self._why = f"its actor is gone: {last_line(error)}"
        finally:
            self._inbox.close()

    def take(self, kind: bytes, body: bytes) -> None:
        """Take a message from it; of a failure, also where it was."""
        super().take(kind, f"on {self.host}: ".encode() + body if kind == FAILURE else body)

    async def _epitaph(self) -> str:
        return f"on {self.host}: {self._why}"

    # --- time ---

    async def _keep_time(self) -> None:
        with suppress(Exception):
            while True:
                await asyncio.sleep(READ_EVERY_S)
                await self.read_clock(LATER_EXCHANGES)

    async def read_clock(self, exchanges: int = FIRST_EXCHANGES) -> None:
        """Find out how far its clock is from ours, in so many questions."""
        made = []
        for _ in range(exchanges):
            asked_ns = time.perf_counter_ns()
            said_ns = await self._actor.now_ns.remote()
            made.append(Exchange(asked_ns, said_ns, time.perf_counter_ns()))
        self._offset = offset(made)
        self.delay_ns = self._offset.round_trip_ns

    @property
    def machine(self) -> MachineFrame:
        """Where it runs, and how its clock goes."""
        moved_ns = 0 if self._opened is None else abs(self._offset.ahead_ns - self._opened.ahead_ns)
        return MachineFrame(
            worker=self._number,
            host=self.host,
            clock_offset_ns=self._offset.ahead_ns,
            clock_error_ns=moved_ns + self._offset.error_ns,
        )

    def open(self, opening: Opening) -> None:
        """Let it open its window at a moment of our clock."""
        self._opened = self._offset
        super().open(replace(opening, at_ns=opening.at_ns + self._offset.ahead_ns))

    def send(self, command: Command) -> None:
        """Ask it for something; the moment it is for, if any, is one of our clock."""
        if not isinstance(command, Stop) and command.at_ns:
            command = replace(command, at_ns=command.at_ns + self._offset.ahead_ns)
        super().send(command)

    # --- the end ---

    def kill(self) -> None:
        """End it at once."""
        with suppress(Exception):  # it may be gone already
            self._ray.kill(self._actor)

    async def end(self) -> None:
        """Wait until it has ended, as it was told to; not for ever. Safe to call again."""
        with suppress(Exception):  # it may be gone already
            await asyncio.wait_for(self._actor.end.remote(), END_TIMEOUT_S)
        self.kill()
        for task in self._tasks:
            task.cancel()


def last_line(error: BaseException) -> str:
    """What an exception of Ray's comes to: its last line, after whole tracebacks of other machines. Safe."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return printable(lines[-1].strip() if lines else type(error).__name__, 300)
