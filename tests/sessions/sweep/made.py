"""Small sweeps in virtual time."""

import asyncio

from infertop.engine.plan import BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.sweep.plan import SweepPlan
from infertop.engine.sweep.runner import Sweeper

STACK = "sim:inferentia2/batch=4"


def sweep_plan(**changes):
    plan = RunPlan(
        title="a sweep",
        backends=(BackendPlan(name="a", url=STACK),),
        workload=WorkloadPlan(max_tokens=64, fixed_length=True),
    )
    return SweepPlan(plan=plan, virtual=True, lengths_only=True, longest_visit_s=None, **changes)


def last_document(sweeper: Sweeper):
    async def last():
        return [each async for each in sweeper.documents()][-1]

    return asyncio.run(last())
