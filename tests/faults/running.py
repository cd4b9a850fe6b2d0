"""Runs of the engine's own parts over real sockets, in this process, where leaks can be counted."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from infertop.backends.transport.stamps import StampedReader
from infertop.engine.clock import RealClock
from infertop.engine.connecting import connect
from infertop.engine.driver import Driver
from infertop.engine.frame import BackendFrame, Frame, decode, encode
from infertop.engine.instrument import Instrument
from infertop.engine.lane import Lane
from infertop.engine.ledger import Ledger
from infertop.engine.likeness import LikenessSums
from infertop.engine.place import Opening
from infertop.engine.plan import BackendPlan, RunPlan
from infertop.engine.record import RequestRecord
from infertop.engine.share import Share
from infertop.sessions.journal.checks import check
from infertop.sessions.summary import document, to_json

LONGEST_RUN_S = 20.0


def backend(name: str, url: str, **more: object) -> BackendPlan:
    """A backend about which nothing has to be asked."""
    return BackendPlan(name=name, url=url, model="m", api="openai-chat", server="llama.cpp", **more)


@dataclass
class Run:
    """What came of a run: its last frame, and the records of its requests."""

    frame: Frame
    records: list[RequestRecord]

    def __getitem__(self, name: str) -> BackendFrame:
        return next(each for each in self.frame.backends if each.name == name)


async def run(plan: RunPlan, meanwhile: Callable[[], Awaitable[None]] | None = None) -> Run:
    """Run `plan` to its end, with `meanwhile` beside it; what must hold of every run is asserted here."""
    clock, share, batches = RealClock(), Share(), []
    ledger = Ledger(0, batches.append, texts=True)
    likeness = LikenessSums([each.name for each in plan.backends])

    async def connector(asked: BackendPlan):
        return await connect(asked, asked.url)

    async def opening() -> Opening:
        return Opening.at(clock.now_ns())

    lanes = [Lane(each, plan, connector, clock, likeness, share, ledger) for each in plan.backends]
    with Instrument() as instrument:
        driver = Driver(plan, lanes, likeness, clock, instrument, share, opening)
        try:
            async with asyncio.timeout(LONGEST_RUN_S), asyncio.TaskGroup() as together:
                watching = together.create_task(_watch(driver))
                beside = together.create_task(meanwhile()) if meanwhile else None
                await driver.run()
                watching.cancel()
                if beside is not None:
                    beside.cancel()
            frame = decode(encode(await driver.frame()))
        finally:
            for lane in lanes:
                await lane.aclose()
    ledger.flush()
    records = [each for batch in batches for each in msgspec.msgpack.decode(batch, type=list[RequestRecord])]
    _assert_sound(frame, records)
    return Run(frame, records)


async def _watch(driver: Driver) -> None:
    """What a screen does: ask for frames, and rely on each."""
    while True:
        add_up(decode(encode(await driver.frame())).backends)
        await asyncio.sleep(0.05)


def add_up(backends: Iterable[BackendFrame]) -> None:
    """Every request is accounted for, and every failure has a kind."""
    for each in backends:
        assert each.scheduled == each.finished + each.failed + each.in_flight + each.not_sent
        assert sum(each.errors.values()) == each.failed
        assert sum(each.unsent.values()) == each.not_sent
        assert sum(each.finish_reasons.values()) == each.finished


def _assert_sound(frame: Frame, records: list[RequestRecord]) -> None:
    add_up(frame.backends)
    check(frame)
    to_json(document(frame))
    assert frame.phase == "done"
    for each in frame.backends:
        ended = [record for record in records if record.backend == each.name]
        assert len(ended) == each.finished + each.failed
        assert sum(record.output_tokens for record in ended) == each.output_tokens


def _tasks() -> "set[asyncio.Task[object]]":
    """All but the one in which pytest runs async tests and fixtures."""
    return {task for task in asyncio.all_tasks() if "_call_in_runner_task" not in str(task.get_coro())}


@contextmanager
def nothing_left() -> Iterator[None]:
    """Fail for a descriptor or a task that is there afterwards and was not before."""
    StampedReader()  # the first of a process keeps a socket on purpose
    fds = _descriptors()
    yield
    gc.collect()
    left = _descriptors() - fds
    assert not left, f"descriptors left open: {left}"


def _descriptors() -> set[str]:
    folder = Path("/proc/self/fd")
    found = set()
    for each in folder.iterdir() if folder.is_dir() else ():
        try:
            found.add(f"{each.name} {each.readlink()}")
        except OSError:  # the one that was opened to look
            continue
    return {each for each in found if "socket:" in each}


@asynccontextmanager
async def no_tasks_left() -> AsyncIterator[None]:
    """Fail for a task that outlives the block by more than a moment."""
    before = _tasks()
    yield
    for _ in range(100):
        left = _tasks() - before
        if not left:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"tasks left: {left}")
