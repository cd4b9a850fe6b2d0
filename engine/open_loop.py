"""Open loop: prompts leave at their scheduled times, whatever the backends do with them.

A slow backend never delays a prompt to any other (coordinated omission); its own latencies count from the
scheduled time. The order of sending rotates per prompt, so no backend is always first.
"""

import asyncio
from collections.abc import Callable

from .arrivals import Schedule, schedule
from .clock import Clock
from .lane import Lane
from .plan import ArrivalsPlan
from .prompts import Prompt


class OpenLoop:
    """One timetable for all lanes.

    Args:
        lanes: the backends.
        take: the next prompt for a lane, None when it has had all.
        clock: its time is the timetable's.
        seed: of the timetable.
        most_in_flight: per lane; beyond it a prompt is counted as not sent, so that a hanging backend cannot use
            up the process's descriptors and harm the others.
    """

    def __init__(
        self, lanes: list[Lane], take: Callable[[Lane], Prompt | None], clock: Clock, seed: int, most_in_flight: int
    ) -> None:
        self._lanes = lanes
        self._take = take
        self._clock = clock
        self._seed = seed
        self._most_in_flight = most_in_flight
        self._under_way: set[asyncio.Task[None]] = set()
        self._replanned = asyncio.Event()
        self._stopping = False
        self._sent = 0
        self._stage_first = 0
        self._stage_start_ns = 0
        self._schedule: Schedule | None = None

    def start(self, arrivals: ArrivalsPlan) -> None:
        """Begin a new timetable now; also used to change the rate while it runs."""
        self._stage_first = self._sent
        self._stage_start_ns = self._clock.now_ns()
        self._schedule = schedule(arrivals, self._seed, self._stage_first)
        self._replanned.set()

    def offered_per_s(self) -> float:
        """The rate scheduled at this moment."""
        if self._schedule is None:
            return 0.0
        return self._schedule.offered_per_s((self._clock.now_ns() - self._stage_start_ns) / 1e9)

    async def exhausted(self) -> None:
        """Send until every lane has had all its prompts and nothing is in flight."""
        while not self._stopping:
            due_ns = self._due_ns()
            if not await self._waited_until(due_ns):
                continue
            if not self._send_one(due_ns):
                break
        await self.drain()

    def _due_ns(self) -> int:
        assert self._schedule is not None
        return self._stage_start_ns + round(self._schedule.at_s(self._sent) * 1e9)

    async def _waited_until(self, due_ns: int) -> bool:
        """Whether `due_ns` came without the timetable changing meanwhile."""
        self._replanned.clear()
        timer = asyncio.ensure_future(self._clock.sleep_until(due_ns))
        change = asyncio.ensure_future(self._replanned.wait())
        try:
            await asyncio.wait((timer, change), return_when=asyncio.FIRST_COMPLETED)
            return not change.done()
        finally:
            timer.cancel()
            change.cancel()

    def _send_one(self, due_ns: int) -> bool:
        """Send the prompt of one index to every lane; whether any lane still took it."""
        turn = self._sent % len(self._lanes)
        taken = False
        for lane in self._lanes[turn:] + self._lanes[:turn]:
            prompt = self._take(lane)
            if prompt is None:
                continue
            taken = True
            if lane.tally.in_flight >= self._most_in_flight:
                lane.tally.count_not_sent()
                continue
            task = asyncio.create_task(lane.perform(prompt, due_ns))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        self._sent += 1
        return taken

    def stop(self) -> None:
        """Send nothing further."""
        self._stopping = True
        self._replanned.set()

    async def drain(self) -> None:
        """Return when nothing is in flight."""
        while self._under_way:
            await asyncio.wait(list(self._under_way))

    async def abandon(self) -> None:
        """Break off what is in flight: it stays counted as such."""
        for request in self._under_way:
            request.cancel()
        await self.drain()
