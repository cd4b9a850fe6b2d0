"""The floor under any Python client: one thread, epoll, `recv_into`, and a count of the events' bytes. Nothing else.

Runs in a process of its own and prints one JSON object. It sends what it is told to, reads until each answer's
last chunk, and decodes nothing: what it cannot do, no client in this language does faster.
"""

import json
import select
import socket
import sys
import time
from urllib.parse import urlsplit

BODY = b'{"model":"mock-model","messages":[{"role":"user","content":"go"}],"max_tokens":%d,"stream":true}'
END = b"0\r\n\r\n"
MARK = b'"content":'


def read_all(url: str, streams: int, requests: int, tokens: int) -> dict[str, float]:
    """Send `requests` requests over `streams` connections; events counted, seconds and CPU seconds it took."""
    parts = urlsplit(url)
    body = BODY % tokens
    request = b"POST %s/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (
        parts.path.encode(), len(body), body,
    )  # fmt: skip
    poller = select.epoll()
    sockets = {}
    buffer = bytearray(64 << 10)
    view = memoryview(buffer)
    left = requests
    events = 0
    started, cpu = time.perf_counter(), time.process_time()
    for _ in range(streams):
        sock = socket.create_connection((parts.hostname, parts.port))
        sock.setblocking(False)
        sockets[sock.fileno()] = sock
        poller.register(sock.fileno(), select.EPOLLIN)
        sock.send(request)
        left -= 1
    open_streams = streams
    while open_streams:
        for fd, _ in poller.poll():
            count = sockets[fd].recv_into(buffer)
            events += buffer.count(MARK, 0, count)
            if view[count - 5 : count] == END:
                if left:
                    left -= 1
                    sockets[fd].send(request)
                else:
                    poller.unregister(fd)
                    open_streams -= 1
    for sock in sockets.values():
        sock.close()
    return {"events": events, "wall_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}


if __name__ == "__main__":
    print(json.dumps(read_all(sys.argv[1], *map(int, sys.argv[2:]))))
