"""A run in the console: engine and screen together, from the plan to the last frame."""

import re
from datetime import datetime

from msgspec.structs import replace

from ..engine.frame import Frame
from ..engine.plan import RunPlan
from ..engine.process import EngineProcess
from ..engine.workloads.builtin import BUILTIN
from ..profiles.library import save
from ..profiles.problems import ProfileError
from ..profiles.schema import from_plan
from .app import InfertopApp


async def run_console(plan: RunPlan) -> Frame | None:
    """Show `plan` until it is left; the last frame, None if there was none.

    Raises:
        EngineError: the engine process cannot be started.
    """
    engine = await EngineProcess.start(plan)
    workloads = list(dict.fromkeys((plan.workload.source, *BUILTIN)))
    app = InfertopApp(engine, save_profile=lambda frame: save_session(plan, frame), workloads=workloads)
    try:
        await app.run_async()
    finally:
        last = await engine.stop()
    return last


def save_session(plan: RunPlan, frame: Frame) -> str:
    """Save `plan`, with the load and workload that `frame` shows, as a profile of the user's; returns its path.

    Raises:
        ValueError: it cannot be saved; the text says why.
    """
    now = replace(plan, workload=frame.workload, arrivals=frame.arrivals)
    words = re.sub(r"[^a-z0-9]+", "-", plan.title.lower()).strip("-") or "session"
    name = f"{words[:40]}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    try:
        return str(save(from_plan(now, "saved from the console"), name))
    except ProfileError as error:
        raise ValueError(str(error)) from None
