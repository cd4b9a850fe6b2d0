"""Accuracy: what the engine reports against the true write times, streams paced like a model's.

    INFERTOP_GROUNDTRUTH=groundtruth.c python -m tests.bench.accuracy
    python -m tests.bench.accuracy --tls
    python -m tests.bench.accuracy --screen

Error = reported − true, in size. TTFT: reported t_1 − t_0; true, from the server's reading of the request to its
first write, so a server that is slow to read counts as our error. ICL: every gap between chunks. Each chunk read
must be one written, and the other way round. The reference is the same run stamped as most clients do it: when the
engine came to handle each read, not when the kernel got it.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from infertop.engine.channel import PLAN, Channel
from infertop.engine.plan import ArrivalsPlan, RunPlan, WorkloadPlan

from .capacity import truth_backend
from .drawn import SIZE, terminal
from .truth import VARIABLE, TruthServer, Written, pin, read_log, serving, source_given

SERVER_CORE, ENGINE_CORE = 0, 1
SHORTEST_PROMPT = 64
LEAST_DRAWN_BYTES = 10_000

_Errors = npt.NDArray[np.float64]
_Stamps = dict[str, npt.NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors of one run, milliseconds in size.

    Attributes:
        exact: as many chunks as were written, of every request.
        ttft_ms: one for each request.
        icl_ms: one for each gap.
        tpot_ms: one for each request.
        stamp_ms: reported arrival − true write, one for each chunk, signed.
        shared: share of the chunks that share a stamp with one before.
        tok_s: tokens a second the server wrote, first to last.
        cpu_s_per_million: of the whole process, its start included.
    """

    exact: bool
    ttft_ms: _Errors
    icl_ms: _Errors
    tpot_ms: _Errors
    stamp_ms: _Errors
    shared: float
    tok_s: float
    cpu_s_per_million: float

    def line(self) -> str:
        """The figures as one row."""
        pairs = (
            " ".join(f"{np.percentile(np.abs(errors), p):8.3f}" for p in (50, 99, 100))
            for errors in (self.ttft_ms, self.icl_ms, self.tpot_ms)
        )
        exact = "yes" if self.exact else "NO"
        return f"{self.tok_s:7,.0f} {exact:>5} {' '.join(pairs)} {self.shared:7.2%} {self.cpu_s_per_million:8.1f}"


HEADING = (
    f"{'':>16} {'tok/s':>7} {'exact':>5} {'TTFT p50':>8} {'p99':>8} {'max':>8} {'ICL p50':>8} {'p99':>8} {'max':>8} "
    f"{'TPOT p50':>8} {'p99':>8} {'max':>8} {'shared':>7} {'CPU s/M':>8}"
)


def without_first(stamps: _Stamps, requests: int) -> _Stamps:
    """Stamps of all but the first requests sent, and their part of the CPU time."""
    kept = stamps["request"] >= requests
    of_reads = {name: stamps[name][kept] for name in ("at_ns", "handled_ns", "chunks")}
    of_requests = {name: stamps[name][requests:] for name in ("characters", "sent_ns")}
    cpu_s = stamps["cpu_s"] * stamps["chunks"][kept].sum() / stamps["chunks"].sum()
    return stamps | of_reads | of_requests | {"request": stamps["request"][kept] - requests, "cpu_s": cpu_s}


def compared(stamps: _Stamps, log: list[Written], clock: Literal["at_ns", "handled_ns"] = "at_ns") -> Accuracy:
    """What a recorded worker saw beside what the server wrote; prompts of unequal length name the requests."""
    written = {each.body_bytes: each for each in log}
    frame_bytes = min(written) - int(stamps["characters"].min())
    first_read = np.searchsorted(stamps["request"][order := np.argsort(stamps["request"], kind="stable")],
                                 np.arange(len(stamps["sent_ns"]) + 1))  # fmt: skip
    at_ns, chunks = stamps[clock][order], stamps["chunks"][order]
    exact = len(written) == len(log) == len(stamps["sent_ns"])
    ttft, icl, tpot, late = [], [], [], []
    for number, (characters, sent_ns) in enumerate(zip(stamps["characters"], stamps["sent_ns"], strict=True)):
        truth = written[frame_bytes + int(characters)]
        reads = slice(first_read[number], first_read[number + 1])
        seen_ns = np.repeat(at_ns[reads], chunks[reads])
        if len(seen_ns) != truth.tokens:
            exact = False
            continue
        ttft.append((seen_ns[0] - sent_ns) - (truth.times_ns[0] - truth.arrived_ns))
        icl.append(np.diff(seen_ns) - np.diff(truth.times_ns))
        late.append(seen_ns - truth.times_ns)
        tpot.append(((seen_ns[-1] - seen_ns[0]) - (truth.times_ns[-1] - truth.times_ns[0])) / (truth.tokens - 1))
    tokens = int(chunks.sum())
    span_ns = max(each.times_ns[-1] for each in log) - min(each.times_ns[0] for each in log)
    return Accuracy(
        exact,
        np.array(ttft) / 1e6,
        np.concatenate(icl) / 1e6,
        np.array(tpot) / 1e6,
        np.concatenate(late) / 1e6,
        1 - len(at_ns) / tokens,
        tokens / span_ns * 1e9,
        float(stamps["cpu_s"]) / tokens * 1e6,
    )


