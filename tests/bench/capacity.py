"""Capacity: how many tokens a second the whole engine takes, closed loop, as fast as a server writes them.

    INFERTOP_GROUNDTRUTH=groundtruth.c python -m tests.bench.capacity

The server is pinned to core 0, the engine's own process to core 1; each figure stands beside that of the floor
(`floor.py`), measured in the same run against the same server.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan

from .truth import VARIABLE, pin, read_log, serving, source_given
from .watched import Watched, watch

SERVER_CORE, ENGINE_CORE = 0, 1


@dataclass(frozen=True, slots=True)
class Capacity:
    """One run beside its reference.

    Attributes:
        written: tokens the server wrote for the engine's requests.
    """

    streams: int
    watched: Watched
    written: int
    floor_tok_s: float
    floor_cpu_s_per_million: float

    @property
    def exact(self) -> bool:
        """Whether each token written was counted once."""
        backend = self.watched.last.backends[0]
        return backend.chunks == backend.output_tokens == self.written and not backend.failed

    def line(self) -> str:
        """The figures as one row."""
        run = self.watched
        return (
            f"{self.streams:7} {run.chunks_per_s:9,.0f} {run.cpu_s_per_million:9.2f} {run.peak_mb:7.0f} "
            f"{self.watched.last.backends[0].chunks:11,} {'yes' if self.exact else 'NO':>5} "
            f"{self.floor_tok_s:11,.0f} {self.floor_cpu_s_per_million:9.2f}"
        )


HEADING = (
    f"{'streams':>7} {'tok/s':>9} {'CPU s/M':>9} {'MB':>7} {'tokens':>11} {'exact':>5} {'floor tok/s':>11} "
    f"{'CPU s/M':>9}"
)


def truth_backend(url: str) -> BackendPlan:
    """A ground-truth server, named so that nobody asks it what it is: it knows only prompts."""
    return BackendPlan(
        name="truth", url=url, model="mock-model", api="openai-chat", server="lm-studio", metrics_url="off"
    )


def plan_for(url: str, streams: int, requests: int, tokens: int) -> RunPlan:
    """A closed loop of the built-in chat prompts."""
    return RunPlan(
        backends=(truth_backend(url),),
        workload=WorkloadPlan(max_tokens=tokens),
        arrivals=ArrivalsPlan(concurrency=streams),
        requests=requests,
    )


async def measure(source: Path, streams: int, requests: int, tokens: int) -> Capacity:
    """The engine, then the floor, each against a fresh server."""
    with tempfile.TemporaryDirectory() as name:
        with serving(Path(name), source=source, core=SERVER_CORE) as server:
            plan = plan_for(server.url, streams, requests, tokens)
            watched = await watch(plan, engine_core=ENGINE_CORE, own_core=SERVER_CORE)
        written = sum(each.tokens for each in read_log(server.log))
        with serving(Path(name), source=source, core=SERVER_CORE) as server:
            floor = _floor(server.url, streams, requests, tokens)
    return Capacity(
        streams, watched, written, floor["events"] / floor["wall_s"], floor["cpu_s"] / floor["events"] * 1e6
    )


def _floor(url: str, streams: int, requests: int, tokens: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.floor", url, str(streams), str(requests), str(tokens)]
    pin(0, ENGINE_CORE)
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    finally:
        pin(0, SERVER_CORE)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, default=source_given(), help=f"C source ({VARIABLE})")
    parser.add_argument("--streams", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--requests", type=int, default=4000, help="of each run")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    if options.server is None:
        parser.error(f"name a ground-truth server with --server or {VARIABLE}")
    print(HEADING)
    for _ in range(options.repeat):
        for streams in options.streams:
            found = asyncio.run(measure(options.server, streams, options.requests, options.tokens))
            print(found.line(), flush=True)


if __name__ == "__main__":
    main()
