"""Time as the engine sees it, injected so that tests and the simulator can run in virtual time."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock in nanoseconds that can be waited on."""

    def now_ns(self) -> int:
        """The present."""
        ...

    async def sleep_until(self, at_ns: int) -> None:
        """Return when `now_ns() >= at_ns`."""
        ...


class RealClock:
    """`time.perf_counter_ns`, the clock of every stamp (measurement.md, "Clock and stamps")."""

    def now_ns(self) -> int:
        """The present."""
        return time.perf_counter_ns()

    async def sleep_until(self, at_ns: int) -> None:
        """Return when `now_ns() >= at_ns`; yields once even if that is already past."""
        while True:
            left_ns = at_ns - time.perf_counter_ns()
            await asyncio.sleep(max(left_ns, 0) / 1e9)
            if time.perf_counter_ns() >= at_ns:
                return
