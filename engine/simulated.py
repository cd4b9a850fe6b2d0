"""The simulated stacks that a plan names, served by one process for all workers of a run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..backends.fleet.process import start_fleet_async
from .plan import BackendPlan, RunPlan

_SCHEME = "sim:"


def stack_of(plan: BackendPlan) -> str:
    """Which stack stands behind a backend; "" for a real one."""
    return plan.url.removeprefix(_SCHEME) if plan.url.startswith(_SCHEME) else ""


@asynccontextmanager
async def stacks_served(plan: RunPlan) -> AsyncIterator[dict[str, str]]:
    """Serve what `plan` needs while the block lasts: base URLs by stack id. Raises FleetError."""
    stacks = dict.fromkeys(stack for each in plan.backends if (stack := stack_of(each)))
    if not stacks:
        yield {}
        return
    fleet = await start_fleet_async(stacks, seed=plan.seed)
    try:
        yield {stack: fleet.url(stack) for stack in stacks}
    finally:
        fleet.close()
