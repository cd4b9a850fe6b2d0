"""The instrument's own error: how late the engine's event loop is, and how much of a core it uses.

measurement.md, "The instrument's own error". Loop timers are rounded to a millisecond (libuv and epoll alike), so
on Linux the probe is a timerfd, which is not; elsewhere its own rounding is part of the figure.
"""

import asyncio
import ctypes
import os
import struct
import sys
import time
from typing import Final

from .frame import ClientFrame
from .histogram import Histogram

TICK_NS: Final = 10_000_000
_CLOCK_MONOTONIC = 1  # what time.perf_counter reads on Linux
_TFD_TIMER_ABSTIME = 1
_TFD_NONBLOCK = 0o4000
_TFD_CLOEXEC = 0o2000000


def _open_timer(first_ns: int, interval_ns: int) -> int:
    """A timerfd that fires at `first_ns` of perf_counter and every `interval_ns` on; OSError where there is none."""
    if not sys.platform.startswith("linux"):
        raise OSError("no timerfd here")
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK | _TFD_CLOEXEC)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create")
    period, first = divmod(interval_ns, 1_000_000_000), divmod(first_ns, 1_000_000_000)
    if libc.timerfd_settime(fd, _TFD_TIMER_ABSTIME, struct.pack("@qqqq", *period, *first), None):
        os.close(fd)
        raise OSError(ctypes.get_errno(), "timerfd_settime")
    return int(fd)


class Instrument:
    """Watches the loop it was started in; a context manager."""

    def __init__(self) -> None:
        self.lag = Histogram()
        self._timer: int | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._due_ns = 0
        self._cpu_at = (time.perf_counter(), time.process_time())
        self._cpu_share = 0.0

    def __enter__(self) -> "Instrument":
        loop = asyncio.get_running_loop()
        self._due_ns = time.perf_counter_ns() + TICK_NS
        try:
            self._timer = _open_timer(self._due_ns, TICK_NS)
        except OSError:
            self._ticking = loop.create_task(self._tick())
        else:
            loop.add_reader(self._timer, self._fired)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            asyncio.get_running_loop().remove_reader(self._timer)
            os.close(self._timer)
        if self._ticking is not None:
            self._ticking.cancel()

    def reset(self) -> None:
        """Forget what was seen so far: the window opens."""
        self.lag = Histogram()

    def _fired(self) -> None:
        assert self._timer is not None
        try:
            (times,) = struct.unpack("@Q", os.read(self._timer, 8))
        except BlockingIOError:
            return
        # A loop that stood still over several ticks was late for each of them: all count, or a long pause weighs
        # no more than a short one (coordinated omission).
        now_ns = time.perf_counter_ns()
        for missed in range(min(times, 1000)):
            self.lag.add(now_ns - self._due_ns - missed * TICK_NS)
        self._due_ns += times * TICK_NS

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(max(0, self._due_ns - time.perf_counter_ns()) / 1e9)
            self.lag.add(time.perf_counter_ns() - self._due_ns)
            self._due_ns = max(self._due_ns, time.perf_counter_ns()) + TICK_NS

    def frame(self) -> ClientFrame:
        """The figures so far; the CPU share covers about the last second."""
        then_s, used_s = self._cpu_at
        now_s, cpu_s = time.perf_counter(), time.process_time()
        if now_s - then_s >= 1.0:
            self._cpu_share = (cpu_s - used_s) / (now_s - then_s)
            self._cpu_at = (now_s, cpu_s)
        return ClientFrame(loop_lag=self.lag.state(), cpu_share=self._cpu_share)
