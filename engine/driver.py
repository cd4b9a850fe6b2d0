"""A run from its first warm-up prompt to its last answer: what to send, when to stop, and why."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

import msgspec

from .clock import Clock
from .commands import (
    Command,
    Follow,
    Hold,
    SetArrivals,
    SetConcurrency,
    SetFaults,
    SetPrice,
    SetRate,
    SetStack,
    SetWorkload,
    Stop,
    StopReason,
)
from .following import Following
from .frame import MOST_MARKERS, Frame, Marker, Phase
from .instrument import Instrument
from .lane import Lane
from .likeness import LikenessSums
from .pairing import Pairing
from .place import Opening
from .plan import ArrivalsPlan, RunPlan
from .prompts import Prompt
from .sending import Sending, impossible, in_words
from .share import Share
from .source import PromptSource
from .waiting import first_of
from .what_if import WhatIf
from .workloads import WorkloadError

_BUDGET_CHECK_NS: Final = 200_000_000


class Driver:
    """Runs a share of `plan` over `lanes`; commands may change it, and `frame` tells at any moment how it stands.

    Plan, commands and frames speak of the whole run; what of it falls to this worker is worked out here.

    Args:
        share: this worker's part of the prompts.
        opening: asked when all is connected and warmed up; tells when the window opens for every worker.

    Attributes:
        what_if: changes simulated backends.
    """

    def __init__(
        self,
        plan: RunPlan,
        lanes: list[Lane],
        likeness: LikenessSums,
        clock: Clock,
        instrument: Instrument,
        share: Share,
        opening: Callable[[], Awaitable[Opening]],
    ) -> None:
        self.what_if = WhatIf(lanes, self._mark)
        self._plan = plan
        self._lanes = lanes
        self._likeness = likeness
        self._clock = clock
        self._instrument = instrument
        self._share = share
        self._opening = opening
        self._source = PromptSource(plan.seed, plan.workload, plan.requests, share)
        self._workload = plan.workload
        self._arrivals = plan.arrivals
        self._phase: Phase = "starting"
        self._reason: StopReason = ""
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._markers: list[Marker] = []
        self._opened_ns = clock.now_ns()
        self._started_utc = ""
        self._pairing = Pairing([lane.plan.name for lane in lanes], share.workers)
        self._following = Following([lane.plan.name for lane in lanes], likeness)
        for lane in lanes:
            lane.following = self._following
        self._warmup_done = 0
        self._seq = 0
        self._sending: Sending | None = None
        self._retired: list[Lane] = []  # their own budgets are used up

    # --- the run ---

    async def run(self) -> None:
        """From warm-up to the last answer. Cancelling it abandons what is in flight."""
        await self._until_stopped(self._prepare())
        if self._plan.warmup and not self._stop.is_set():
            self._phase = "warmup"
            await self._until_stopped(self._warm_up())
        if not self._stop.is_set():
            await self._until_stopped(self._open_window())
        if self._phase == "running":
            await self._send()
        self._phase = "done"

    async def _prepare(self) -> None:
        await asyncio.gather(*(lane.prepare() for lane in self._lanes))

    async def _warm_up(self) -> None:
        """Prompts that are answered before the window opens: never counted, and drained before it."""
        concurrency = max(1, self._share.of(self._arrivals.concurrency))
        limit = asyncio.Semaphore(concurrency)

        async def one(lane: Lane, own_limit: asyncio.Semaphore, number: int) -> None:
            async with own_limit, limit:
                while (hold_s := lane.hold_s()) > 0:
                    await self._clock.sleep_until(self._clock.now_ns() + round(hold_s * 1e9))
                prompt = self._source.warm_up(number)
                if self._bears(lane, prompt):
                    lane.set_aside(prompt)
                    await lane.perform(prompt, self._clock.now_ns())
                    self._warmup_done += 1
                else:
                    self.stop("budget")

        numbers = [number for number in range(self._plan.warmup) if self._share.owns(number)]
        limits = [asyncio.Semaphore(lane.most_in_flight(concurrency)) for lane in self._lanes]
        lanes = list(zip(self._lanes, limits, strict=True))
        await asyncio.gather(*(one(*lane, number) for number in numbers for lane in lanes))

    async def _open_window(self) -> None:
        opening = await self._opening()
        await self._clock.sleep_until(opening.at_ns)
        self._opened_ns, self._started_utc = opening.at_ns, opening.utc
        self._instrument.reset()
        self._likeness.reset()
        for lane in self._lanes:
            lane.open_window(self._opened_ns, self._pairing.of(lane.plan.name))
        self._phase = "running"

    async def _send(self) -> None:
        sending = self._sending = Sending(
            self._lanes,
            self._source,
            self._take,
            self._clock,
            self._share,
            seed=self._plan.seed,
            arrivals=self._arrivals,
            opened_ns=self._opened_ns,
        )
        await self._until_stopped(self._limits(), sending.exhausted(endless=self._plan.requests is None))
        self._reason = self._reason or ("requests" if self._source_used_up() else "unreachable")
        self._close_window()
        self._phase = "draining"
        sending.stop()
        await first_of(sending.drain(), self._hurry.wait())
        await sending.abandon()

    async def _until_stopped(self, *work: Coroutine[None, None, object]) -> None:
        """Return when any of `work` has finished, or the run was told to stop."""
        await first_of(*work, self._stop.wait())

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
            if self._budget_usd is not None and self._committed_usd() >= self._budget_usd:
                self._reason = "budget"
                return

    def _close_window(self) -> None:
        """Throughput ends here, except that a run of a fixed number of prompts ends with its last answer."""
        for lane in self._lanes:
            if self._reason != "requests":
                lane.tally.close(self._clock.now_ns())
            if lane.down and (left := self._source.left(lane.plan.name)):
                lane.tally.count_not_sent("down", left)

    def _source_used_up(self) -> bool:
        return any(self._source.left(lane.plan.name) == 0 for lane in self._lanes)

    def _take(self, lane: Lane) -> Prompt | None:
        """The next prompt for `lane`, if the run still goes on and the budgets bear its worst case, now set aside."""
        if self._stop.is_set() or lane in self._retired:
            return None
        prompt = self._source.take(lane.plan.name)
        if prompt is None:
            return None
        if not self._bears(lane, prompt):
            lane.tally.count_not_sent("budget")
            self.stop("budget")
            return None
        if not lane.affords(prompt):
            lane.tally.count_not_sent("budget")
            self._retired.append(lane)
            if len(self._retired) == len(self._lanes):
                self.stop("budget")
            return None
        lane.set_aside(prompt)
        return prompt

    def _bears(self, lane: Lane, prompt: Prompt) -> bool:
        """Whether the run's budget bears the worst case of one more prompt to `lane`."""
        worst_usd = lane.worst_usd(prompt)
        return self._budget_usd is None or not worst_usd or self._committed_usd() + worst_usd <= self._budget_usd

    @property
    def _budget_usd(self) -> float | None:
        """This worker's part of the budget: workers spend alike, and none has to ask another before it sends."""
        return None if self._plan.budget_usd is None else self._plan.budget_usd / self._share.workers

    def _committed_usd(self) -> float:
        return sum(lane.committed_usd() for lane in self._lanes)

    # --- what a watcher may ask ---

    def stop(self, reason: StopReason, *, hurry: bool = False) -> None:
        """Send nothing further; in a hurry, do not wait for what is in flight either."""
        self._reason = self._reason or reason
        self._stop.set()
        if hurry:
            self._hurry.set()

    def obey(self, command: Command) -> None:
        """Change the run as asked; what cannot be done becomes a marker that says so."""
        if isinstance(command, Stop):
            self.stop(command.reason, hurry=command.hurry)
            return
        if isinstance(command, Follow):
            self._following.want(on=command.on and self._share.worker == 0)
            return
        if isinstance(command, SetStack | SetPrice | SetFaults):
            self.what_if.ask(command, command.at_ns or self._clock.now_ns())
            return
        at_ns = command.at_ns or self._clock.now_ns()
        match command:
            case SetConcurrency(concurrency) if concurrency >= self._share.workers:
                self._change_load(msgspec.structs.replace(self._arrivals, concurrency=concurrency), at_ns)
                text = f"concurrency {concurrency}"
            case SetRate(rate_per_s) if rate_per_s > 0:
                kind = "constant" if self._arrivals.kind == "ramp" else self._arrivals.kind
                self._change_load(msgspec.structs.replace(self._arrivals, rate_per_s=rate_per_s, kind=kind), at_ns)
                text = f"rate {rate_per_s:g}/s"
            case SetArrivals(arrivals):
                why = impossible(arrivals, self._plan.seed, self._share)
                if not why:
                    self._change_load(arrivals, at_ns)
                text = f"ignored {why}" if why else in_words(arrivals)
            case SetWorkload(source):
                text = self._switch_workload(source)
            case Hold(name, on):
                text = self._hold(name, on=on)
            case SetConcurrency(concurrency) if concurrency > 0:
                text = f"ignored concurrency {concurrency}: there are {self._share.workers} workers to share it"
            case _:
                text = "ignored a load that is not positive"
        self._mark(at_ns, text)

    def _mark(self, at_ns: int, text: str) -> None:
        self._markers.append(Marker(at_ns=self._run_ns(at_ns), text=text))
        del self._markers[:-MOST_MARKERS]

    def _change_load(self, arrivals: ArrivalsPlan, at_ns: int) -> None:
        self._arrivals = arrivals
        if self._sending is not None:
            self._sending.change(arrivals, at_ns)

    def _hold(self, name: str, *, on: bool) -> str:
        """Hold a backend, or let it go on; what to say about it."""
        lane = next((lane for lane in self._lanes if lane.plan.name == name), None)
        if lane is None:
            return "ignored a hold: no backend has that name"
        lane.held = on
        return f"{name} {'held' if on else 'goes on'}"

    def _switch_workload(self, source: str) -> str:
        """Switch if it can be done; what to say about it."""
        wanted = msgspec.structs.replace(self._workload, source=source)
        try:
            self._source.switch(wanted)
        except WorkloadError as error:
            return str(error)
        self._workload = wanted
        return f"workload {source}"

    def _run_ns(self, at_ns: int) -> int:
        """`at_ns` as run time."""
        return max(0, at_ns - self._opened_ns) if self._started_utc else 0

    async def frame(self) -> Frame:
        """The state of the run; gives way to the loop between its parts, for making it must not delay a stamp."""
        backends, paired = [], []
        for lane in self._lanes:
            await lane.catch_up()
            backends.append(lane.frame())
            await asyncio.sleep(0)
        for pair in self._pairing.pairs():
            paired.append(pair)
            await asyncio.sleep(0)
        self._seq += 1
        down = [lane.plan.name for lane in self._lanes if lane.down]
        return Frame(
            seq=self._seq,
            title=self._plan.title,
            phase=self._phase,
            stop_reason=self._reason,
            at_ns=self._run_ns(self._clock.now_ns()),
            started_utc=self._started_utc,
            seed=self._plan.seed,
            workload=self._workload,
            arrivals=self._arrivals,
            slo=self._plan.slo,
            requests=self._plan.requests,
            duration_s=self._plan.duration_s,
            workers=self._share.workers,
            warmup=self._plan.warmup,
            warmup_done=self._warmup_done,
            budget_usd=self._plan.budget_usd,
            offered_per_s=self._sending.offered_per_s() if self._sending is not None else None,
            client=self._instrument.frame(),
            markers=tuple(self._markers),
            backends=tuple(backends),
            likenesses=self._likeness.state(),
            paired=tuple(paired),
            unpaired=self._pairing.unpaired,
            followed=self._following.frame(self._clock.now_ns(), down),
        )
