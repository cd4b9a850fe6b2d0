"""Which loop sends the prompts of a run, closed or open as its arrivals say, and how one follows upon the other.

Where an open loop follows a closed one, prompts go on at a round number of the stream, the same for every worker: how
far a closed loop has come depends on the backends, but which prompts an open loop sends, and when, must not. Where a
closed loop follows an open one, what that one left in flight counts among those that it keeps in flight.
"""

import asyncio
import resource
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from .arrivals import ArrivalsError, schedule
from .clock import Clock
from .closed_loop import ClosedLoop
from .descriptors import SPARE
from .lane import Lane
from .open_loop import OpenLoop
from .plan import ArrivalsPlan
from .prompts import Prompt
from .share import Share
from .source import PromptSource
from .timetable import Timetable

STRETCH: Final = 100_000_000
"""The n-th open loop that follows a closed one begins at prompt n · STRETCH: no closed loop gets that far."""


class Sending:
    """Sends from the moment it is made.

    Args:
        lanes: the backends.
        source: where prompts come from.
        take: the next prompt for a lane, None when it has had all.
        clock: of the run.
        share: this worker's part.
        seed: of the run.
        arrivals: to begin with.
        opened_ns: when that was.
    """

    def __init__(
        self,
        lanes: list[Lane],
        source: PromptSource,
        take: Callable[[Lane], Prompt | None],
        clock: Clock,
        share: Share,
        *,
        seed: int,
        arrivals: ArrivalsPlan,
        opened_ns: int,
    ) -> None:
        self._lanes = lanes
        self._source = source
        self._take = take
        self._clock = clock
        self._share = share
        self._seed = seed
        self._arrivals = arrivals
        self._stretches = 0
        self._loop = self._closed() if arrivals.kind == "closed" else self._open(opened_ns)
        self._before: list[ClosedLoop | OpenLoop] = []  # with prompts in flight still

    def _closed(self) -> ClosedLoop:
        loop = ClosedLoop(self._lanes, self._take, self._clock)
        loop.set_concurrency(self._share.of(self._arrivals.concurrency))
        return loop

    def _open(self, at_ns: int) -> OpenLoop:
        first = self._share.first_from(self._stretches * STRETCH)
        most = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE) // len(self._lanes)
        timetable = Timetable(self._arrivals, self._seed, at_ns, self._stretches * STRETCH)
        return OpenLoop(self._lanes, self._take, self._clock, timetable, self._share, max(1, most), first)

    def change(self, arrivals: ArrivalsPlan, at_ns: int) -> None:
        """Send as `arrivals` say from `at_ns` on; they must be possible (`impossible`)."""
        before, self._arrivals = self._arrivals, arrivals
        match self._loop:
            case ClosedLoop() as loop if arrivals.kind == "closed":
                loop.set_concurrency(self._share.of(arrivals.concurrency))
            case OpenLoop() as loop if arrivals.kind != "closed":
                if replace(arrivals, concurrency=before.concurrency) != before:
                    loop.change(arrivals, at_ns)
            case loop:
                loop.stop()
                self._before = [each for each in (*self._before, loop) if each.busy]
                if arrivals.kind == "closed":
                    self._loop = self._closed()
                else:
                    self._stretches += 1
                    self._source.jump(self._stretches * STRETCH)
                    self._loop = self._open(at_ns)

    def offered_per_s(self) -> float | None:
        """The rate scheduled at this moment, of all workers together; None in a closed loop."""
        return self._loop.offered_per_s() if isinstance(self._loop, OpenLoop) else None

    async def exhausted(self, *, endless: bool) -> None:
        """Return when every lane has had all its prompts, or nobody answers.

        Where the stream is `endless` a closed loop is never exhausted: a server that is down is waited for.
        """
        over = None
        while over is not self._loop:
            over = self._loop
            await (over.stopped() if endless and isinstance(over, ClosedLoop) else over.exhausted())

    def stop(self) -> None:
        """Send nothing further."""
        self._loop.stop()

    async def drain(self) -> None:
        """Return when nothing is in flight."""
        await asyncio.gather(*(loop.drain() for loop in (*self._before, self._loop)))

    async def abandon(self) -> None:
        """Break off what is in flight: it stays counted as such."""
        await asyncio.gather(*(loop.abandon() for loop in (*self._before, self._loop)))


def impossible(arrivals: ArrivalsPlan, seed: int, share: Share) -> str:
    """Why nothing can be sent as `arrivals` say, in words; "" if it can."""
    if arrivals.kind == "closed":
        return _too_few(arrivals.concurrency, share)
    try:
        schedule(arrivals, seed)
    except ArrivalsError as error:
        return str(error)
    return ""


def _too_few(concurrency: int, share: Share) -> str:
    if concurrency <= 0:
        return "a load that is not positive"
    if concurrency < share.workers:
        return f"concurrency {concurrency}: there are {share.workers} workers to share it"
    return ""


def in_words(arrivals: ArrivalsPlan) -> str:
    """What a marker says of `arrivals`."""
    rate = f"{arrivals.rate_per_s:g}/s"
    match arrivals.kind:
        case "closed":
            return f"closed loop, concurrency {arrivals.concurrency}"
        case "gamma":
            return f"bursts (cv {arrivals.cv:g}), {rate}"
        case "ramp":
            return f"ramp {rate} to {arrivals.ramp_to_per_s:g}/s"
        case "poisson":
            return f"Poisson, {rate}"
        case kind:
            return f"{kind}, {rate}"
