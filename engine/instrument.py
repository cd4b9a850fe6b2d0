"""The instrument's own error: how late the engine's event loop is, and how much of a core it uses.

measurement.md, "The instrument's own error". Loop timers are rounded to a millisecond (libuv and epoll alike), so
on Linux the probe is a timerfd, which is not; elsewhere its own rounding is part of the figure.
"""

import asyncio
import os
import struct
import time
from typing import Final

from ..backends.timerfd import TimerFd
from .frame import ClientFrame
from .histogram import Histogram

TICK_NS: Final = 10_000_000


class Instrument:
    """Watches the loop it was started in; a context manager."""

    def __init__(self) -> None:
        self.lag = Histogram()
        self._timer: TimerFd | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._due_ns = 0
        self._cpu_at = (time.perf_counter(), time.process_time())
        self._cpu_share = 0.0

    def __enter__(self) -> "Instrument":
        loop = asyncio.get_running_loop()
        self._due_ns = time.perf_counter_ns() + TICK_NS
        try:
            self._timer = TimerFd()
        except OSError:
            self._ticking = loop.create_task(self._tick())
        else:
            self._timer.set(self._due_ns, TICK_NS)  # perf_counter and monotonic are one clock on Linux
            loop.add_reader(self._timer.fd, self._fired)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            asyncio.get_running_loop().remove_reader(self._timer.fd)
            self._timer.close()
        if self._ticking is not None:
            self._ticking.cancel()

    def reset(self) -> None:
        """Forget what was seen so far: the window opens."""
        self.lag = Histogram()

    def _fired(self) -> None:
        assert self._timer is not None
        try:
            (times,) = struct.unpack("@Q", os.read(self._timer.fd, 8))
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
