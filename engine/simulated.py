"""The simulated stacks that a plan names, served by one process for all workers of a run."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..backends.fleet.process import start_fleet_async
from ..backends.fleet.stacks import Stack, find_stack
from .plan import BackendPlan, RunPlan

_SCHEME = "sim:"


def stack_of(plan: BackendPlan) -> str:
    """Which stack stands behind a backend; "" for a real one."""
    return plan.url.removeprefix(_SCHEME) if plan.url.startswith(_SCHEME) else ""


def stack_behind(plan: BackendPlan) -> Stack | None:
    """The simulated stack behind a backend; None for a real one. Raises StackError."""
    name = stack_of(plan)
    return find_stack(name) if name else None


def prefixes(plan: RunPlan) -> dict[str, str]:
    """Where in the fleet each simulated backend is served, by the backend's name: no two share a queue."""
    times: Counter[str] = Counter()
    found = {}
    for backend in plan.backends:
        if stack := stack_of(backend):
            times[stack] += 1
            found[backend.name] = stack if times[stack] == 1 else f"{stack}~{times[stack]}"
    return found


@asynccontextmanager
async def stacks_served(plan: RunPlan) -> AsyncIterator[dict[str, str]]:
    """Serve what `plan` needs while the block lasts: base URLs by the backend's name. Raises FleetError."""
    names = prefixes(plan)
    if not names:
        yield {}
        return
    faults = {names[backend.name]: backend.faults for backend in plan.backends if backend.faults}
    fleet = await start_fleet_async(names.values(), seed=plan.seed, faults=faults)
    try:
        yield {backend: fleet.url(name) for backend, name in names.items()}
    finally:
        fleet.close()
