"""One run of the real engine process on a core of its own, and what it used of the machine."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from infertop.engine.frame import Frame
from infertop.engine.plan import RunPlan
from infertop.engine.process import EngineProcess

from .truth import pin

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far."""

    chunks: int
    at_s: float
    cpu_s: float
    rss_mb: float


@dataclass(frozen=True, slots=True)
class Watched:
    """A run.

    Attributes:
        last: its last frame.
        samples: usage at each frame of the measured window, oldest first.
        peak_mb: largest resident set.
    """

    last: Frame
    samples: list[Usage]
    peak_mb: float

    @property
    def cpu_s_per_million(self) -> float:
        """CPU seconds per million chunks between the first and the last sample."""
        first, last = self.samples[0], self.samples[-1]
        return (last.cpu_s - first.cpu_s) / (last.chunks - first.chunks) * 1e6

    @property
    def chunks_per_s(self) -> float:
        """Chunks per second over the same span."""
        first, last = self.samples[0], self.samples[-1]
        return (last.chunks - first.chunks) / (last.at_s - first.at_s)


def _usage(pid: int, chunks: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    cpu_s = (int(fields[11]) + int(fields[12])) * _TICK_S
    return Usage(chunks, time.perf_counter(), cpu_s, pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


async def watch(plan: RunPlan, *, engine_core: int | None, own_core: int | None) -> Watched:
    """Run `plan` to its end in an engine process pinned to `engine_core`, while this process keeps to `own_core`."""
    pin(0, engine_core)  # the child inherits it
    engine = await EngineProcess.start(plan)
    pin(0, own_core)
    pid = engine._process.pid
    samples: list[Usage] = []
    last = None
    async for last in engine.frames():
        if last.phase == "running" and last.backends[0].chunks:
            samples.append(_usage(pid, last.backends[0].chunks))
    await engine.stop()
    assert last is not None
    return Watched(last, samples, max((sample.rss_mb for sample in samples), default=0.0))
