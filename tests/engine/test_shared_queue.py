"""Workers that share one server whose requests wait for each other: in open loop it cannot tell how many they are."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from infertop.engine.connecting import Connected
from infertop.engine.driver import Driver
from infertop.engine.instrument import Instrument
from infertop.engine.lane import Lane
from infertop.engine.likeness import LikenessSums
from infertop.engine.merge import merge
from infertop.engine.place import Opening
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan
from infertop.engine.share import Share

from .test_sharing import counted
from .virtual import OPENED_NS, ScriptedBackend, VirtualClock, VirtualLoop


class Queueing(ScriptedBackend):
    """Answers so many at a time, in the order in which they came, whoever asked."""

    def __init__(self, clock, slowness, at_a_time):
        super().__init__(clock, slowness)
        self._free = asyncio.Semaphore(at_a_time)

    @asynccontextmanager
    async def send(self, request):
        sent_ns = self._clock.now_ns()
        async with self._free, super().send(request) as answer:
            answer.sent_ns = sent_ns
            yield answer


def drive(plan, workers):
    """The merged last frame of that many workers of one run, all in one virtual time and against the same servers."""

    async def run():
        clock = VirtualClock(asyncio.get_running_loop())
        servers = {each.name: Queueing(clock, int(each.url), 4) for each in plan.backends}

        async def connect(backend):
            return Connected(servers[backend.name], "m")

        async def open_together():
            return Opening(OPENED_NS, "2026-11-23T12:00:00.000+00:00")

        def worker(number):
            likeness = LikenessSums([each.name for each in plan.backends])
            share = Share(number, workers)
            lanes = [Lane(each, plan, connect, clock, likeness, share) for each in plan.backends]
            return Driver(plan, lanes, likeness, clock, Instrument(), share, open_together)

        drivers = [worker(number) for number in range(workers)]
        await asyncio.gather(*(driver.run() for driver in drivers))
        return merge([await driver.frame() for driver in drivers])

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run())


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("rate_per_s", [4, 20])
def test_in_open_loop_a_queue_is_as_long_for_many_workers_as_for_one(workers, rate_per_s):
    plan = RunPlan(
        backends=(BackendPlan(name="fast", url="1"), BackendPlan(name="slow", url="3")),
        arrivals=ArrivalsPlan(kind="poisson", rate_per_s=rate_per_s),
        slo=SloPlan(ttft_ms=700),
        requests=120,
    )
    alone, shared = drive(plan, 1), drive(replace(plan, workers=workers), workers)
    assert (shared.workers, shared.at_ns) == (workers, pytest.approx(alone.at_ns, abs=1000))
    for mine, theirs in zip(shared.backends, alone.backends, strict=True):
        assert counted(mine) == counted(theirs)
        assert mine.scheduled == 120
        assert mine.failed > 0


def test_that_queue_matters():
    """Else the test above would show nothing."""
    plan = RunPlan(backends=(BackendPlan(name="slow", url="3"),), requests=120)
    quiet, busy = (
        drive(replace(plan, arrivals=ArrivalsPlan(kind="poisson", rate_per_s=rate_per_s)), 1).backends[0]
        for rate_per_s in (0.1, 20)
    )
    assert busy.histograms["ttft"] != quiet.histograms["ttft"]
    assert busy.company > 5 * quiet.company
