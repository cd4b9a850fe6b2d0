"""A ground-truth server over TLS: `python -m tests.bench.tls_truth --port 8443 --log FILE`.

One thread, one epoll, one heap of tokens that are due; a token is one event, one chunk, one TLS record and one
`send`, and its true time is taken between encrypting and sending it. A request has arrived when the kernel got its
last segment, however late this process reads it. Options and log are those of the C server (`truth.py`);
TLS_CERTIFICATE and TLS_KEY name the files of its certificate and key. Linux only.
"""

import argparse
import heapq
import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import time
from pathlib import Path

import numpy as np

from .truth import HEAD, RECORD

SO_TIMESTAMPNS = 35
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENT = b'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":%b,"finish_reason":%b}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":%d}}\n\n'
WORDS = (b" the", b" quick", b" brown", b" fox", b" jumps", b" over", b" lazy", b" dog")


def chunk(body: bytes) -> bytes:
    """A chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(body), body)


TOKENS = [chunk(EVENT % (b'{"content":"%b"}' % word, b"null")) for word in WORDS]
LAST = chunk(EVENT % (b"{}", b'"length"'))


class Client:
    """A connection and the answer under way on it."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.shaken = False
        self.inbox = b""
        self.body_bytes = 0
        self.received_ns = self.arrived_ns = 0
        self.tokens = 0
        self.times_ns: list[int] = []

    def send(self, plain: bytes) -> int:
        """Encrypt, note the time, send."""
        self.tls.write(plain)
        records = self.outgoing.read()
        at_ns = time.monotonic_ns()
        self.sock.sendall(records)
        return at_ns

    def received(self) -> bool:
        """Take in what has come; False at the end."""
        data, control, _, _ = self.sock.recvmsg(65536, 64)
        if not data:
            return False
        for *_, stamp in control:
            seconds, nanoseconds = struct.unpack("@ll", stamp)
            self.received_ns = seconds * 1_000_000_000 + nanoseconds + time.monotonic_ns() - time.time_ns()
        self.incoming.write(data)
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while True:
                self.inbox += self.tls.read(65536)
        except ssl.SSLWantReadError:
            pass
        if self.outgoing.pending:
            self.sock.sendall(self.outgoing.read())
        return True

    def asked(self) -> bool:
        """Whether a whole request is here; its order is taken."""
        head, end, rest = self.inbox.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if not end or length is None or len(rest) < int(length[1]):
            return False
        self.body_bytes = int(length[1])
        self.arrived_ns = self.received_ns
        self.tokens = json.loads(rest[: self.body_bytes])["max_tokens"]
        self.times_ns = []
        self.inbox = rest[self.body_bytes :]
        return True


class Server:
    """Serves until told to stop; `log` is then complete."""

    def __init__(self, port: int, context: ssl.SSLContext, ttft_ms: float, itl_us: float) -> None:
        self.log = [HEAD, (time.time_ns() - time.monotonic_ns()).to_bytes(8, "little", signed=True), bytes(8)]
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self._context = context
        self._ttft_ns, self._itl_ns = round(ttft_ms * 1e6), round(itl_us * 1e3)
        self._epoll = select.epoll()
        self._epoll.register(self._listener.fileno(), select.EPOLLIN)
        self._clients: dict[int, Client] = {}
        self._due: list[tuple[int, int]] = []
        self.stopped = False

    def run(self) -> None:
        """One token at a time."""
        while not self.stopped:
            wait_s = max(0.0, (self._due[0][0] - time.monotonic_ns()) / 1e9 - 0.0005) if self._due else 1.0
            for fd, _ in self._epoll.poll(wait_s):
                if fd == self._listener.fileno():
                    self._accept()
                else:
                    self._read(fd)
            while self._due and self._due[0][0] <= time.monotonic_ns():
                self._write(heapq.heappop(self._due)[1])

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._clients[sock.fileno()] = Client(sock, self._context)
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def _read(self, fd: int) -> None:
        client = self._clients[fd]
        try:
            there = client.received()
        except OSError:
            there = False
        if not there:
            del self._clients[fd]
            self._epoll.unregister(fd)
            client.sock.close()
        elif client.asked():
            client.send(STREAM_HEAD)
            heapq.heappush(self._due, (client.arrived_ns + self._ttft_ns, fd))

    def _write(self, fd: int) -> None:
        client = self._clients.get(fd)
        if client is None:
            return
        written = len(client.times_ns)
        client.times_ns.append(client.send(TOKENS[written % len(TOKENS)]))
        if written + 1 < client.tokens:
            due_ns = client.arrived_ns + self._ttft_ns + (written + 1) * self._itl_ns
            heapq.heappush(self._due, (due_ns, fd))
        else:
            client.send(LAST + chunk(USAGE % client.tokens) + chunk(b"data: [DONE]\n\n") + chunk(b""))
            self._note(client)

    def _note(self, client: Client) -> None:
        record = np.zeros(1, RECORD)
        record["body_bytes"], record["arrived_ns"] = client.body_bytes, client.arrived_ns
        record["tokens"] = record["times"] = len(client.times_ns)
        self.log += [record.tobytes(), np.array(client.times_ns, "<u8").tobytes()]


def main() -> None:
    """Serve until SIGTERM, then write the log."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--ttft-ms", type=float, default=0.0)
    parser.add_argument("--itl-us", type=float, default=0.0)
    parser.add_argument("--log-tokens", action="store_true", help="always so")
    options = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["TLS_CERTIFICATE"], os.environ["TLS_KEY"])
    server = Server(options.port, context, options.ttft_ms, options.itl_us)

    def stop(*_: object) -> None:
        server.stopped = True

    signal.signal(signal.SIGTERM, stop)
    server.run()
    options.log.write_bytes(b"".join(server.log))


if __name__ == "__main__":
    main()
