"""One watch over all sockets of a transport.

A transport under load has many sockets ready at once. On Linux they sit in an epoll of their own, which the event
loop sees as one descriptor: a wake-up of the loop costs once, not once for each socket, and `poll` serves what is
ready at any other moment, so that a burst of requests being sent does not keep answers waiting.
"""

import asyncio
import select
import socket
from collections.abc import Callable


class Poller:
    """Calls back for sockets that can be read; belongs to the event loop it is first used in."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._epoll: select.epoll | None = None

    def watch(self, sock: socket.socket, on_readable: Callable[[], None]) -> None:
        """Call `on_readable` whenever `sock` has something to read, until `unwatch`."""
        if not hasattr(select, "epoll"):
            asyncio.get_running_loop().add_reader(sock, on_readable)
            return
        if self._epoll is None:
            self._epoll = select.epoll()
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self.poll)
        self._callbacks[sock.fileno()] = on_readable
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def unwatch(self, sock: socket.socket) -> None:
        """Stop watching a socket that is still open."""
        if self._epoll is None:
            asyncio.get_running_loop().remove_reader(sock)
            return
        del self._callbacks[sock.fileno()]
        self._epoll.unregister(sock.fileno())
        if not self._callbacks:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None

    def poll(self) -> None:
        """Serve every socket that is ready now; without epoll the event loop alone does that."""
        if self._epoll is not None:
            callbacks = self._callbacks
            for fd, _ in self._epoll.poll(0):
                callback = callbacks.get(fd)
                if callback is not None:  # else an earlier one of this round closed it
                    callback()
