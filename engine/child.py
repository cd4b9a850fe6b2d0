"""One of our own processes, seen from the one that started it: an engine, or the host of a session.

What crosses the socket is bytes here; who looks into them is no matter of this file.
"""

import asyncio
import subprocess
from contextlib import suppress
from typing import Final, Self

from .channel import Channel
from .launch import Launched

END_TIMEOUT_S: Final = 10.0


class Child:
    """A process at the other end of a channel; made by `adopt`. Belongs to the event loop it was adopted in.

    Attributes:
        gone: set once its end of the channel is closed.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.gone = asyncio.Event()
        self._process = process
        self._channel = Channel(self.received, self.lost)

    @classmethod
    async def adopt(cls, launched: Launched) -> Self:
        """Take over a process that was launched, perhaps before there was an event loop."""
        process, ours = launched
        made = cls(process)
        await asyncio.get_running_loop().create_connection(lambda: made._channel, sock=ours)
        return made

    def received(self, kind: bytes, body: bytes) -> None:
        """Take a message from it; whoever cares overrides this."""

    def lost(self) -> None:
        """Its end of the channel is closed."""
        self.gone.set()

    def say(self, kind: bytes, body: bytes) -> None:
        """Send it a message; never blocks."""
        self._channel.send(kind, body)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    async def status(self) -> int:
        """Its exit status, once it has ended."""
        return await asyncio.to_thread(self._process.wait)

    async def epitaph(self, what: str) -> str:
        """How it ended though nobody told it to, in one line that calls it `what`."""
        return f"{what} ended unexpectedly (exit status {await self.status()})"

    async def end(self) -> None:
        """Wait until it has ended, as it was told to; not for ever. Safe to call again."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), END_TIMEOUT_S)
        self._channel.close()
        try:
            await asyncio.wait_for(self.status(), END_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await self.status()
