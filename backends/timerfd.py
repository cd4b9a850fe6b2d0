"""Linux's timers as descriptors, timerfd_create(2): exact to 0.1 ms where event loops round to 1 ms.

`os.timerfd_create` exists from Python 3.13 only.
"""

import ctypes
import os
import struct
import sys
import time
from typing import Final

_ABSOLUTE: Final = 1
_NS_PER_S: Final = 1_000_000_000


class TimerFd:
    """A timer; readable when it has gone off.

    Attributes:
        fd: its descriptor.

    Raises:
        OSError: there is none here.
    """

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError("no timerfd here")
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")

    def set(self, first_ns: int, interval_ns: int = 0) -> None:
        """Go off at `first_ns` of `time.monotonic_ns`, at once if that is past, and every `interval_ns` on if given.

        Raises:
            OSError: the system refuses.
        """
        # A time of zero would disarm it; one nanosecond after boot is as past as anything.
        times = struct.pack("@qqqq", *divmod(interval_ns, _NS_PER_S), *divmod(max(first_ns, 1), _NS_PER_S))
        if self._libc.timerfd_settime(self.fd, _ABSOLUTE, times, None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def close(self) -> None:
        """Give the descriptor back; may be called twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
