"""Reading a socket together with the time its bytes arrived."""

import contextlib
import socket
import struct
import sys
import time
from functools import cache

from ..base import Stamp

READ_BYTES = 64 << 10
"""Most bytes one read returns: they share a stamp, so a larger buffer would be cheaper and blunter."""

_SO_TIMESTAMPNS = 35
"""asm-generic/socket.h; the `socket` module does not name it. The control message has the same number."""

_TIMESPEC = struct.Struct("@ll")
_CONTROL_BYTES = socket.CMSG_SPACE(_TIMESPEC.size)


def ask_for_kernel_stamps(sock: socket.socket) -> None:
    """Let the kernel note when segments of `sock` arrive; where it cannot, reads are stamped by us."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


@cache
def _keep_stamping() -> None:
    """Hold one stamped socket as long as the process lives.

    The kernel begins to stamp some time after a first socket asked for it, and stops with the last: without this the
    first answers of a process would come unstamped.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ask_for_kernel_stamps(sock)
    sock.detach()


class KernelClock:
    """Maps the kernel's receive times (`CLOCK_REALTIME`) to the `time.perf_counter_ns` clock.

    Both clocks are slewed alike, so their distance changes only when the wall clock is stepped. It is measured
    again every `refresh_ns`, which bounds how long a step can mislead, and a mapped stamp is never in the future.
    """

    def __init__(self, refresh_ns: int = 100_000_000) -> None:
        self._refresh_ns = refresh_ns
        self._refresh_at_ns = 0
        self._distance_ns = 0

    def mapped(self, received_ns: int, now_ns: int) -> int:
        """The moment `received_ns` of the wall clock on the `time.perf_counter_ns` clock, at most `now_ns`."""
        if now_ns >= self._refresh_at_ns:
            self._distance_ns = _distance_ns()
            self._refresh_at_ns = now_ns + self._refresh_ns
        return min(received_ns + self._distance_ns, now_ns)


def _distance_ns() -> int:
    """`time.perf_counter_ns` − `time.time_ns`, from the tightest of several bracketed readings."""
    best_ns, distance_ns = sys.maxsize, 0
    for _ in range(5):
        before_ns = time.perf_counter_ns()
        wall_ns = time.time_ns()
        after_ns = time.perf_counter_ns()
        if after_ns - before_ns < best_ns:
            best_ns = after_ns - before_ns
            distance_ns = (before_ns + after_ns) // 2 - wall_ns
    return distance_ns


class StampedReader:
    """Reads sockets into one buffer that all connections of a transport share."""

    def __init__(self) -> None:
        if sys.platform == "linux":
            _keep_stamping()
        self._view = memoryview(bytearray(READ_BYTES))
        self._buffers = (self._view,)
        self._mapped = KernelClock().mapped
        self._unpack = _TIMESPEC.unpack
        self._now_ns = time.perf_counter_ns

    def read(self, sock: socket.socket) -> tuple[memoryview, int, Stamp]:
        """One read: bytes (good until the next read, empty at the stream's end), their stamp and where it comes from.

        Segments that one read returns together share the stamp of the last one.

        Raises:
            BlockingIOError: nothing to read.
            OSError: the connection is lost.
        """
        count, control, _, _ = sock.recvmsg_into(self._buffers, _CONTROL_BYTES)
        now_ns = self._now_ns()
        if control:
            level, kind, data = control[0]  # we asked for no other
            if kind == _SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
                seconds, nanoseconds = self._unpack(data)
                return self._view[:count], self._mapped(seconds * 1_000_000_000 + nanoseconds, now_ns), "kernel"
        return self._view[:count], now_ns, "user"
