"""A sweep without the screen: progress on stderr, its last document at the end.

Ctrl-C and SIGTERM end the sweep, not the command: what was found is still printed. A second one ends the command.
"""

import asyncio
import shutil
import signal
import time
from typing import Final, TextIO

from rich.cells import set_cell_size

from ..backends.printable import printable
from ..engine.sweep.runner import Sweeper
from ..engine.sweep.sweep import Sweep
from ..sessions.figures import duration, usd

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_PLAIN_LINE_EVERY_S: Final = 10.0


async def run_sweep(sweeper: Sweeper, progress: TextIO) -> Sweep:
    """Follow a sweep to its end, or to the first Ctrl-C, and return the last document.

    Raises:
        VirtualError, WorkloadError: as `Sweeper.documents`.
        OSError: its file cannot be written.
    """
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
        sweeper.stop("interrupted", "interrupted")

    for each in _SIGNALS:
        loop.add_signal_handler(each, interrupt)
    line, sweep = _Line(progress), sweeper.document()
    try:
        async for sweep in sweeper.documents():
            line.show(sweep)
    finally:
        line.close()
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
    return sweep


def progress_line(sweep: Sweep) -> str:
    """Where a sweep stands: requests, time left, spend, and which levels are under load."""
    progress = sweep.progress
    parts = [f"{progress.requests_done:,} of about {progress.requests_expected:,} requests"]
    if progress.eta_s is not None:
        parts.append(f"about {duration(progress.eta_s)} left")
    if progress.spent_usd:
        parts.append(f"spent {usd(progress.spent_usd)}")
    under = [
        f"{printable(curve.backend.name, 20)} at {curve.now:g}" for curve in sweep.curves if curve.now is not None
    ]
    found = sum(1 for curve in sweep.curves if curve.done)
    return "  ".join([*parts, *under, f"{found} of {len(sweep.curves)} found"])


class _Line:
    """One line, rewritten in place on a terminal; a line now and then elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rewrites = stream.isatty()
        self._due_s = time.monotonic() + (0.0 if self._rewrites else _PLAIN_LINE_EVERY_S)

    def show(self, sweep: Sweep) -> None:
        """Show where it stands, if it is time to."""
        if self._rewrites:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write("\r" + set_cell_size(progress_line(sweep), width))
        elif time.monotonic() >= self._due_s:
            self._due_s = time.monotonic() + _PLAIN_LINE_EVERY_S
            self._stream.write(progress_line(sweep) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Take the line away again."""
        if self._rewrites:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
