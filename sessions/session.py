"""A running session as a screen sees it: started by this process, or by another one and attached to.

It is what a screen needs of an engine: frames, commands, an end. In between is the host, which keeps the journal and
goes on when a screen leaves it behind.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import msgspec

from ..backends.printable import printable
from ..engine.channel import COMMAND, Channel
from ..engine.commands import Command, Stop
from ..engine.frame import Frame
from ..engine.inbox import EngineError, Inbox
from ..engine.launch import launch, program_for
from .folder import running, short_path, socket_path
from .wire import DETACH, ORDER, STATUS, Order, Status

_GREETING_S: Final = 5.0
_LAST_WORD_S: Final = 5.0
_END_S: Final = 20.0


class SessionError(Exception):
    """A session cannot be attached to; the text says why, in one safe line."""


class Session:
    """One screen's view of a session; made by `start` or `attach`. Belongs to the event loop it was made in.

    Attributes:
        status: how the session stands; None before the host has said so.
        detached: whether this screen has left it to itself.
    """

    def __init__(self, process: "subprocess.Popen[bytes] | None" = None) -> None:
        self.status: Status | None = None
        self.detached = False
        self._process = process
        self._channel = Channel(self._received, self._lost)
        self._greeted = asyncio.Event()
        self._gone = asyncio.Event()
        self._inbox = Inbox(self._epitaph)

    @classmethod
    async def start(cls, order: Order) -> Self:
        """Start a session; raises EngineError."""
        try:
            process, ours = launch("sessions.host", program_for(order.plan))
        except OSError as error:
            raise EngineError(f"the session's host cannot be started: {error}") from error
        made = cls(process)
        await asyncio.get_running_loop().create_connection(lambda: made._channel, sock=ours)
        made._channel.send(ORDER, msgspec.msgpack.encode(order))
        return made

    @classmethod
    async def attach(cls, folder: Path, session: str) -> Self:
        """Watch the running session of that id; raises SessionError."""
        made = cls()
        try:
            with short_path(socket_path(folder, session)) as near:
                await asyncio.get_running_loop().create_unix_connection(lambda: made._channel, near)
        except OSError:
            raise SessionError(f"no session {printable(session, 40)} is running") from None
        if not await made.greeted():
            raise SessionError(f"the session {printable(session, 40)} does not answer")
        return made

    def _received(self, kind: bytes, body: bytes) -> None:
        if kind == STATUS:
            self.status = msgspec.msgpack.decode(body, type=Status)
            self._greeted.set()
        else:
            self._inbox.take(kind, body)

    def _lost(self) -> None:
        self._gone.set()
        self._greeted.set()
        self._inbox.close()

    async def _epitaph(self) -> str:
        if self._process is None:
            return "the session ended unexpectedly: its host is gone"
        status = await asyncio.to_thread(self._process.wait)
        return f"the session's host ended unexpectedly (exit status {status})"

    @property
    def problem(self) -> str:
        """Why something is not recorded, though it should be; "" while all is well."""
        return self.status.problem if self.status else ""

    @property
    def watched_by_others(self) -> bool:
        """Whether this is not the only screen."""
        return self.status is not None and self.status.watchers > 1

    async def greeted(self) -> bool:
        """Whether the host says how the session stands; returns when it has, or does not."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._greeted.wait(), _GREETING_S)
        return self.status is not None

    def frames(self) -> AsyncIterator[Frame]:
        """Frames as they come, the newest only; ends after the run's last one.

        Raises:
            EngineError: the engine cannot run the plan, or died, or the host did.
        """
        return self._inbox.frames()

    def send(self, command: Command) -> None:
        """Ask the engine for something; never blocks."""
        self._channel.send(COMMAND, msgspec.msgpack.encode(command))

    async def stop(self) -> Frame | None:
        """End the session for everybody; the last frame there was. Safe to call again."""
        self.send(Stop())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), _END_S)
        self._channel.close()
        if self._process is not None:
            if not self._gone.is_set():
                self._process.kill()
            await asyncio.to_thread(self._process.wait)
        return self._inbox.newest()

    async def leave(self) -> Frame | None:
        """Stop watching; the last frame seen. A session that nobody watches ends, unless it was detached."""
        await self._channel.flush(_LAST_WORD_S)
        self._channel.close()
        await self._gone.wait()
        return self._inbox.newest()

    async def detach(self) -> Frame | None:
        """Stop watching, and let the session go on when nobody watches; the last frame seen."""
        self.detached = True
        self._channel.send(DETACH, b"")
        if self._process is not None:
            self._process.returncode = 0  # it outlives this process on purpose, which Popen need not warn of
        return await self.leave()


async def statuses(folder: Path) -> list[Status]:
    """How the sessions stand that run now, in the order of their start."""
    found = []
    for session in running(folder):
        with suppress(SessionError):
            made = await Session.attach(folder, session)
            if made.status is not None:
                found.append(made.status)
            await made.leave()
    return sorted(found, key=lambda status: status.started_utc)
