"""A server that says exactly the bytes it is told to, when it is told to, over a real socket."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: "RawServer") -> None:
        self.reader = reader
        self.writer = writer
        self.server = server

    async def request(self) -> tuple[str, bytes]:
        """The next request's head and body; raises IncompleteReadError when the client is gone."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = 0
        for line in head.lower().split("\r\n"):
            if line.startswith("content-length:"):
                length = int(line.split(":")[1])
        body = await self.reader.readexactly(length)
        self.server.requests.append((head, body))
        return head, body

    async def send(self, *pieces: bytes, pause_s: float = 0.0) -> None:
        """Write the pieces, each its own write, with a pause after each."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(pause_s)

    async def gone(self) -> None:
        """Return when the client closed or reset the connection."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass
        self.server.gone.set()

    def reset(self) -> None:
        """Send RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


class RawServer:
    """Runs `script` for every connection, then closes it.

    Attributes:
        url: where it listens, without a path.
        requests: (head, body) of every request read, in order.
        connections: how many there were.
        gone: set when `Peer.gone` returned.
    """

    def __init__(self, script: Script) -> None:
        self.url = ""
        self.port = 0
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0
        self.gone = asyncio.Event()
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._script(Peer(reader, writer, self))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def says(*pieces: bytes, pause_s: float = 0.0) -> Script:
    """Answer every request of a connection with the pieces, each its own write, with a pause after each."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(*pieces, pause_s=pause_s)

    return script


def says_once(*pieces: bytes, pause_s: float = 0.0) -> Script:
    """Answer the first request of a connection, then close it."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces, pause_s=pause_s)

    return script


def chunk(body: bytes) -> bytes:
    """One chunk of a chunked body; an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(body), body)
