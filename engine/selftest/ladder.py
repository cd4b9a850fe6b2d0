"""The loads a self-test tries, in order, and how one is run: real lanes, meters and adapter, in this process."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace

from ...backends.adapters.registry import open_backend
from ...backends.base import Message
from ...backends.groundtruth import MODEL, GroundTruth
from ..clock import RealClock
from ..connecting import Connected
from ..histogram import Histogram
from ..instrument import Instrument
from ..lane import Lane
from ..likeness import LikenessSums
from ..plan import BackendPlan, RunPlan
from ..prompts import Prompt
from ..share import Share
from .errors import compare, spread_ms, spread_of
from .grading import graded
from .recorder import Recorder
from .report import GRADES, Finding, Grade, Load

USUAL: Final = (
    Load(streams=8, tokens=25, seconds=2.0),
    Load(streams=32, tokens=50, seconds=2.0),
    Load(streams=128, seconds=2.0),
    Load(streams=512, seconds=2.0),
    Load(streams=64, tokens=512, ttft_ms=0.0, gap_ms=0.0, seconds=1.5),
)
QUICK: Final = (
    Load(streams=8, tokens=25, seconds=1.0),
    Load(streams=128, tokens=50, seconds=1.0),
    Load(streams=64, tokens=512, ttft_ms=0.0, gap_ms=0.0, seconds=0.7),
)

_WARM_UP: Final = Load(streams=4, tokens=8, ttft_ms=1.0, gap_ms=1.0, seconds=0.2)
_TIMEOUT_S: Final = 30.0


async def climb(loads: Iterable[Load], server: GroundTruth) -> AsyncIterator[Finding]:
    """What each load shows, but no paced one after the first that cannot be measured.

    If that is the very first, it is given another chance: something else may have kept the machine busy.
    """
    await measure(_WARM_UP, server)
    grade: Grade | None = None
    for load in loads:
        if load.gap_ms and grade == "cannot":
            continue
        finding = await measure(load, server)
        if finding.grade == "cannot" and grade is None:
            finding = min(finding, await measure(load, server), key=lambda each: GRADES.index(each.grade))
        grade = finding.grade
        yield finding


async def measure(load: Load, server: GroundTruth) -> Finding:
    """What `load` shows. The server must be serving nobody else."""
    plan = BackendPlan(
        name="ground truth", url=server.url, model=MODEL, extra={"ttft_ms": load.ttft_ms, "gap_ms": load.gap_ms}
    )
    recorder = Recorder(open_backend("openai-chat", url=plan.url, model=plan.model, extra=plan.extra))

    async def connect(plan: BackendPlan) -> Connected:
        return Connected(recorder, plan.model)

    run = RunPlan(backends=(plan,), timeout_s=_TIMEOUT_S)
    lane = Lane(plan, run, connect, RealClock(), LikenessSums([plan.name]), Share())
    before = server.take_log()
    window = await _put_under(load, lane)
    log = server.take_log()
    await lane.aclose()

    written = sum(window.opened_ns <= at_ns < window.closed_ns for each in log.answers for at_ns in each.at_ns)
    window_s = (window.closed_ns - window.opened_ns) / 1e9
    late_ns = [each.late_ns() for each in log.answers] if load.gap_ms else []
    finding = Finding(
        load=load,
        accuracy=compare(log.answers, recorder.observed),
        written_tok_s=written / window_s,
        counted_tok_s=window.counted / window_s,
        failed=lane.tally.failed,
        last_error=lane.tally.last_error,
        stamp=lane.frame().stamp,
        loop_lag_ms=spread_of(window.lag),
        cpu_share=window.cpu_s / window_s,
        waited_share=None if window.waited_s is None else window.waited_s / window_s,
        server_late_ms=spread_ms(np.concatenate(late_ns) if late_ns else []),
        server_cpu_share=(log.cpu_ns - before.cpu_ns) / (log.at_ns - before.at_ns),
    )
    grade, reasons = graded(finding)
    return replace(finding, grade=grade, reasons=reasons)


@dataclass(frozen=True, slots=True)
class _Window:
    """The time when all streams were under way, and what the engine did in it."""

    opened_ns: int
    closed_ns: int
    counted: int
    cpu_s: float
    waited_s: float | None
    lag: Histogram


async def _put_under(load: Load, lane: Lane) -> _Window:
    """Run `load` until its last answer is whole.

    Streams start evenly spread over the time of one answer: servers are asked by people, who do not keep time.
    """
    clock = RealClock()
    started_ns = clock.now_ns()
    answer_ns = round(load.answer_s * 1e9)
    close_at_ns = started_ns + answer_ns + round(load.seconds * 1e9)
    prompts = _prompts(load.tokens)

    async def stream(number: int) -> None:
        await clock.sleep_until(started_ns + number * answer_ns // load.streams)
        while clock.now_ns() < close_at_ns and not lane.tally.failed:
            await lane.perform(next(prompts), clock.now_ns())

    with Instrument() as instrument:
        streams = [asyncio.create_task(stream(number)) for number in range(load.streams)]
        await clock.sleep_until(started_ns + answer_ns)
        instrument.reset()
        opened_ns, before, cpu_s, waited_s = clock.now_ns(), lane.tally.chunks, time.process_time(), _waited_s()
        await clock.sleep_until(close_at_ns)
        counted, cpu_s = lane.tally.chunks - before, time.process_time() - cpu_s
        waited_s = None if waited_s is None else (_waited_s() or 0.0) - waited_s
        window = _Window(opened_ns, clock.now_ns(), counted, cpu_s, waited_s, instrument.lag)
        instrument.reset()
        await asyncio.gather(*streams)
    return window


def _waited_s() -> float | None:
    """How long this process's main thread has waited for a core; None where the system does not say."""
    try:
        return int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None


def _prompts(tokens: int) -> Iterator[Prompt]:
    """Prompts that name their own index, by which the server's log is matched."""
    for index in itertools.count():
        yield Prompt(
            index=index,
            workload="self-test",
            messages=(Message("user", str(index)),),
            max_tokens=tokens,
            expected_input_tokens=1,
            fixed_length=True,
            temperature=0.0,
        )
