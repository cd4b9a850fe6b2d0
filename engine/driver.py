"""A run from its first warm-up prompt to its last answer: what to send, when to stop, and why."""

import asyncio
import resource
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Final

import msgspec

from .clock import Clock
from .closed_loop import ClosedLoop
from .commands import Command, SetConcurrency, SetRate, SetWorkload, Stop
from .cost import ApiPrice
from .frame import Frame, Marker, Phase, StopReason
from .instrument import Instrument
from .lane import Lane
from .likeness import LikenessSums
from .open_loop import OpenLoop
from .plan import RunPlan
from .prompts import Prompt
from .source import PromptSource
from .workloads import WorkloadError

_MOST_MARKERS = 100
_SPARE_DESCRIPTORS = 64
_BUDGET_CHECK_NS: Final = 200_000_000


class Driver:
    """Runs `plan` over `lanes`; commands may change it on the way, and `frame` tells at any moment how it stands."""

    def __init__(
        self, plan: RunPlan, lanes: list[Lane], likeness: LikenessSums, clock: Clock, instrument: Instrument
    ) -> None:
        self._plan = plan
        self._lanes = lanes
        self._likeness = likeness
        self._clock = clock
        self._instrument = instrument
        self._source = PromptSource(plan.seed, plan.workload, plan.requests)
        self._workload = plan.workload
        self._arrivals = plan.arrivals
        self._phase: Phase = "starting"
        self._reason: StopReason = ""
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._markers: list[Marker] = []
        self._opened_ns = clock.now_ns()
        self._started_utc = ""
        self._warmup_done = 0
        self._seq = 0
        self._loop: ClosedLoop | OpenLoop | None = None

    # --- the run ---

    async def run(self) -> None:
        """From warm-up to the last answer. Cancelling it abandons what is in flight."""
        await asyncio.gather(*(lane.prepare() for lane in self._lanes))
        if self._plan.warmup:
            self._phase = "warmup"
            await self._until_stopped(self._warm_up())
        if not self._stop.is_set():
            self._open_window()
            await self._send()
        self._phase = "done"

    async def _warm_up(self) -> None:
        """Prompts that are answered before the window opens: never counted, and drained before it."""
        limit = asyncio.Semaphore(self._arrivals.concurrency)

        async def one(lane: Lane, number: int) -> None:
            async with limit:
                await lane.perform(self._source.warm_up(number), self._clock.now_ns())
                self._warmup_done += 1

        await asyncio.gather(*(one(lane, n) for n in range(self._plan.warmup) for lane in self._lanes))

    def _open_window(self) -> None:
        self._opened_ns = self._clock.now_ns()
        self._started_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._instrument.reset()
        for lane in self._lanes:
            lane.open_window(self._opened_ns)
        self._phase = "running"

    async def _send(self) -> None:
        loop = self._loop = self._make_loop()
        endless = isinstance(loop, ClosedLoop) and self._plan.requests is None
        await self._until_stopped(self._limits(), *(() if endless else (loop.exhausted(),)))
        self._reason = self._reason or ("requests" if self._source_used_up() else "unreachable")
        self._close_window()
        self._phase = "draining"
        loop.stop()
        await _first_of(loop.drain(), self._hurry.wait())
        await loop.abandon()

    def _make_loop(self) -> ClosedLoop | OpenLoop:
        if self._arrivals.kind == "closed":
            closed = ClosedLoop(self._lanes, self._take, self._clock)
            closed.set_concurrency(self._arrivals.concurrency)
            return closed
        most = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE_DESCRIPTORS) // len(self._lanes)
        opened = OpenLoop(self._lanes, self._take, self._clock, self._plan.seed, max(1, most))
        opened.start(self._arrivals)
        return opened

    async def _until_stopped(self, *work: Coroutine[None, None, object]) -> None:
        """Return when any of `work` has finished, or the run was told to stop."""
        await _first_of(*work, self._stop.wait())

    async def _limits(self) -> None:
        """Return when the time is over or the money would be."""
        duration_s = self._plan.duration_s
        end_ns = None if duration_s is None else self._opened_ns + round(duration_s * 1e9)
        while True:
            next_ns = self._clock.now_ns() + _BUDGET_CHECK_NS
            if end_ns is not None:
                next_ns = min(next_ns, end_ns)
            await self._clock.sleep_until(next_ns)
            if end_ns is not None and self._clock.now_ns() >= end_ns:
                self._reason = "duration"
                return
            if self._plan.budget_usd is not None and self.spent_usd() >= self._plan.budget_usd:
                self._reason = "budget"
                return

    def _close_window(self) -> None:
        """Throughput ends here, except that a run of a fixed number of prompts ends with its last answer."""
        for lane in self._lanes:
            if self._reason != "requests":
                lane.tally.close(self._clock.now_ns())
            if lane.down and (left := self._source.left(lane.plan.name)):
                lane.tally.count_not_sent(left)

    def _source_used_up(self) -> bool:
        return any(self._source.left(lane.plan.name) == 0 for lane in self._lanes)

    def _take(self, lane: Lane) -> Prompt | None:
        """The next prompt for `lane`, if the run still goes on and the budget bears its worst case."""
        if self._stop.is_set():
            return None
        prompt = self._source.take(lane.plan.name)
        budget = self._plan.budget_usd
        if prompt is not None and budget is not None:
            committed = self.spent_usd() + sum(each.reserved_usd for each in self._lanes)
            if isinstance(lane.plan.price, ApiPrice) and committed + lane.worst_usd(prompt) > budget:
                lane.tally.count_not_sent()
                self.stop("budget")
                return None
        return prompt

    def spent_usd(self) -> float:
        """Spend of all backends so far."""
        return sum(lane.spent_usd() for lane in self._lanes)

    # --- what a watcher may ask ---

    def stop(self, reason: StopReason, *, hurry: bool = False) -> None:
        """Send nothing further; in a hurry, do not wait for what is in flight either."""
        self._reason = self._reason or reason
        self._stop.set()
        if hurry:
            self._hurry.set()

    def obey(self, command: Command) -> None:
        """Change the run as asked; what cannot be done becomes a marker that says so."""
        match command:
            case Stop():
                self.stop("told", hurry=True)
            case SetConcurrency(concurrency) if concurrency > 0:
                self._arrivals = msgspec.structs.replace(self._arrivals, concurrency=concurrency)
                if isinstance(self._loop, ClosedLoop):
                    self._loop.set_concurrency(concurrency)
                self._mark(f"concurrency {concurrency}")
            case SetRate(rate_per_s) if rate_per_s > 0:
                kind = "constant" if self._arrivals.kind == "ramp" else self._arrivals.kind
                self._arrivals = msgspec.structs.replace(self._arrivals, rate_per_s=rate_per_s, kind=kind)
                if isinstance(self._loop, OpenLoop):
                    self._loop.start(self._arrivals)
                self._mark(f"rate {rate_per_s:g}/s")
            case SetWorkload(source):
                self._switch_workload(source)
            case _:
                self._mark("ignored a load that is not positive")

    def _switch_workload(self, source: str) -> None:
        wanted = msgspec.structs.replace(self._workload, source=source)
        try:
            self._source.switch(wanted)
        except WorkloadError as error:
            self._mark(str(error))
        else:
            self._workload = wanted
            self._mark(f"workload {source}")

    def _mark(self, text: str) -> None:
        self._markers.append(Marker(at_ns=self._run_ns(), text=text))
        del self._markers[:-_MOST_MARKERS]

    def _run_ns(self) -> int:
        return self._clock.now_ns() - self._opened_ns if self._started_utc else 0

    async def frame(self) -> Frame:
        """The state of the run; gives way to the loop between backends, for making it must not delay a stamp."""
        backends = []
        for lane in self._lanes:
            backends.append(lane.frame())
            await asyncio.sleep(0)
        self._seq += 1
        return Frame(
            seq=self._seq,
            title=self._plan.title,
            phase=self._phase,
            stop_reason=self._reason,
            at_ns=self._run_ns(),
            started_utc=self._started_utc,
            seed=self._plan.seed,
            workload=self._workload,
            arrivals=self._arrivals,
            slo=self._plan.slo,
            requests=self._plan.requests,
            duration_s=self._plan.duration_s,
            warmup=self._plan.warmup,
            warmup_done=self._warmup_done,
            budget_usd=self._plan.budget_usd,
            offered_per_s=self._loop.offered_per_s() if isinstance(self._loop, OpenLoop) else None,
            client=self._instrument.frame(),
            markers=tuple(self._markers),
            backends=tuple(backends),
            likenesses=self._likeness.state(),
        )


async def _first_of(*work: Coroutine[None, None, object]) -> None:
    """Return when any of `work` has finished; break the others off."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
