"""Whether drawing disturbs measuring: the engine's loop lag with and without the console, in turns.

The same engine process under the same load, watched once by the real console on a pseudo-terminal of its own and once
by nobody. Both watchers are processes of their own that load the same modules (`drawing`).
"""

import asyncio
import os
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from ...backends.groundtruth import MODEL, GroundTruth
from ...backends.printable import printable
from ...engine.frame import ClientFrame
from ...engine.histogram import Histogram
from ...engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from ...engine.selftest.errors import spread_of
from ...engine.selftest.report import Load
from .report import ScreenEffect

Watched = Literal["screen", "nothing"]

LOAD: Final = Load(streams=64, tokens=50, seconds=1.5)
_BACKENDS: Final = 4
_SIZE: Final = (40, 120)
_START_S: Final = 15.0
_TAIL_BYTES: Final = 4096
_ENVIRONMENT: Final = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


class ScreenError(Exception):
    """The console could not be drawn; the text says why, in one safe line."""


class Lag(NamedTuple):
    """One run's loop lag, and how much was written to the terminal meanwhile."""

    histogram: Histogram
    drawn_bytes: int


async def compare(server: GroundTruth, seconds: float, rounds: int) -> ScreenEffect:
    """The effect of the screen over `rounds` pairs of runs of `seconds` each, on `server`, which serves nobody else.

    Raises:
        ScreenError: a run failed, or drew nothing.
    """
    off, on = [], []
    for _ in range(rounds):
        off.append(await run(server, seconds, "nothing"))
        on.append(await run(server, seconds, "screen"))
    if not all(each.drawn_bytes for each in on):
        raise ScreenError("the console drew nothing on its pseudo-terminal")
    return ScreenEffect(
        streams=LOAD.streams,
        tok_s=LOAD.asked_tok_s or 0.0,
        off_ms=spread_of(sum((each.histogram for each in off), Histogram())),
        on_ms=spread_of(sum((each.histogram for each in on), Histogram())),
        off_runs_p99_ms=tuple(spread_of(each.histogram).p99 for each in off),
        on_runs_p99_ms=tuple(spread_of(each.histogram).p99 for each in on),
        drawn_bytes=sum(each.drawn_bytes for each in on),
    )


async def run(server: GroundTruth, seconds: float, watched: Watched) -> Lag:
    """One run of `seconds`, watched by the console or by nothing. Raises ScreenError."""
    result, report = os.pipe()
    try:
        async with _pseudo_terminal() as (terminal, output):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", f"{__package__}.drawing", watched, str(report)),
                msgspec.json.encode(_plan(server.url, seconds)).decode(),
                stdin=terminal,
                stdout=terminal,
                stderr=terminal,
                pass_fds=(report,),
                env=_environment(),
                start_new_session=True,
            )
            try:
                status = await asyncio.wait_for(process.wait(), _START_S + seconds)
            except TimeoutError:
                raise ScreenError(f"the console did not end within {_START_S + seconds:g} s") from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if status:
            last = bytes(output[-_TAIL_BYTES:]).decode(errors="replace").strip().rpartition("\n")[2]
            raise ScreenError(f"the console failed: {printable(last, 200) or f'exit status {status}'}")
        client = msgspec.msgpack.decode(os.read(result, 1 << 16), type=ClientFrame)
    finally:
        os.close(result)
        os.close(report)
    return Lag(Histogram.of(client.loop_lag), len(output))


def _plan(url: str, seconds: float) -> RunPlan:
    """`LOAD`, shared by several backends so that the console has cards to draw and verdicts to reach.

    In an open loop, for the start of a closed one is a burst of its own that would hide what the screen does.
    """
    extra: dict[str, bool | int | float | str] = {"ttft_ms": LOAD.ttft_ms, "gap_ms": LOAD.gap_ms}
    return RunPlan(
        title="self-test",
        backends=tuple(
            BackendPlan(name=f"truth {n}", url=url, model=MODEL, extra=extra, metrics_url="off")
            for n in range(_BACKENDS)
        ),
        workload=WorkloadPlan(max_tokens=LOAD.tokens),
        arrivals=ArrivalsPlan(kind="poisson", rate_per_s=LOAD.streams / _BACKENDS / LOAD.answer_s),
        warmup=1,
        duration_s=seconds,
    )


def _environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "INFERTOP_GLYPHS"}}
    # Our own import path: the same package, and nothing that lies in the working directory.
    path = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return ours | _ENVIRONMENT | {"PYTHONPATH": path}


@asynccontextmanager
async def _pseudo_terminal() -> AsyncIterator[tuple[int, bytearray]]:
    """A terminal's descriptor for a child, and what the child has written to it so far."""
    screen, terminal = os.openpty()
    termios.tcsetwinsize(terminal, _SIZE)
    os.set_blocking(screen, False)
    output = bytearray()
    loop = asyncio.get_running_loop()

    def take() -> None:
        with suppress(OSError):
            output.extend(os.read(screen, 1 << 16))

    loop.add_reader(screen, take)
    try:
        yield terminal, output
        take()
    finally:
        loop.remove_reader(screen)
        os.close(terminal)
        os.close(screen)
