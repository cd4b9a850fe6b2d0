"""One real ground-truth process, and a client that reads its sockets without any of infertop's own code."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from infertop.backends.groundtruth import GroundTruth, start_ground_truth


@dataclass
class Client:
    """A connection, and when each read of it returned what."""

    sock: socket.socket
    reads: list[tuple[int, bytes]] = field(default_factory=list)
    unread: bytearray = field(default_factory=bytearray)

    def ask(self, index: int, **fields: object) -> None:
        """Send a chat completion whose prompt is `index`."""
        asked = {"messages": [{"role": "user", "content": str(index)}], "stream": True, **fields}
        self.send("POST", "/v1/chat/completions", json.dumps(asked).encode())

    def send(self, method: str, path: str, body: bytes = b"") -> None:
        """Send one request."""
        self.sock.sendall(
            b"%b %b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (method.encode(), path.encode(), len(body))
        )
        self.sock.sendall(body)

    def read_until(self, end: bytes) -> bytes:
        """Everything up to and including `end`, from here on."""
        looked_at = 0
        while (at := self.unread.find(end, max(0, looked_at - len(end)))) < 0:
            looked_at = len(self.unread)
            piece = self.sock.recv(1 << 16)
            self.reads.append((time.perf_counter_ns(), piece))
            assert piece, bytes(self.unread[-200:])
            self.unread += piece
        got = bytes(self.unread[: at + len(end)])
        del self.unread[: at + len(end)]
        return got

    def answer(self) -> bytes:
        """A whole stream."""
        return self.read_until(b"\r\n0\r\n\r\n")

    def closed(self) -> bool:
        """Whether the server closes the connection."""
        while self.sock.recv(1 << 16):
            pass
        return True


def connect(server: GroundTruth) -> Client:
    """A client of `server`."""
    host, _, port = server.url.removeprefix("http://").removesuffix("/v1").partition(":")
    return Client(socket.create_connection((host, int(port)), timeout=10))


@pytest.fixture(scope="session")
def running() -> Iterator[GroundTruth]:
    with start_ground_truth() as server:
        yield server


@pytest.fixture
def server(running: GroundTruth) -> GroundTruth:
    """The server with an empty log."""
    running.take_log()
    return running


@pytest.fixture
def client(server: GroundTruth) -> Iterator[Client]:
    client = connect(server)
    yield client
    client.sock.close()
