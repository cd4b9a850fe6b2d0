"""All faults at once, in one engine process that a healthy backend shares with them."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from infertop.engine.plan import ArrivalsPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineProcess

from .matrix import MATRIX
from .running import add_up, backend
from .scripts import WELL

HOGS = ("without end", "gigantic")
"""Servers that send as fast as they can: in the process of this test they would keep the others from answering."""


@pytest.mark.slow
@pytest.mark.usefixtures("trusted")
async def test_each_fails_in_its_own_way_and_the_healthy_one_not_at_all(place, serve):
    faults = {f"{each.stage}: {each.name}": each for each in MATRIX if not any(word in each.name for word in HOGS)}
    async with AsyncExitStack() as opened:
        healthy = await opened.enter_async_context(serve(WELL))
        backends = [backend("healthy", healthy.url)]
        for name, fault in faults.items():
            backends.append(backend(name, await opened.enter_async_context(place(fault))))
        plan = RunPlan(
            backends=tuple(backends),
            workload=WorkloadPlan(source="chat", max_tokens=8),
            arrivals=ArrivalsPlan(kind="constant", rate_per_s=1.0),
            requests=3,
            timeout_s=5.0,
        )
        began = time.monotonic()
        engine = await EngineProcess.start(plan)
        last = None
        async with asyncio.timeout(40):
            async for frame in engine.frames():
                add_up(frame.backends)
                last = frame
        await engine.stop()
    assert (last.phase, last.stop_reason) == ("done", "requests")
    assert time.monotonic() - began < 30
    for told in last.backends:
        kind = None if told.name == "healthy" else faults[told.name].kind
        assert told.in_flight == 0
        assert told.scheduled == 3
        expected = {} if kind is None else {kind.value: told.failed}
        assert told.errors == expected, f"{told.name}: {told.last_error}"
