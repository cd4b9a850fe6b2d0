"""What recording costs the measurement: the same run with a journal and without one, in turns.

    INFERTOP_GROUNDTRUTH=groundtruth.c python -m tests.bench.recording

"paced" has 512 streams of 100 tok/s; "flat out" is 64 as fast as the server writes. The server, the host and this
process are pinned to core 0, the engine to core 1. Printed for each run: tok/s and CPU of the engine, how late its
event loop was, CPU of the host, and how large the journal is.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infertop.engine.histogram import Histogram
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.sessions.journal.reader import open_recording
from infertop.sessions.session import Session
from infertop.sessions.wire import Order

from .truth import VARIABLE, pin, serving, source_given

SERVER_CORE, ENGINE_CORE = 0, 1
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
MODES = {"paced": (512, ("--ttft-ms", "5", "--itl-us", "10000")), "flat out": (64, ())}
"""Streams and the server's options."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One run.

    Attributes:
        exact: whether every request that ended is in the journal (of a run that has one).
        cpu_s_per_million: of the engine, per million tokens.
        host_cpu_s: of the host, in all.
        journal_mb_per_million: size of the finished file, per million tokens; 0 without one.
    """

    recorded: bool
    exact: bool
    tok_s: float
    cpu_s_per_million: float
    lag_p50_ms: float
    lag_p99_ms: float
    host_cpu_s: float
    journal_mb_per_million: float

    def line(self) -> str:
        """The figures as one row."""
        return (
            f"{'on' if self.recorded else 'off':>9} {'yes' if self.exact else 'NO':>5} {self.tok_s:9,.0f} "
            f"{self.cpu_s_per_million:8.2f} {self.lag_p50_ms:8.3f} {self.lag_p99_ms:8.3f} {self.host_cpu_s:7.2f} "
            f"{self.journal_mb_per_million:8.2f}"
        )


HEADING = "recording exact     tok/s  CPU s/M  lag p50   p99 ms  host s MB/M tok"


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _engine_of(host: int) -> int:
    return int(Path(f"/proc/{host}/task/{host}/children").read_text().split()[0])


async def measure(url: str, streams: int, duration_s: float, tokens: int, folder: Path, *, record: bool) -> Cost:
    """One run, of a server at `url`."""
    plan = RunPlan(
        backends=(BackendPlan(name="truth", url=url, model="mock-model", api="openai-chat", server="vllm"),),
        workload=WorkloadPlan(max_tokens=tokens),
        arrivals=ArrivalsPlan(concurrency=streams),
        duration_s=duration_s,
    )
    session = await Session.start(Order(plan=plan, folder=str(folder), record=record))
    engine, samples, last, host_cpu_s = 0, [], None, 0.0
    async for last in session.frames():
        if not engine and session.status is not None:
            engine = _engine_of(session.status.host)
            for pid, core in ((0, SERVER_CORE), (session.status.host, SERVER_CORE), (engine, ENGINE_CORE)):
                pin(pid, core)
        if engine and last.phase == "running" and last.at_ns > 1_500_000_000:
            samples.append((last.at_ns / 1e9, _cpu_s(engine), last.backends[0].chunks))
            host_cpu_s = _cpu_s(session.status.host)
    assert last is not None
    (began_s, began_cpu_s, began), *_, (ended_s, ended_cpu_s, ended) = samples
    lag = Histogram.of(last.client.loop_lag)
    exact, size_mb = True, 0.0
    if record:
        size_mb = os.path.getsize(session.status.file) / 1e6  # noqa: PTH202, ASYNC240 - nothing else happens
        with open_recording(session.status.file) as recording:
            exact = recording.count_requests() == last.backends[0].finished + last.backends[0].failed
    await session.stop()
    return Cost(
        recorded=record,
        exact=exact,
        tok_s=(ended - began) / (ended_s - began_s),
        cpu_s_per_million=(ended_cpu_s - began_cpu_s) / (ended - began) * 1e6,
        lag_p50_ms=(lag.quantile_ns(0.5) or 0) / 1e6,
        lag_p99_ms=(lag.quantile_ns(0.99) or 0) / 1e6,
        host_cpu_s=host_cpu_s,
        journal_mb_per_million=size_mb / max(last.backends[0].chunks, 1) * 1e6,
    )


def spread(costs: list[Cost], figure: str) -> str:
    """Medians with and without, their ratio, and the run-to-run spread of those without."""
    on, off = ([getattr(cost, figure) for cost in costs if cost.recorded is which] for which in (True, False))
    ratio = statistics.median(on) / statistics.median(off)
    return (
        f"{figure}: on {statistics.median(on):,.3f}, off {statistics.median(off):,.3f}, ratio {ratio:.3f}; "
        f"off alone {min(off):,.3f} to {max(off):,.3f}"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, default=source_given(), help=f"C source or binary ({VARIABLE})")
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=12.0, help="of each run")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    if options.server is None:
        parser.error(f"name a ground-truth server with --server or {VARIABLE}")
    for mode, (streams, arguments) in MODES.items():
        costs = []
        print(f"\n{mode}, {streams} streams\n{HEADING}")
        with tempfile.TemporaryDirectory() as name:
            for turn in range(2 * options.repeat):
                with serving(Path(name), *arguments, source=options.server, core=SERVER_CORE) as server:
                    found = asyncio.run(
                        measure(
                            server.url, streams, options.seconds, options.tokens, Path(name) / "state",
                            record=turn % 2 == 0,
                        )
                    )  # fmt: skip
                costs.append(found)
                print(found.line(), flush=True)
        for figure in ("tok_s", "cpu_s_per_million", "lag_p50_ms", "lag_p99_ms"):
            print(spread(costs, figure))


if __name__ == "__main__":
    sys.exit(main())
