"""Waking an event loop at an absolute time, to within about 0.1 ms.

Event loops round their timers to whole milliseconds, which would show in the gaps between tokens. Measured lateness,
p50 and p99: uvloop 0.14 and 0.64 ms, asyncio 0.63 and 1.15, a timerfd on either 0.06 and 0.13–0.17.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import Final, Protocol

from ..timerfd import TimerFd

_NS_PER_S: Final = 1_000_000_000


def now_ns() -> int:
    """The clock that alarms are set by."""
    return time.monotonic_ns()


class Alarm(Protocol):
    """A single-shot timer on the running loop that calls back at or after the time it was set to."""

    def set(self, at_ns: int) -> None:
        """Call back at `at_ns` of `now_ns`, at once if that is past; replaces what was set before."""
        ...

    def close(self) -> None:
        """Never call back again."""
        ...


def new_alarm(callback: Callable[[], None]) -> Alarm:
    """The most exact alarm this system has."""
    return _TimerFd(callback) if sys.platform == "linux" else _LoopTimer(callback)


class _LoopTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._callback = callback
        self._at_ns = 0
        self._handle: asyncio.TimerHandle | None = None

    def set(self, at_ns: int) -> None:
        self.close()
        self._at_ns = at_ns
        self._handle = self._loop.call_later(max(0, at_ns - now_ns()) / _NS_PER_S, self._fire)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _fire(self) -> None:
        if now_ns() < self._at_ns:  # a loop that rounds down
            self.set(self._at_ns)
        else:
            self._callback()


class _TimerFd:
    """Linux's timer on a descriptor."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._callback = callback
        self._timer = TimerFd()
        self._loop.add_reader(self._timer.fd, self._fire)

    def set(self, at_ns: int) -> None:
        self._timer.set(at_ns)

    def close(self) -> None:
        if self._timer.fd >= 0:
            self._loop.remove_reader(self._timer.fd)
            self._timer.close()

    def _fire(self) -> None:
        try:
            os.read(self._timer.fd, 8)
        except BlockingIOError:  # set anew since it went off
            return
        self._callback()
