"""A run "as if": the frames that a run over HTTP of the simulated fleet would show, in seconds instead of hours."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from ...backends.fleet.scheduler import FOREVER
from ...backends.fleet.stacks import Stack, StackError
from ..commands import StopReason
from ..frame import Frame, Phase
from ..plan import RunPlan
from ..simulated import stack_behind
from ..timetable import Timetable
from .account import Account
from .lane import VirtualLane
from .orders import Orders
from .pairs import Pairs

_FIRST_SLICE_NS: Final = 1_000_000_000
_BUDGET_CHECK_NS: Final = 200_000_000
"""How often it is looked whether what costs by the clock has used the run's budget up, as a driver does."""

_ENDS_A_SLICE: Final = 4096
"""About so many answers of a backend are counted together: enough for arrays to pay, few enough to need no memory."""


class VirtualError(Exception):
    """A plan that cannot be run in virtual time; the text says why, for a person."""


def simulate(
    plan: RunPlan, *, every_s: float | None = None, rarer: float = 1.0, lengths_only: bool = False
) -> Iterator[Frame]:
    """Run `plan` in virtual time.

    The same seed gives the same prompts, answers and times of sending as a run over HTTP; a warm-up changes nothing
    in a simulation and is left out, and answers are not compared, as all stacks give the same.

    Args:
        plan: all its backends are simulated stacks, and it has an end.
        every_s: virtual time to the first frame, and between frames; None gives the last one only.
        rarer: by what that time grows from frame to frame: a frame costs as much as some hundred requests.
        lengths_only: do not write the prompts' text, which takes most of the time (`orders`).

    Yields:
        Frames on the way, then the last one.

    Raises:
        VirtualError: the plan names a real server, has no end, or has a limit that belongs to real time.
        WorkloadError: there is no such workload.
    """
    run = _Run(plan, lengths_only=lengths_only)
    every_ns = FOREVER if every_s is None else round(every_s * 1e9)
    next_ns = every_ns
    while not run.over:
        run.advance(next_ns)
        if run.now_ns == next_ns and not run.over:
            yield run.frame()
            every_ns = round(every_ns * rarer)
            next_ns += every_ns
    yield run.frame()


def _stacks(plan: RunPlan) -> Mapping[str, Stack]:
    """The stack behind each backend, by the backend's name; raises VirtualError."""
    found = {}
    for backend in plan.backends:
        try:
            stack = stack_behind(backend)
        except StackError as error:
            raise VirtualError(f"{backend.name}: {error}") from None
        if stack is None:
            raise VirtualError(f"{backend.name} is a real server: only simulated stacks can run in virtual time")
        found[backend.name] = stack
    if plan.requests is None and plan.duration_s is None:
        raise VirtualError("a run in virtual time needs an end: a duration or a number of requests")
    return found


