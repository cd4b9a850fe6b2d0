"""Visits made: over HTTP by an engine process of its own, or in virtual time."""

import asyncio
from collections.abc import Callable

from ..frame import Frame
from ..plan import RunPlan
from ..process import EngineProcess
from ..virtual import simulate
from .gauge import Gauge

Take = Callable[[Frame], bool]


async def visit_live(plan: RunPlan, gauge: Gauge) -> Frame | None:
    """Run `plan` until `gauge` has enough; the last frame there was.

    Raises:
        EngineError: the engine cannot run it, or died.
    """
    process = await EngineProcess.start(plan)
    try:
        async for frame in process.frames():
            if gauge.take(frame):
                break
    finally:
        last = await process.stop()
    return last


async def visit_virtual(plan: RunPlan, gauge: Gauge, every_s: float, *, lengths_only: bool) -> Frame | None:
    """Likewise in virtual time, looking every `every_s`.

    Raises:
        VirtualError: it cannot be run in virtual time.
        WorkloadError: there is no such workload.
    """
    last = None
    for last in simulate(plan, every_s=every_s, lengths_only=lengths_only):
        if gauge.take(last):
            break
        await asyncio.sleep(0)
    return last
