"""Knobs and faults of simulated backends, changed through a running engine process."""

import pytest

from infertop.backends.fleet.faults import Fault
from infertop.engine.commands import Command, SetFaults, SetStack
from infertop.engine.cost import RentedPrice
from infertop.engine.frame import Frame
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineProcess
from infertop.engine.what_if import WhatIfError, with_stack

PRICE = RentedPrice(usd_per_chip_hour=3.0, chips=4)
H200 = BackendPlan(name="a", url="sim:h200", model="llama-3.3-70b", price=PRICE)


def plan(**more) -> RunPlan:
    return RunPlan(
        backends=(H200, BackendPlan(name="b", url="sim:cerebras", model="llama-3.3-70b")),
        workload=WorkloadPlan(source="classification"),
        arrivals=ArrivalsPlan(concurrency=2),
        duration_s=3.0,
        **more,
    )


async def commanded(run: RunPlan, *commands: Command) -> Frame:
    """The last frame of a run that is given `commands` once both backends have answered."""
    engine = await EngineProcess.start(run)
    given = False
    try:
        async for frame in engine.frames():
            if not given and all(backend.finished > 2 for backend in frame.backends):
                given = True
                for command in commands:
                    engine.send(command)
    finally:
        last = await engine.stop()
    assert last is not None
    return last


async def test_knobs_and_faults_change_while_it_runs() -> None:
    frame = await commanded(
        plan(),
        SetStack("a", "h200x8/llama-3.3-70b/fp8"),
        SetFaults("b", (Fault(kind="error", status=503, retry_after_s=0),)),
        SetStack("a", "h200/llama-3.1-8b"),
        SetStack("c", "h100"),
    )
    a, b = frame.backends
    assert {marker.text for marker in frame.markers} == {
        "a: h200x8/llama-3.3-70b/fp8",
        "b: error 100%",
        "not changed: h200/llama-3.1-8b serves llama-3.1-8b, and a serves llama-3.3-70b",
        "not changed: c is no simulated backend that serves now",
    }
    assert (a.url, a.hardware) == ("sim:h200x8/llama-3.3-70b/fp8", "H200 ×8")
    assert a.price == RentedPrice(usd_per_chip_hour=3.0, chips=8)
    assert a.failed == 0
    assert b.errors.keys() == {"5xx"}


@pytest.mark.slow
async def test_every_worker_of_a_crew_shows_the_change_once() -> None:
    frame = await commanded(plan(workers=2), SetStack("a", "h200x8"))
    assert [marker.text for marker in frame.markers] == ["a: h200x8"]
    assert frame.backends[0].hardware == "H200 ×8"


@pytest.mark.parametrize("name", ["h300", "h100x1/llama-3.3-70b"])
def test_a_stack_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(WhatIfError):
        with_stack(H200, name)
