"""Several cores: what one engine worker takes and what several take, closed loop, in turn, against the same server.

    INFERTOP_GROUNDTRUTH=groundtruth.c python -m tests.bench.workers [--ray 127.0.0.1:6379]

With a Ray cluster of this machine, the same numbers of workers run on it too, as actors.
The server (one core) shares the machine with the engine, and nothing is pinned: where cores are fewer than workers
and one, tokens a second say how they were shared out. CPU a token says what tokens cost whoever else is busy: workers
with a core each take as many times what one takes as they are, if it does not rise with their number.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from infertop.engine.frame import Frame
from infertop.engine.process import EngineProcess

from .capacity import plan_for
from .truth import VARIABLE, read_log, serving, source_given

_ACTOR = b"ray::Outpost"
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Sample(NamedTuple):
    """At one moment: tokens so far, and CPU seconds so far of the workers and of the crew (0 without one)."""

    at_s: float
    tokens: int
    workers_s: float
    crew_s: float


@dataclass(frozen=True, slots=True)
class Shared:
    """A run shared among workers.

    Attributes:
        ray: the cluster they ran on, "" for processes of the crew.
        first, last: of the samples while prompts were sent.
        written: tokens that the server wrote.
    """

    workers: int
    ray: str
    first: Sample
    last: Sample
    end: Frame
    written: int

    @property
    def exact(self) -> bool:
        """Whether each token written was counted once."""
        backend = self.end.backends[0]
        return backend.chunks == backend.output_tokens == self.written and not backend.failed

    @property
    def tok_s(self) -> float:
        """Tokens a second."""
        return self._tokens / (self.last.at_s - self.first.at_s)

    @property
    def worker_cpu_s_per_million(self) -> float:
        """CPU seconds of all workers per million tokens."""
        return (self.last.workers_s - self.first.workers_s) / self._tokens * 1e6

    @property
    def crew_cores(self) -> float:
        """Cores that the crew used."""
        return (self.last.crew_s - self.first.crew_s) / (self.last.at_s - self.first.at_s)

    @property
    def _tokens(self) -> int:
        return self.last.tokens - self.first.tokens

    def line(self) -> str:
        """The figures as one row."""
        return (
            f"{called(self.workers, self.ray):>7} {self.tok_s:9,.0f} {self.worker_cpu_s_per_million:9.2f} "
            f"{self.crew_cores:10.3f} {self.end.backends[0].chunks:11,} {'yes' if self.exact else 'NO':>5}"
        )


def called(workers: int, ray: str) -> str:
    """How that many workers, there, are called in the table."""
    return f"{workers} ray" if ray else f"{workers}"


HEADING = f"{'workers':>7} {'tok/s':>9} {'CPU s/M':>9} {'crew cores':>10} {'tokens':>11} {'exact':>5}"


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; ["", …] if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 13


def _cpu_s(*pids: int) -> float:
    return sum((int(fields[11]) + int(fields[12])) * _TICK_S for fields in map(_stat, pids))


def _workers(crew: int, ray: str) -> Iterator[int]:
    """Process ids of a crew's workers; on a cluster, of all workers there."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"engine.worker" in (folder / "cmdline").read_bytes():
                parent = _stat(int(folder.name))[1]
                if parent == str(crew) or (ray and Path(f"/proc/{parent}/cmdline").read_bytes().startswith(_ACTOR)):
                    yield int(folder.name)


async def measure(source: Path, workers: int, streams: int, requests: int, tokens: int, ray: str = "") -> Shared:
    """One run against a fresh server."""
    samples: list[Sample] = []
    end = None
    with tempfile.TemporaryDirectory() as name:
        with serving(Path(name), source=source) as server:
            plan = plan_for(server.url, streams, requests, tokens)
            engine = await EngineProcess.start(replace(plan, workers=workers, ray=ray))
            own = engine._process.pid
            alone = workers == 1 and not ray
            senders: list[int] = []
            async for end in engine.frames():
                if end.phase != "running" or not end.backends[0].chunks:
                    continue
                senders = senders or ([own] if alone else list(_workers(own, ray)))
                crew_s = 0.0 if alone else _cpu_s(own)
                samples.append(Sample(time.perf_counter(), end.backends[0].chunks, _cpu_s(*senders), crew_s))
            await engine.stop()
        written = sum(each.tokens for each in read_log(server.log))
    assert end is not None
    return Shared(workers, ray, samples[0], samples[-1], end, written)


def main() -> None:
    """Print the table, and what it comes to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, default=source_given(), help=f"C source ({VARIABLE})")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--streams", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--requests", type=int, default=4000, help="of each run")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--ray", default="", help="run them on that cluster of this machine, too")
    options = parser.parse_args()
    if options.server is None:
        parser.error(f"name a ground-truth server with --server or {VARIABLE}")
    places = ("", options.ray) if options.ray else ("",)
    found: dict[tuple[int, str], list[Shared]] = {(each, ray): [] for ray in places for each in options.workers}
    print(HEADING)
    load = (options.streams, options.requests, options.tokens)
    for _ in range(options.repeat):
        for (workers, ray), runs in found.items():
            runs.append(asyncio.run(measure(options.server, workers, *load, ray)))
            print(runs[-1].line(), flush=True)
    base = found[options.workers[0], ""]
    for (workers, ray), runs in found.items():
        rate = statistics.median(run.tok_s / one.tok_s for run, one in zip(runs, base, strict=True))
        cost = statistics.median(
            run.worker_cpu_s_per_million / one.worker_cpu_s_per_million for run, one in zip(runs, base, strict=True)
        )
        print(
            f"{called(workers, ray)} against {options.workers[0]}, medians: tok/s × {rate:.2f}, "
            f"CPU a token × {cost:.2f}"
        )


if __name__ == "__main__":
    main()
