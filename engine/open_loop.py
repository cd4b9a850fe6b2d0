"""Open loop: prompts leave at their scheduled times, whatever the backends do with them.

A slow backend never delays a prompt to any other (coordinated omission); its own latencies count from the
scheduled time. The order of sending rotates per prompt, so no backend is always first. A worker of several sends its
own prompts only, each at the time that one worker alone would.

What falls due while a provider has asked for a pause, or above a cap of the plan, is never sent and counted so: sent
later it would be another load than the one asked for.
"""

import asyncio
from collections.abc import Callable

from .clock import Clock
from .lane import Lane
from .plan import ArrivalsPlan
from .prompts import Prompt
from .share import Share
from .timetable import Timetable


class OpenLoop:
    """One timetable for all lanes.

    Args:
        lanes: the backends.
        take: the next prompt for a lane, None when it has had all.
        clock: its time is the timetable's.
        timetable: of all prompts, those of other workers too.
        share: the prompts to be sent from here.
        most_in_flight: per lane; beyond it a prompt is counted as not sent, so that a hanging backend cannot use
            up the process's descriptors and harm the others.
        first: number of the first prompt to be sent from here.
    """

    def __init__(
        self,
        lanes: list[Lane],
        take: Callable[[Lane], Prompt | None],
        clock: Clock,
        timetable: Timetable,
        share: Share,
        most_in_flight: int,
        first: int,
    ) -> None:
        self._lanes = lanes
        self._take = take
        self._clock = clock
        self._timetable = timetable
        self._share = share
        self._most_in_flight = most_in_flight
        self._under_way: set[asyncio.Task[None]] = set()
        self._replanned = asyncio.Event()
        self._stopping = False
        self._next = first

    def change(self, arrivals: ArrivalsPlan, at_ns: int) -> None:
        """Let what is due from `at_ns` on follow `arrivals`."""
        self._timetable.change(arrivals, at_ns)
        self._replanned.set()

    def offered_per_s(self) -> float:
        """The rate scheduled at this moment, of all workers together."""
        return self._timetable.offered_per_s(self._clock.now_ns())

    async def exhausted(self) -> None:
        """Send until every lane has had all its prompts and nothing is in flight, or nothing more is to be sent."""
        while not self._stopping:
            due_ns = self._timetable.due_ns(self._next)
            if not await self._waited_until(due_ns):
                continue
            if not self._send_one(due_ns):
                await self.drain()
                return

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
        turn = self._next % len(self._lanes)
        taken = False
        for lane in self._lanes[turn:] + self._lanes[:turn]:
            prompt = self._take(lane)
            if prompt is None:
                continue
            taken = True
            reason = lane.holds_back()
            if reason is None and lane.tally.in_flight >= self._most_in_flight:
                reason = "too many in flight"
            if reason is not None:
                lane.drop(prompt, reason)
                continue
            task = asyncio.create_task(lane.perform(prompt, due_ns))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        self._next += self._share.workers
        return taken

    def stop(self) -> None:
        """Send nothing further."""
        self._stopping = True
        self._replanned.set()

    @property
    def busy(self) -> bool:
        """Whether anything is in flight."""
        return bool(self._under_way)

    async def drain(self) -> None:
        """Return when nothing is in flight."""
        while self._under_way:
            await asyncio.wait(list(self._under_way))

    async def abandon(self) -> None:
        """Break off what is in flight: it stays counted as such."""
        for request in self._under_way:
            request.cancel()
        await self.drain()
