"""Starting and ending the observer's own process.

Parsing a page takes milliseconds, in which a process that measures would be late for every stamp; so pages and
drivers are read elsewhere, and only small readings cross. The child ends when its standard input closes: with
`ObserverProcess.close()`, or with its parent, however that died.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import msgspec

from .plan import Target
from .readings import Message, Ready

_CLOSE_TIMEOUT_S: Final = 1.0
_LONGEST_LINE: Final = 1 << 20


class ObserverProcess(asyncio.Protocol):
    """A running observer; made by `start`. Belongs to the event loop it was started in.

    Args:
        take: called with every message.
        lost: called once when it has ended of itself.

    Attributes:
        ready: set when it has begun to watch, or is gone.
    """

    def __init__(
        self, child: "subprocess.Popen[bytes]", take: Callable[[Message], None], lost: Callable[[], None]
    ) -> None:
        self.ready = asyncio.Event()
        self._child = child
        self._take = take
        self._lost = lost
        self._incoming = bytearray()
        self._decoder = msgspec.json.Decoder(Message)
        self._transport: asyncio.ReadTransport | None = None
        self._closing = False

    @classmethod
    async def start(cls, take: Callable[[Message], None], lost: Callable[[], None]) -> "ObserverProcess":
        """Start a process that waits for its targets; returns before it is up. Raises OSError."""
        child = subprocess.Popen(  # noqa: ASYNC220 - a fork takes a millisecond, once
            [sys.executable, "-P", "-m", __package__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # The parent's own import path: the same package, and nothing that lies in the working directory.
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
            start_new_session=True,
        )
        made = cls(child, take, lost)
        await asyncio.get_running_loop().connect_read_pipe(lambda: made, child.stdout)
        return made

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    def watch(self, targets: Iterable[Target]) -> None:
        """Tell it what to watch, once."""
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):
            self._child.stdin.write(msgspec.json.encode(list(targets)) + b"\n")
            self._child.stdin.flush()

    def close(self) -> None:
        """End the process and wait until it is gone; may be called twice."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()
        if self._child.stdin is not None:
            with suppress(BrokenPipeError):
                self._child.stdin.close()
        try:
            self._child.wait(_CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the pipe, to close it."""
        self._transport = cast("asyncio.ReadTransport", transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        """Hand on every whole line; one that is no message ends the observer, for nothing it says can be trusted."""
        self._incoming += data
        *lines, rest = self._incoming.split(b"\n")
        self._incoming = rest
        try:
            if len(rest) > _LONGEST_LINE:
                raise ValueError("a line without an end")
            for line in lines:
                message = self._decoder.decode(line)
                if isinstance(message, Ready):
                    self.ready.set()
                else:
                    self._take(message)
        except ValueError:  # msgspec's errors are such
            self._child.kill()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - gone is gone
        """Tell of it, unless it was closed."""
        self._transport = None
        self.ready.set()
        if not self._closing:
            self._lost()
