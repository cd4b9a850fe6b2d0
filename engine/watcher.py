"""An engine process's end of the socket to whoever started it, and what every engine process does besides its work.

It reads one plan, hands on commands, says in one line why it cannot go on, and sees to it that the process ends when
told, on SIGTERM, and when its watcher is gone. Ctrl-C in the terminal does not reach it (own session): its watcher
decides what that means.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from ..backends import event_loop
from ..backends.adapters.registry import UnknownApiError
from ..backends.credentials import CredentialError
from ..backends.fleet.process import FleetError
from ..backends.printable import printable
from ..backends.transport import ProxyError
from ..backends.urls import UrlError
from .channel import COMMAND, FAILURE, FRAME, KEEP, OPEN, PLACE, PLAN, READY, RECORDS, Channel
from .commands import Command, Stop, StopReason
from .frame import Frame, encode
from .place import Opening, Place
from .plan import RunPlan
from .workloads import WorkloadError

_LAST_WORD_S = 5.0

MOST_WAITING: Final = 16 << 20
"""Bytes of records that may wait for a slow watcher; what comes on top is given up."""


class RunError(Exception):
    """The run cannot begin or go on; the text is for a person."""


_USER_FAULTS: Final = (
    RunError, WorkloadError, CredentialError, FleetError, UrlError, UnknownApiError, ProxyError,
)  # fmt: skip


class Watcher:
    """Whoever watches this process: a screen, or the crew it belongs to.

    Attributes:
        plan: comes first.
        place: in a crew; None when alone. Known once the plan is.
        opening: when the window opens; a crew answers `ready` with it.
        stopped: the first that was said of an end.
        keep: the body of the message that asked for records of requests; None where nobody wants them. Known once
            the plan is.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.plan: asyncio.Future[RunPlan] = loop.create_future()
        self.place: Place | None = None
        self.opening: asyncio.Future[Opening] = loop.create_future()
        self.stopped: asyncio.Future[Stop] = loop.create_future()
        self.keep: bytes | None = None
        self.channel = Channel(self._received, lambda: self.end("parent gone"))
        self._early: list[Command] = []
        self._obey: Callable[[Command], None] = self._early.append

    def _received(self, kind: bytes, body: bytes) -> None:
        if kind == PLAN and not self.plan.done():
            self.plan.set_result(msgspec.msgpack.decode(body, type=RunPlan))
        elif kind == PLACE:
            self.place = msgspec.msgpack.decode(body, type=Place)
        elif kind == OPEN and not self.opening.done():
            self.opening.set_result(msgspec.msgpack.decode(body, type=Opening))
        elif kind == KEEP:
            self.keep = body
        elif kind == COMMAND:
            self._take(msgspec.msgpack.decode(body, type=Command))

    def _take(self, command: Command) -> None:
        """Hand `command` on; a stop before there is a plan ends the process."""
        if isinstance(command, Stop):
            if self.plan.cancel():
                return
            if not self.stopped.done():
                self.stopped.set_result(command)
        self._obey(command)

    def obeyed_by(self, obey: Callable[[Command], None]) -> None:
        """Hand commands to `obey` from now on, first those that came before."""
        self._obey = obey
        for command in self._early:
            obey(command)

    def end(self, reason: StopReason) -> None:
        """End the run without waiting for what is in flight."""
        self._take(Stop(reason))

    def show(self, frame: Frame) -> None:
        """Send a frame; one that was not sent yet gives way to it."""
        self.channel.send(FRAME, encode(frame))

    def record(self, batch: bytes) -> None:
        """Send a batch of records, unless so many wait already that it must be given up."""
        if self.channel.waiting <= MOST_WAITING:
            self.channel.send(RECORDS, batch)

    def ready(self) -> None:
        """Say that all is connected and warmed up."""
        self.channel.send(READY, b"")


async def _serve(sock: socket.socket, perform: Callable[[RunPlan, Watcher], Awaitable[None]]) -> int:
    loop = asyncio.get_running_loop()
    watcher = Watcher()
    await loop.create_connection(lambda: watcher.channel, sock=sock)
    loop.add_signal_handler(signal.SIGTERM, watcher.end, "interrupted")
    try:
        await perform(await watcher.plan, watcher)
    except _USER_FAULTS as error:
        watcher.channel.send(FAILURE, printable(str(error), 500).encode())
        return 1
    except asyncio.CancelledError:
        return 1
    except Exception as error:  # noqa: BLE001 - the watcher must learn why; a traceback would have no reader
        watcher.channel.send(FAILURE, printable(f"engine fault: {type(error).__name__}: {error}", 500).encode())
        return 1
    else:
        return 0
    finally:
        await watcher.channel.flush(_LAST_WORD_S)
        watcher.channel.close()


def serve_one_plan(perform: Callable[[RunPlan, Watcher], Awaitable[None]]) -> int:
    """Serve one plan over the socket whose descriptor is the first argument; the process's exit status."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    sock.setblocking(False)
    _close_stdio()
    return event_loop.run(_serve(sock, perform))


def _close_stdio() -> None:
    """Point the standard streams at nothing: a stray print must not tear a frame on somebody's screen."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
