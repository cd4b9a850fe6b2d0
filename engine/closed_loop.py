"""Closed loop: every backend always has `concurrency` prompts in flight and takes its next as one is answered."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from .clock import Clock
from .lane import HELD_LOOK_S, Lane
from .prompts import Prompt


class ClosedLoop:
    """Slots per lane; each is one prompt in flight.

    Args:
        lanes: the backends.
        take: the next prompt for a lane, None when it has had all.
        clock: for the scheduled time, which is when a slot becomes free.
    """

    def __init__(self, lanes: list[Lane], take: Callable[[Lane], Prompt | None], clock: Clock) -> None:
        self._lanes = lanes
        self._take = take
        self._clock = clock
        self._concurrency = 0
        self._slots: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()

    def set_concurrency(self, concurrency: int) -> None:
        """Open slots at once; surplus ones close as their prompt is answered."""
        self._concurrency = concurrency
        for at, lane in enumerate(self._lanes):
            for number in range(lane.most_in_flight(concurrency)):
                if (at, number) not in self._slots:
                    self._slots[at, number] = asyncio.create_task(self._slot(at, lane, number))

    async def _slot(self, at: int, lane: Lane, number: int) -> None:
        held = False
        try:
            while self._crowded(lane):
                await self._wait(HELD_LOOK_S)
            while number < lane.most_in_flight(self._concurrency) and not self._stopping.is_set():
                if (hold_s := lane.hold_s()) > 0:
                    held = True
                    await self._wait(hold_s)
                    continue
                prompt = self._take(lane)
                if prompt is None:
                    return
                lane.tally.held_back += held
                held = False
                await lane.perform(prompt, self._clock.now_ns())
                self._changed.set()
                await self._wait(lane.backoff_s())
        finally:
            del self._slots[at, number]
            self._changed.set()

    def _crowded(self, lane: Lane) -> bool:
        """Whether what was sent before this slot was opened has to be answered first."""
        return lane.tally.in_flight >= lane.most_in_flight(self._concurrency) and not self._stopping.is_set()

    async def _wait(self, wait_s: float) -> None:
        """Wait, but no longer than prompts are sent."""
        if wait_s > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait_s)

    async def exhausted(self) -> None:
        """Return when every lane has had all its prompts answered, or nobody answers there; or no more are sent.

        Only a stream with an end can be exhausted: without one, a server that is down is waited for.
        """
        while not self._stopping.is_set() and any(not self._lanes[at].down for at, _ in self._slots):
            self._changed.clear()
            await self._changed.wait()

    def stop(self) -> None:
        """Take no further prompt."""
        self._stopping.set()
        self._changed.set()

    async def stopped(self) -> None:
        """Return when no further prompt is taken."""
        await self._stopping.wait()

    @property
    def busy(self) -> bool:
        """Whether anything is in flight."""
        return bool(self._slots)

    async def drain(self) -> None:
        """Return when nothing is in flight."""
        while self._slots:
            await asyncio.wait(list(self._slots.values()))

    async def abandon(self) -> None:
        """Break off what is in flight: it stays counted as such."""
        for slot in self._slots.values():
            slot.cancel()
        await self.drain()
