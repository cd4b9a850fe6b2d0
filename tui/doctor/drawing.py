"""`python -m infertop.tui.doctor.drawing screen|nothing FD PLAN`: run a plan with or without the console.

Writes the run's last `ClientFrame` to FD, as msgpack. Started by `screen` on a pseudo-terminal.
"""

import asyncio
import os
import sys

import msgspec

from ...engine.frame import Frame
from ...engine.plan import RunPlan
from ...engine.process import EngineProcess
from ..app import InfertopApp
from ..feed import FeedEnded


class _Console(InfertopApp):
    """The console, which leaves when the run is over."""

    def on_feed_ended(self, _: FeedEnded) -> None:
        """Textual calls the base class's own handler too."""
        self.exit()


async def _run(plan: RunPlan, *, drawn: bool) -> Frame | None:
    engine = await EngineProcess.start(plan)
    try:
        if drawn:
            await _Console(engine).run_async()
        else:
            async for _ in engine.frames():
                pass
    finally:
        last = await engine.stop()
    return last


def main() -> int:
    """Run the command; returns the exit status."""
    what, descriptor, plan = sys.argv[1:]
    last = asyncio.run(_run(msgspec.json.decode(plan, type=RunPlan), drawn=what == "screen"))
    if last is None or last.phase != "done":
        return 1
    os.write(int(descriptor), msgspec.msgpack.encode(last.client))
    return 0


if __name__ == "__main__":
    sys.exit(main())