class _Run:
    def __init__(self, plan: RunPlan, *, lengths_only: bool) -> None:
        stacks = _stacks(plan)
        self.now_ns = 0
        self._plan = plan
        self._started_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._end_ns = FOREVER if plan.duration_s is None else round(plan.duration_s * 1e9)
        self._phase: Phase = "running"
        self._reason: StopReason = ""
        self._slice_ns = _FIRST_SLICE_NS
        self._seq = 0
        self._budgets = plan.budget_usd is not None or any(each.budget_usd is not None for each in plan.backends)
        self._pairs = Pairs([backend.name for backend in plan.backends])
        self._accounts = [Account(backend, stacks[backend.name], plan.slo) for backend in plan.backends]
        closed = plan.arrivals.kind == "closed"
        self._timetable = None if closed else Timetable(plan.arrivals, plan.seed, 0)
        orders = Orders(plan.seed, plan.workload, lengths_only=lengths_only)
        self._lanes = [
            VirtualLane(
                backend,
                stacks[backend.name],
                account,
                orders,
                bears=None if plan.budget_usd is None else self._bears,
                seed=plan.seed,
                timeout_s=plan.timeout_s,
                limit=plan.requests,
                due_ns=None if self._timetable is None else self._timetable.due_ns,
                concurrency=plan.arrivals.concurrency,
            )
            for backend, account in zip(plan.backends, self._accounts, strict=True)
        ]

    @property
    def over(self) -> bool:
        return self._phase == "done"

    def advance(self, most_ns: int) -> None:
        """Go on for a while, at most to `most_ns`."""
        to_ns = min(most_ns, self.now_ns + self._slice_ns)
        if self._phase == "running":
            to_ns = min(to_ns, self._end_ns)
        before = self._ended()
        slice_ns = to_ns - self.now_ns
        if self._budgets and self._phase == "running":
            to_ns = self._advance_in_step(to_ns)
        else:
            for lane in self._lanes:
                lane.advance(self._before_end(to_ns))
        if slice_ns == self._slice_ns:
            most = max(now - then for now, then in zip(self._ended(), before, strict=True))
            self._slice_ns = round(self._slice_ns * min(4.0, max(0.25, _ENDS_A_SLICE / max(most, 1))))
        self.now_ns = to_ns
        if all(lane.over for lane in self._lanes):
            self._reason = self._reason or "requests"
            self._phase = "done"
            self.now_ns = max(lane.ended_ns for lane in self._lanes)
        elif to_ns == self._end_ns and self._phase == "running":
            self._stop("duration")
        self._pairs.add([lane.settle() for lane in self._lanes])

    def _stop(self, reason: StopReason) -> None:
        self._phase, self._reason = "draining", reason
        for lane, account in zip(self._lanes, self._accounts, strict=True):
            lane.stop()
            account.close(self.now_ns)

    def _advance_in_step(self, to_ns: int) -> int:
        """Let everything happen in the order of time, for what one spends another must not: how far it came."""
        while self.now_ns < to_ns and self._phase == "running":
            look_ns = min(to_ns, (self.now_ns // _BUDGET_CHECK_NS + 1) * _BUDGET_CHECK_NS)
            until_ns = self._before_end(look_ns)
            while (at_ns := min(lane.next_ns(until_ns) for lane in self._lanes)) <= until_ns:
                self.now_ns = at_ns
                if self._used_up(at_ns):
                    self._stop("budget")
                    return at_ns
            self.now_ns = look_ns
            if self._plan.budget_usd is not None and self._committed_usd(look_ns) >= self._plan.budget_usd:
                self._stop("budget")
        return self.now_ns

    def _used_up(self, at_ns: int) -> bool:
        """Whether a prompt that was due at `at_ns` was one too many for the budgets."""
        for lane in self._lanes:
            lane.advance(at_ns)
            if lane.broke:
                return True
        return all(lane.retired for lane in self._lanes)

    def _before_end(self, at_ns: int) -> int:
        """What is due when time is up is not sent."""
        return at_ns - 1 if at_ns == self._end_ns else at_ns

    def _committed_usd(self, at_ns: int) -> float:
        return sum(lane.committed_usd(at_ns) for lane in self._lanes)

    def _bears(self, worst_usd: float, at_ns: int) -> bool:
        """Whether the run's budget bears the worst case of one more prompt."""
        budget_usd = self._plan.budget_usd
        return budget_usd is None or self._committed_usd(at_ns) + worst_usd <= budget_usd

    def _ended(self) -> list[int]:
        return [account.finished + account.failed for account in self._accounts]

    def frame(self) -> Frame:
        """The state of the run now."""
        plan = self._plan
        self._seq += 1
        return Frame(
            seq=self._seq,
            title=plan.title,
            phase=self._phase,
            stop_reason=self._reason,
            at_ns=self.now_ns,
            started_utc=self._started_utc,
            seed=plan.seed,
            workload=plan.workload,
            arrivals=plan.arrivals,
            slo=plan.slo,
            requests=plan.requests,
            duration_s=plan.duration_s,
            virtual=True,
            budget_usd=plan.budget_usd,
            offered_per_s=None if self._timetable is None else self._timetable.offered_per_s(self.now_ns),
            backends=tuple(lane.frame(self.now_ns) for lane in self._lanes),
            paired=self._pairs.state(),
            unpaired=self._pairs.unpaired,
        )
