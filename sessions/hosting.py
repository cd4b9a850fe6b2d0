"""What the host of a session does: hand frames on to every screen, commands to the engine, and write the journal.

A session ends with its engine. Its engine is stopped when nobody watches any more, unless the session was detached.
Frames pass as the bytes they are, the newest only to a screen that is slow; nothing here decodes a whole one.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from .. import __version__
from ..engine.channel import COMMAND, FAILURE, FRAME, KEEP, MOMENT, PLAN, Channel
from ..engine.child import END_TIMEOUT_S, Child
from ..engine.commands import Command, Stop, StopReason
from ..engine.launch import Launched
from ..engine.ledger import FIGURES, TEXTS
from .folder import file_name, new_id, short_path, socket_path
from .journal.facts import Facts, redacted, this_machine
from .journal.rotation import make_room
from .journal.scribe import newest_head
from .keeping import Keeper
from .wire import DETACH, ORDER, STATUS, Order, Status

_LAST_WORD_S: Final = 5.0

_MOST_WAITING: Final = 4 << 20
"""Bytes that wait for a screen before it gets the newest frames only."""


class Engine(Child):
    """The engine of a session, its messages handed on as they are."""

    host: "Host"

    def received(self, kind: bytes, body: bytes) -> None:
        """Take a message from it."""
        self.host.engine_says(kind, body)


class Screen:
    """Somebody who watches: who started the session, or who attached to it."""

    def __init__(self, host: "Host") -> None:
        self._host = host
        self.channel = Channel(self._received, lambda: host.left(self))

    def _received(self, kind: bytes, body: bytes) -> None:
        try:
            self._host.screen_says(kind, body)
        except msgspec.DecodeError:
            self.channel.close()  # no screen of ours


class Host:
    """One session."""

    def __init__(self, engine: Engine) -> None:
        self.order: asyncio.Future[Order] = asyncio.get_running_loop().create_future()
        self._engine = engine
        self._screens: list[Screen] = []
        self._newest = b""
        self._failure = b""
        self._detached = False
        self._keeper: Keeper | None = None
        self._id = new_id()
        self._started = datetime.now(UTC)
        engine.host = self

    # --- who speaks ---

    def engine_says(self, kind: bytes, body: bytes) -> None:
        """Hand a message of the engine's on, and keep what the journal keeps."""
        if kind == FRAME:
            self._newest = body
        elif kind == FAILURE:
            self._failure = body
        kept = self._keeper is not None and self._keeper.take(kind, body)
        if kind in {FRAME, FAILURE}:
            self._tell(MOMENT if kept else kind, body)

    def screen_says(self, kind: bytes, body: bytes) -> None:
        """Hand a command on; raises msgspec.DecodeError for what no screen of ours says."""
        if kind == ORDER and not self.order.done():
            self.order.set_result(msgspec.msgpack.decode(body, type=Order))
        elif kind == COMMAND:
            command = msgspec.msgpack.decode(body, type=Command)
            self._engine.say(COMMAND, body)
            if isinstance(command, Stop) and command.hurry:
                self._see_it_end()
        elif kind == DETACH:
            self._detached = True
            if self._keeper is not None:
                self._keeper.note("watching", "left to run without a screen")
            self._tell_status()

    def screen(self) -> Channel:
        """Somebody attaches."""
        made = Screen(self)
        self._screens.append(made)
        if self.order.done():
            asyncio.get_running_loop().call_soon(self._welcome, made)
        return made.channel

    def _welcome(self, screen: Screen) -> None:
        self._tell_status()
        if self._newest:
            screen.channel.send(FRAME, self._newest)

    def left(self, screen: Screen) -> None:
        """Somebody is gone; without anybody the session ends, unless it was detached."""
        self._screens.remove(screen)
        if self._screens or self._detached:
            self._tell_status()
        else:
            self.stop("parent gone")
            self.order.cancel()

    def stop(self, reason: StopReason) -> None:
        """End the run without waiting for what is in flight."""
        self._engine.say(COMMAND, msgspec.msgpack.encode(Stop(reason)))
        self._see_it_end()

    def _see_it_end(self) -> None:
        """An engine that does not end when it is told to is ended."""
        asyncio.get_running_loop().call_later(END_TIMEOUT_S, self._engine.kill)

    # --- what is said ---

    def _tell(self, kind: bytes, body: bytes) -> None:
        for screen in self._screens:
            slow = kind == MOMENT and screen.channel.waiting > _MOST_WAITING
            screen.channel.send(FRAME if slow else kind, body)

    def _tell_status(self) -> None:
        if not self.order.done() or self.order.cancelled():
            return
        keeper = self._keeper
        status = Status(
            id=self._id,
            title=self.order.result().plan.title,
            started_utc=self._started.isoformat("T", "seconds"),
            file=str(keeper.file) if keeper else "",
            problem=keeper.problem if keeper else "",
            detached=self._detached,
            watchers=len(self._screens),
            host=os.getpid(),
        )
        self._tell(STATUS, msgspec.msgpack.encode(status))

    # --- the session ---

    async def run(self) -> None:
        """From the order to the end of the engine."""
        order = await self.order
        folder = Path(order.folder) if order.folder else None
        if order.record and (order.file or folder):
            file = Path(order.file or f"{order.folder}/{file_name(self._started, order.plan.title, self._id)}")
            self._keeper = Keeper(file, lambda: self._facts(order), self._tell_status)
            self._engine.say(KEEP, TEXTS if order.keep_text else FIGURES)
        self._engine.say(PLAN, msgspec.msgpack.encode(order.plan))
        self._tell_status()
        keeping = asyncio.create_task(self._keeper.run()) if self._keeper else None
        with _door(folder, self._id) as door:
            if door is not None:
                await asyncio.get_running_loop().create_unix_server(self.screen, sock=door)
            if self._keeper and folder and order.most_bytes:
                await asyncio.to_thread(make_room, folder, order.most_bytes)
            await self._engine.gone.wait()
        reason = await self._why_over()
        if keeping and self._keeper:
            self._keeper.end(reason)
            await asyncio.wait([keeping], timeout=_LAST_WORD_S)

    async def _why_over(self) -> str:
        """Why the session ended; screens are told if it was not as it should."""
        last = newest_head(self._newest)
        await self._engine.end()
        status = await self._engine.status()
        if self._failure:
            return self._failure.decode("utf-8", "replace")
        if last.phase == "done":
            return last.stop_reason
        words = f"the engine ended unexpectedly (exit status {status})"
        self._tell(FAILURE, words.encode())
        return words

    def _facts(self, order: Order) -> Facts:
        return Facts(
            id=self._id,
            title=order.plan.title,
            started_utc=self._started.isoformat("T", "seconds"),
            infertop=__version__,
            plan=redacted(order.plan),
            profile=order.profile,
            machine=this_machine(),
        )

    async def dismiss(self) -> None:
        """Let everybody go, once they have heard the last word."""
        await asyncio.gather(*(screen.channel.flush(_LAST_WORD_S) for screen in self._screens))
        for screen in self._screens:
            screen.channel.close()


@contextmanager
def _door(folder: Path | None, session: str) -> Iterator[socket.socket | None]:
    """The socket at which further screens attach; None where there cannot be one."""
    if folder is None:
        yield None
        return
    path = socket_path(folder, session)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with short_path(path) as near:
            door.bind(near)
        path.chmod(0o600)
    except OSError:
        door.close()
        yield None
        return
    try:
        yield door
    finally:
        path.unlink(missing_ok=True)


async def _serve(ours: socket.socket, launched: Launched) -> int:
    loop = asyncio.get_running_loop()
    engine = await Engine.adopt(launched)
    host = Host(engine)
    await loop.create_connection(host.screen, sock=ours)
    loop.add_signal_handler(signal.SIGTERM, host.stop, "interrupted")
    try:
        await host.run()
    except asyncio.CancelledError:
        return 1  # whoever started it was gone before saying what to run
    finally:
        await engine.end()
        await host.dismiss()
    return 0


def serve(fd: int, launched: Launched) -> int:
    """Host one session for whoever holds the other end of socket `fd`; the process's exit status."""
    ours = socket.socket(fileno=fd)
    ours.setblocking(False)
    return asyncio.run(_serve(ours, launched))
