"""The console watching a recorded worker: `python -m tests.bench.drawn CORE FILE PLAN`, on a terminal.

Like `recorded_worker`, but its frames are drawn as for any user. The worker keeps to CORE; PLAN is JSON.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import msgspec

from infertop.engine import process
from infertop.engine.launch import Launched
from infertop.engine.plan import RunPlan
from infertop.engine.process import EngineProcess
from infertop.tui.app import InfertopApp
from infertop.tui.feed import FeedEnded

from .truth import pin

SIZE = {"COLUMNS": "120", "LINES": "40", "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


class Console(InfertopApp):
    """The console, which leaves when the run is over."""

    def on_feed_ended(self, _: FeedEnded) -> None:
        """Textual calls the base class's own handler too."""
        self.exit()


@contextmanager
def terminal() -> Iterator[tuple[int, list[int]]]:
    """A terminal that is read by a thread: its descriptor for a child, and how much was written to it."""
    screen, theirs = os.openpty()
    written = [0]

    def read() -> None:
        try:
            while data := os.read(screen, 1 << 16):
                written[0] += len(data)
        except OSError:
            return  # the child is gone, and so is its end

    reader = Thread(target=read)
    reader.start()
    try:
        yield theirs, written
    finally:
        os.close(theirs)
        reader.join()
        os.close(screen)


async def draw(core: int, path: str, plan: RunPlan) -> None:
    """Run `plan` to its end in a recorded worker on `core`, drawn by this process."""
    ours_only = os.sched_getaffinity(0)

    def launch(module: str) -> Launched:
        assert module == "engine.worker"
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        pin(0, core)  # the child inherits it
        command = [sys.executable, "-m", "tests.bench.recorded_worker", str(theirs.fileno()), path]
        started = subprocess.Popen(command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL)
        os.sched_setaffinity(0, ours_only)
        theirs.close()
        return started, ours

    process.launch = launch
    engine = await EngineProcess.start(plan)
    await Console(engine).run_async()
    await asyncio.to_thread(engine._process.wait, 30)
    await engine.stop()


if __name__ == "__main__":
    asyncio.run(draw(int(sys.argv[1]), sys.argv[2], msgspec.json.decode(sys.argv[3], type=RunPlan)))
