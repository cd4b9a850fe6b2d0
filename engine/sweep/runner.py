"""A sweep from its first visit to its last: documents as it goes on, and a note of each visit for whoever keeps them.

In each round every backend that is not finished is visited once, in an order drawn anew, so that a drift of client,
network or hour hits all of them alike. They are under load one after the other, because a visit holds a backend at a
level of its own, found for it: under load at once they would share the client's core and network, one's burst would
be in the other's latency, and at no two moments would a backend meet the same company. All at once is for backends
that share nothing with each other and a client with cores to spare.

What a visit does is nobody's business but the engine's, which is a process of its own, or virtual time: whoever
iterates over the documents may draw meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from math import isfinite
from random import Random
from typing import Final

from msgspec.structs import replace

from ... import __version__
from ..commands import StopReason
from ..estimate import estimate
from ..inbox import EngineError
from ..plan import RunPlan
from ..virtual import simulate
from ..window import end_to_end, series_end_to_end
from .gauge import Gauge, look_s
from .plan import Begun, SweepPlan, Visit, Visited, run_plan, same_level
from .reading import requests_per_s
from .search import Found, following, remaining
from .sweep import Curve, Point, Progress, Sweep
from .visiting import visit_live, visit_virtual

Keep = Callable[[Begun | Visited], None]
"""Called before a visit begins and after it ended; it is on disk when it returns."""

_RAMPS: Final = 3
"""Times its level that a visit sends more than it counts: before its window opens, and what is broken off after."""


class Sweeper:
    """One sweep, perhaps gone on with.

    Args:
        plan: what to do.
        keep: see `Keep`.
        visited: what came of the visits so far, in order.
        lost_usd: what visits may have spent that nobody saw the end of.
        started_utc: when it was begun, if it was before.
    """

    def __init__(
        self,
        plan: SweepPlan,
        keep: Keep = lambda _: None,
        *,
        visited: Sequence[Visited] = (),
        lost_usd: float = 0.0,
        started_utc: str = "",
    ) -> None:
        self._plan = plan
        self._keep = keep
        self._visited = list(visited)
        self._lost_usd = lost_usd
        self._started_utc = started_utc or datetime.now(UTC).isoformat("T", "seconds")
        self._now: dict[str, float] = {}
        self._why = ""
        self._by: StopReason = ""
        self._stopping = asyncio.Event()

    def stop(self, why: str, by: StopReason = "told") -> None:
        """Make no further visit, and give up the one under way."""
        if not self._why:
            self._why, self._by = why, by
        self._stopping.set()

    async def documents(self) -> AsyncIterator[Sweep]:
        """The sweep as it stands: first, as each visit begins and ends, and last (state "done" or "stopped").

        Raises:
            EngineError: the engine cannot be started, cannot run the plan, or died.
            VirtualError: the plan cannot be run in virtual time.
            WorkloadError: its prompts cannot be made.
        """
        yield self.document()
        while visits := self._round():
            for together in [visits] if self._plan.together else [[visit] for visit in visits]:
                self._check(together)
                if self._why:
                    break
                self._now = {visit.backend: visit.level for visit in together}
                yield self.document()
                await self._make(together)
                self._now = {}
                yield self.document()
            if self._why:
                break
        yield self.document(over=True)

    # --- what to do ---

    def _round(self) -> list[Visit]:
        """The visits of this round that were not made yet, in their order; none when all is found."""
        made = max((each.visit.round for each in self._visited), default=0)
        return self._left_of(made) or self._left_of(made + 1)  # a round may have been cut short

    def _left_of(self, number: int) -> list[Visit]:
        before = [each for each in self._visited if each.visit.round < number]
        done = {each.visit.backend for each in self._visited if each.visit.round == number}
        names = [backend.name for backend in self._plan.plan.backends]
        Random(f"{self._plan.plan.seed} {number}").shuffle(names)  # noqa: S311 - an order, not a secret
        visits = []
        for name in names:
            curve = self._curve(name, before)
            if name in done or curve.done:
                continue
            wanted = following(curve, self._plan, _over(before, name))
            if isinstance(wanted, Found):
                continue
            nth = sum(same_level(each.visit.level, wanted.level) for each in before if each.visit.backend == name)
            visits.append(Visit(round=number, backend=name, level=wanted.level, nth=nth, requests=wanted.requests))
        return visits

    def _check(self, visits: Sequence[Visit]) -> None:
        """Stop if these visits must not be made."""
        most = self._plan.most_requests
        sent = sum(each.requests for each in self._visited)
        if most is not None and sent + sum(map(_expected, visits)) > most:
            self.stop(f"--max-requests {most:,} would be passed", "requests")
        if any((left := self._left_usd(visit)) is not None and left <= 0 for visit in visits):
            self.stop("the budget is used up", "budget")

    # --- money ---

    def _left_usd(self, visit: Visit) -> float | None:
        """What a visit may spend, by the sweep's budget and the backend's own; None without either."""
        if self._plan.virtual:
            return None
        backend = next(each for each in self._plan.plan.backends if each.name == visit.backend)
        own = sum(each.spent_usd for each in self._visited if each.visit.backend == visit.backend)
        limits = [
            None if self._plan.plan.budget_usd is None else self._plan.plan.budget_usd - self._spent_usd,
            None if backend.budget_usd is None else backend.budget_usd - own,
        ]
        return min((each for each in limits if each is not None), default=None)

    @property
    def _spent_usd(self) -> float:
        return self._lost_usd + sum(each.spent_usd for each in self._visited)

    # --- doing it ---

    async def _make(self, visits: Sequence[Visit]) -> None:
        """Make visits at once; each is kept as it ends, but for those that are given up."""
        tasks = [asyncio.create_task(self._make_one(visit, len(visits))) for visit in visits]
        stop = asyncio.create_task(self._stopping.wait())
        try:
            pending: set[asyncio.Task[object]] = {*tasks}
            while pending and not stop.done():
                _, pending = await asyncio.wait({*pending, stop}, return_when=asyncio.FIRST_COMPLETED)
                pending -= {stop}
        finally:
            for task in (*tasks, stop):
                task.cancel()
            results = await asyncio.gather(*tasks, stop, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _make_one(self, visit: Visit, together: int) -> None:
        left_usd = self._left_usd(visit)
        most_usd = None if left_usd is None else left_usd / together
        plan = run_plan(self._plan, visit, most_usd)
        if most_usd is not None:
            most_usd = min(most_usd, _worst_usd(plan, visit))
            plan = replace(plan, budget_usd=most_usd)
        self._keep(Begun(visit=visit, at_most_usd=most_usd or 0.0))
        gauge = Gauge(self._plan, visit, self._point(visit))
        if self._plan.virtual:
            last = await visit_virtual(plan, gauge, self._look_s(visit), lengths_only=self._plan.lengths_only)
            visited = gauge.visited(last)
        else:
            try:
                visited = gauge.visited(await visit_live(plan, gauge))
            except EngineError as error:
                visited = replace(gauge.visited(None), failed=True, cut=str(error), spent_usd=most_usd or 0.0)
        if visited.broke:
            self.stop("the budget is used up", "budget")
        self._visited.append(visited)
        self._keep(visited)

    def _point(self, visit: Visit) -> Point | None:
        points = self._curve(visit.backend, self._visited).points
        return next((point for point in points if same_level(point.level, visit.level)), None)

    def _look_s(self, visit: Visit) -> float:
        """How often to look at a visit in virtual time, which gives no hint of itself how long it will take."""
        points = self._curve(visit.backend, self._visited).points
        near = min(points, key=lambda point: abs(point.level - visit.level), default=None)
        rate = requests_per_s(near) if near else None
        if near is None or rate is None:
            one = replace(run_plan(self._plan, visit, None), requests=1)
            at_ns = [frame.at_ns for frame in simulate(one, lengths_only=self._plan.lengths_only)][-1]
            per_s = 1e9 / max(at_ns, 1)
        else:
            per_s = rate.value
        return look_s(visit.requests / per_s)

    # --- how it stands ---

    def _curve(self, name: str, visited: Sequence[Visited]) -> Curve:
        backend = next(each for each in self._plan.plan.backends if each.name == name)
        own = [each for each in visited if each.visit.backend == name]
        failed = own[-1] if own and own[-1].failed else None  # one that failed before was tried again since
        curve = Curve(
            backend=backend, points=_points([each for each in own if not each.failed]), now=self._now.get(name)
        )
        if failed is not None:
            return replace(curve, done=failed.cut, failed=True)
        wanted = following(curve, self._plan, _over(own, name))
        return replace(curve, done=wanted.why) if isinstance(wanted, Found) else curve

    def document(self, *, over: bool = False) -> Sweep:
        """The sweep as it stands."""
        plan = self._plan
        curves = tuple(self._curve(backend.name, self._visited) for backend in plan.plan.backends)
        left = [remaining(curve, plan) if not curve.done else 0.0 for curve in curves]
        done = sum(each.requests for each in self._visited)
        return Sweep(
            title=plan.plan.title,
            infertop=__version__,
            started_utc=self._started_utc,
            plan=plan.plan,
            axis=plan.axis,
            low=plan.low,
            high=plan.high,
            targets=plan.targets,
            together=plan.together,
            curves=curves,
            virtual=plan.virtual,
            state="running" if not over else "stopped" if self._why else "done",
            why=self._why,
            stopped_by=self._by,
            progress=Progress(
                requests_done=done,
                requests_expected=done + round(sum(left)),
                spent_usd=self._spent_usd,
                eta_s=self._eta_s(curves, left),
            ),
        )

    def _eta_s(self, curves: Sequence[Curve], left: Sequence[float]) -> float | None:
        """By what each backend took for a request so far."""
        times = []
        for curve, requests in zip(curves, left, strict=True):
            sent = sum(point.requests for point in curve.points)
            if requests and not sent:
                return None
            took_s = sum(point.elapsed_s for point in curve.points)
            times.append(requests * took_s / sent if sent else 0.0)
        total = max(times) if self._plan.together else sum(times)
        return total if isfinite(total) else None


def _over(visited: Sequence[Visited], name: str) -> frozenset[float]:
    return frozenset(each.visit.level for each in visited if each.visit.backend == name and each.over)


def _points(visited: Sequence[Visited]) -> tuple[Point, ...]:
    """Visits level by level, those of one laid end to end."""
    points: dict[float, Point] = {}
    for each in visited:
        if not each.counted.finished:
            continue
        level = each.visit.level
        point = Point(
            level=level,
            counted=each.counted,
            requests=each.requests,
            spent_usd=each.spent_usd,
            elapsed_s=each.elapsed_s,
            pace=each.pace,
            cut=each.cut,
        )
        former = points.get(level)
        if former is not None:
            point = replace(
                point,
                counted=end_to_end(former.counted, point.counted),
                visits=former.visits + 1,
                requests=former.requests + point.requests,
                spent_usd=former.spent_usd + point.spent_usd,
                elapsed_s=former.elapsed_s + point.elapsed_s,
                pace=series_end_to_end(former.pace, point.pace),
                cut=point.cut or former.cut,
            )
        points[level] = point
    return tuple(points[level] for level in sorted(points))


def _expected(visit: Visit) -> int:
    """Requests that a visit sends."""
    return visit.requests + round(_RAMPS * visit.level)


def _worst_usd(plan: RunPlan, visit: Visit) -> float:
    """The most that a visit can cost, by far: chips by the clock have no worst case but the longest time."""
    bounded = replace(plan, requests=2 * _expected(visit))
    worst = estimate(bounded).worst_usd
    return float("inf") if worst is None else worst