async def record(plan: RunPlan, server: TruthServer, path: Path) -> _Stamps:
    """Run `plan` in a recorded worker that is watched like any other; its stamps."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    trust = {} if server.certificate is None else {"SSL_CERT_FILE": str(server.certificate)}
    gone = asyncio.Event()
    pin(0, ENGINE_CORE)
    process = subprocess.Popen(  # noqa: ASYNC220 - a fork takes a millisecond, once
        [sys.executable, "-m", "tests.bench.recorded_worker", str(theirs.fileno()), str(path)],
        pass_fds=(theirs.fileno(),),
        env=os.environ | trust,
    )
    pin(0, SERVER_CORE)
    theirs.close()
    channel = Channel(lambda kind, body: None, gone.set)
    await asyncio.get_running_loop().create_connection(lambda: channel, sock=ours)
    channel.send(PLAN, msgspec.msgpack.encode(plan))
    await gone.wait()
    await asyncio.to_thread(process.wait, 30)
    with np.load(path) as stamps:
        return dict(stamps)


def record_drawn(plan: RunPlan, server: TruthServer, path: Path) -> _Stamps:
    """The same, watched by the console on a terminal, which shares the server's core."""
    trust = {} if server.certificate is None else {"SSL_CERT_FILE": str(server.certificate)}
    with terminal() as (stdio, written):
        command = [sys.executable, "-m", "tests.bench.drawn", str(ENGINE_CORE), str(path)]
        pin(0, SERVER_CORE)
        streams = {"stdin": stdio, "stdout": stdio, "stderr": stdio}
        plan_json = msgspec.json.encode(plan).decode()
        subprocess.run([*command, plan_json], **streams, env=os.environ | trust | SIZE, check=True)
    if written[0] < LEAST_DRAWN_BYTES:
        raise RuntimeError(f"the console drew {written[0]} bytes only")
    with np.load(path) as stamps:
        return dict(stamps)


async def measure(
    source: Path | None,
    streams: int,
    rounds: int,
    tokens: int,
    gap_us: int = 10_000,
    *,
    tls: bool = False,
    screen: bool = False,
) -> tuple[Accuracy, Accuracy]:
    """`streams` in flight, `rounds` requests of each, `tokens` tokens a request; `source` as `truth.serving` says.

    Over TLS every connection is opened by a request that is not measured: the handshakes are the server's work.

    Returns:
        The engine's accuracy, and that of the reference.
    """
    requests = streams * rounds
    warmup = streams if tls else 0
    options = ("--ttft-ms", "50", "--itl-us", str(gap_us), "--log-tokens")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prompts = folder / "prompts.txt"
        prompts.write_text("".join("x" * (SHORTEST_PROMPT + number) + "\n" for number in range(requests)))
        with serving(folder, *options, source=source, core=SERVER_CORE, tls=tls) as server:
            plan = RunPlan(
                backends=(truth_backend(server.url),),
                workload=WorkloadPlan(source=str(prompts), max_tokens=tokens),
                arrivals=ArrivalsPlan(concurrency=streams),
                requests=requests,
                warmup=warmup,
            )
            if screen:
                stamps = await asyncio.to_thread(record_drawn, plan, server, folder / "stamps.npz")
            else:
                stamps = await record(plan, server, folder / "stamps.npz")
        log = read_log(server.log)[warmup:]
        stamps = without_first(stamps, warmup)
        return compared(stamps, log), compared(stamps, log, "handled_ns")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, default=source_given(), help=f"C source ({VARIABLE})")
    parser.add_argument("--tls", action="store_true", help="over TLS")
    parser.add_argument("--screen", action="store_true", help="with the console drawing on the server's core")
    parser.add_argument("--streams", type=int, nargs="+", default=[32, 128, 512])
    parser.add_argument("--gap-us", type=int, default=10_000, help="between the tokens of a stream")
    parser.add_argument("--tokens", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3, help="requests of each stream")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    if options.server is None and not options.tls:
        parser.error(f"name a ground-truth server with --server or {VARIABLE}, or ask for --tls")
    print(HEADING)
    for _ in range(options.repeat):
        for streams in options.streams:
            load = (streams, options.rounds, options.tokens, options.gap_us)
            found = measure(options.server, *load, tls=options.tls, screen=options.screen)
            engine, reference = asyncio.run(found)
            kind = f"{'TLS' if options.tls else 'plain'} {'drawn' if options.screen else 'stream'}"
            print(f"{streams:4} {kind:>12}", engine.line())
            print(f"{'when handled':>16}", reference.line(), flush=True)


if __name__ == "__main__":
    main()
