"""A run without the console: progress on stderr while it goes on, its last Frame at the end.

Ctrl-C and SIGTERM end the run, not the command: the summary is still printed. A second one ends the command.
"""

import asyncio
import shutil
import signal
import time
from typing import Final, TextIO

from msgspec.structs import replace
from rich.cells import set_cell_size

from ..backends.printable import printable
from ..engine.commands import Stop
from ..engine.figures import tok_s
from ..engine.frame import Frame
from ..sessions.figures import duration, number
from ..sessions.session import Session
from .holding import paused

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_REDRAW_EVERY_S: Final = 0.25
_PLAIN_LINE_EVERY_S: Final = 10.0


async def run_headless(session: Session, progress: TextIO) -> Frame:
    """Watch `session` to its end, or to the first Ctrl-C, and return the last frame.

    Raises:
        EngineError: the engine cannot run the plan, or died.
    """
    loop = asyncio.get_running_loop()
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
        session.send(Stop())

    for each in _SIGNALS:
        loop.add_signal_handler(each, interrupt)
    line = Progress(progress)
    try:
        async for frame in session.frames():
            line.show(frame)
    finally:
        line.close()
        last = await session.stop()
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
    assert last is not None  # frames() ended without an error, so there was a last one
    return replace(last, stop_reason="interrupted") if interrupted else last


class Progress:
    """One line, rewritten in place on a terminal; a line now and then elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rewrites = stream.isatty()
        self._every_s = _REDRAW_EVERY_S if self._rewrites else _PLAIN_LINE_EVERY_S
        self._due_s = time.monotonic() + (0.0 if self._rewrites else self._every_s)

    def show(self, frame: Frame) -> None:
        """Show `frame` if it is time to."""
        if time.monotonic() < self._due_s:
            return
        self._due_s = time.monotonic() + self._every_s
        if self._rewrites:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write("\r" + set_cell_size(progress_line(frame), width))
        else:
            self._stream.write(progress_line(frame) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Take the line away again."""
        if self._rewrites:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def progress_line(frame: Frame) -> str:
    """Where a run stands: phase, time, prompts, and tok/s so far of each backend."""
    if frame.phase == "starting":
        return "starting"
    if frame.phase == "warmup":
        return f"warming up {frame.warmup_done} of {frame.warmup * len(frame.backends)}"
    time_limit = f" of {duration(frame.duration_s)}" if frame.duration_s else ""
    prompts_limit = f" of {frame.requests:,}" if frame.requests else ""
    settled = [backend.finished + backend.failed for backend in frame.backends]
    parts = [f"{duration(frame.at_ns / 1e9)}{time_limit}", f"{min(settled, default=0):,}{prompts_limit} prompts"]
    if frame.phase == "draining":
        parts.append(f"waiting for {sum(backend.in_flight for backend in frame.backends):,} answers")
    for backend in frame.backends:
        rate = tok_s(backend)
        state = "–" if rate is None else f"{number(rate)} tok/s"
        if backend.state == "down":
            state = "down"
        elif pause := paused(backend):
            state = f"paused {printable(pause, 40)}"
        parts.append(f"{printable(backend.name, 20)} {state}")
    return "  ".join(parts)
