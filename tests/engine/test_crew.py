"""Several engine workers for one run: prepared and opened together, merged, and none ever lost in silence."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infertop.engine.commands import SetArrivals, SetConcurrency, SetRate
from infertop.engine.histogram import Histogram
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineError, EngineProcess


def plan(**more):
    backends = tuple(BackendPlan(name=stack, url=f"sim:{stack}") for stack in ("cerebras", "groq"))
    return RunPlan(**({"backends": backends, "workload": WorkloadPlan(max_tokens=8), "workers": 2} | more))


def children(pid):
    """Command lines of the processes that `pid` started, by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if parent == pid and line:
            found[int(folder.name)] = line
    return found


def workers(crew):
    """Process ids of a crew's workers, in the order they were started."""
    return sorted(pid for pid, line in children(crew).items() if "infertop.engine.worker" in line)


def alive(pids):
    """Those that still run; what has ended and was not waited for yet has no command line."""
    lines = [(pid, Path(f"/proc/{pid}/cmdline")) for pid in pids]
    return [pid for pid, line in lines if line.exists() and line.read_bytes()]


def wait_until_gone(pids):
    deadline = time.monotonic() + 10
    while left := alive(pids):
        assert time.monotonic() < deadline, f"orphans: {left}"
        time.sleep(0.05)


async def watch(engine, until):
    """Frames up to the first for which `until` holds."""
    seen = []
    async with asyncio.timeout(30):
        async for frame in engine.frames():
            seen.append(frame)
            if until(frame):
                return seen
    raise AssertionError("the run ended first")


@pytest.fixture
async def start():
    """Starts engines; stops them and finds that nothing they started is left."""
    started = []

    async def begin(run_plan):
        started.append(await EngineProcess.start(run_plan))
        return started[-1]

    yield begin
    for engine in started:
        family = [engine._process.pid, *children(engine._process.pid)]
        await engine.stop()
        wait_until_gone(family)


async def test_two_workers_run_one_plan_and_every_request_is_accounted_for(start):
    engine = await start(plan(requests=25, warmup=3, arrivals=ArrivalsPlan(concurrency=5)))
    frames, family = [], {}
    async for frame in engine.frames():
        frames.append(frame)
        family |= children(engine._process.pid)
    assert sum("infertop.engine.worker" in line for line in family.values()) == 2
    assert sum("infertop.backends.fleet" in line for line in family.values()) == 1
    last = frames[-1]
    assert (last.phase, last.stop_reason, last.workers, last.missing_workers) == ("done", "requests", 2, ())
    assert last.warmup_done == 6
    assert [frame.seq for frame in frames] == sorted({frame.seq for frame in frames})
    for backend in last.backends:
        assert backend.finished == backend.scheduled == 25
        assert backend.output_tokens == 25 * 8
        assert backend.arriving_tokens == pytest.approx(backend.output_tokens)
        assert sum(backend.timeline.tokens) == pytest.approx(backend.output_tokens)
        assert len(Histogram.of(backend.histograms["ttft"])) == 25
        assert backend.label == "SIM"


async def test_merged_counts_always_add_up_and_never_shrink(start):
    engine = await start(plan(duration_s=1.5))
    before = None
    async for frame in engine.frames():
        for backend in frame.backends:
            settled = backend.finished + backend.failed + backend.not_sent
            assert backend.scheduled == settled + backend.in_flight
        if before is not None and before.started_utc:
            for earlier, now in zip(before.backends, frame.backends, strict=True):
                assert now.scheduled >= earlier.scheduled
                assert now.chunks >= earlier.chunks
                assert now.active_ns >= earlier.active_ns
        before = frame
    assert before.stop_reason == "duration"


async def test_a_change_of_load_reaches_all_workers_and_is_one_marker(start):
    slow = (BackendPlan(name="slow", url="sim:inferentia2"),)
    engine = await start(plan(backends=slow, workload=WorkloadPlan(max_tokens=200)))
    await watch(engine, lambda frame: frame.backends[0].in_flight == 8)
    engine.send(SetConcurrency(11))
    seen = await watch(engine, lambda frame: frame.backends[0].in_flight == 11)
    assert [marker.text for marker in seen[-1].markers] == ["concurrency 11"]
    assert seen[-1].arrivals.concurrency == 11
    last = await engine.stop()
    assert (last.phase, last.stop_reason) == ("done", "told")


async def test_the_offered_rate_is_that_of_the_whole_run(start):
    engine = await start(plan(arrivals=ArrivalsPlan(kind="constant", rate_per_s=20)))
    seen = await watch(engine, lambda frame: frame.backends[0].scheduled >= 10)
    assert seen[-1].offered_per_s == 20
    engine.send(SetRate(50))
    seen = await watch(engine, lambda frame: frame.backends[0].scheduled >= 60)
    assert seen[-1].offered_per_s == 50
    assert [marker.text for marker in seen[-1].markers] == ["rate 50/s"]
    assert seen[-1].backends[0].scheduled - 60 < 25


async def test_another_kind_of_arrivals_begins_at_one_moment_for_all_workers(start):
    engine = await start(plan(arrivals=ArrivalsPlan(concurrency=4)))
    await watch(engine, lambda frame: all(backend.finished for backend in frame.backends))
    engine.send(SetArrivals(ArrivalsPlan(kind="constant", rate_per_s=40)))
    seen = await watch(engine, lambda frame: bool(frame.markers))
    (marker,), began = seen[-1].markers, seen[-1]
    assert marker.text == "constant, 40/s"
    seen = await watch(engine, lambda frame: frame.at_ns > marker.at_ns + 2e9)
    for then, backend in zip(began.backends, seen[-1].backends, strict=True):
        elapsed_s = (seen[-1].at_ns - began.at_ns) / 1e9
        assert backend.scheduled - then.scheduled == pytest.approx(40 * elapsed_s, abs=14)
    assert (seen[-1].offered_per_s, seen[-1].arrivals.kind) == (40, "constant")
    engine.send(SetArrivals(ArrivalsPlan(concurrency=4)))
    seen = await watch(engine, lambda frame: frame.offered_per_s is None and frame.phase == "running")
    assert [mark.text for mark in seen[-1].markers] == ["constant, 40/s", "closed loop, concurrency 4"]


async def test_a_killed_worker_is_shown_and_the_others_go_on(start):
    engine = await start(plan(duration_s=3.0))
    await watch(engine, lambda frame: all(backend.finished for backend in frame.backends))
    os.kill(workers(engine._process.pid)[1], signal.SIGKILL)
    seen = await watch(engine, lambda frame: frame.missing_workers)
    at_loss = seen[-1]
    assert at_loss.missing_workers == (1,)
    assert at_loss.phase == "running"
    assert "prompts 1 mod 2 are missing" in at_loss.markers[-1].text
    last = (await watch(engine, lambda frame: frame.phase == "done"))[-1]
    assert (last.stop_reason, last.missing_workers) == ("duration", (1,))
    for then, backend in zip(at_loss.backends, last.backends, strict=True):
        assert backend.finished > then.finished
        assert backend.scheduled == backend.finished + backend.failed + backend.in_flight + backend.not_sent
        assert sum(backend.errors.values()) == backend.failed


@pytest.mark.slow
async def test_a_silent_worker_is_shown_and_does_not_hold_up_the_end(start):
    engine = await start(plan())
    await watch(engine, lambda frame: all(backend.finished for backend in frame.backends))
    stuck = workers(engine._process.pid)[0]
    os.kill(stuck, signal.SIGSTOP)
    seen = await watch(engine, lambda frame: frame.missing_workers)
    assert seen[-1].missing_workers == (0,)
    os.kill(stuck, signal.SIGCONT)
    await watch(engine, lambda frame: not frame.missing_workers)
    os.kill(stuck, signal.SIGSTOP)
    await watch(engine, lambda frame: frame.missing_workers)
    last = await engine.stop()
    assert (last.phase, last.missing_workers) == ("done", (0,))


async def test_a_worker_ended_from_outside_is_a_lost_one(start):
    engine = await start(plan(duration_s=2.0))
    await watch(engine, lambda frame: frame.phase == "running")
    os.kill(workers(engine._process.pid)[0], signal.SIGTERM)
    last = (await watch(engine, lambda frame: frame.phase == "done"))[-1]
    assert (last.stop_reason, last.missing_workers) == ("duration", (0,))


async def test_when_all_workers_are_killed_the_run_has_failed(start):
    engine = await start(plan())
    await watch(engine, lambda frame: frame.phase == "running")
    for pid in workers(engine._process.pid):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(EngineError, match=r"every engine worker was lost: .*exit status -9"):
        async for _ in engine.frames():
            pass


async def test_a_worker_killed_before_the_window_opens_ends_the_run(start):
    slow = (BackendPlan(name="slow", url="sim:inferentia2"),)
    engine = await start(plan(backends=slow, warmup=64, workload=WorkloadPlan(max_tokens=500)))
    await watch(engine, lambda frame: frame.phase == "warmup")
    os.kill(workers(engine._process.pid)[0], signal.SIGKILL)
    with pytest.raises(EngineError, match="exit status -9"):
        async for _ in engine.frames():
            pass


async def test_a_sigterm_to_the_crew_ends_all_orderly(start):
    engine = await start(plan())
    await watch(engine, lambda frame: frame.phase == "running")
    os.kill(engine._process.pid, signal.SIGTERM)
    frames = [frame async for frame in engine.frames()]
    assert (frames[-1].phase, frames[-1].stop_reason, frames[-1].missing_workers) == ("done", "interrupted", ())


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"workload": WorkloadPlan(source="/nowhere/prompts.jsonl")}, r"/nowhere/prompts\.jsonl"),
        ({"arrivals": ArrivalsPlan(concurrency=1)}, "concurrency 1 cannot be shared among 2 workers"),
        ({"backends": (BackendPlan(name="a", url="sim:h300"),)}, 'did you mean "h200"'),
    ],
)
async def test_a_plan_it_cannot_run_says_why_in_one_line(start, fields, why):
    engine = await start(plan(**fields))
    with pytest.raises(EngineError, match=why):
        async for _ in engine.frames():
            pass


@pytest.mark.parametrize("victim", ["watcher", "crew"])
def test_nothing_is_left_when_the_watcher_or_the_crew_is_killed(victim):
    program = (
        "import asyncio\n"
        "from infertop.engine.process import EngineProcess\n"
        "from infertop.engine.plan import BackendPlan, RunPlan\n"
        "async def main():\n"
        "    backends = (BackendPlan(name='a', url='sim:groq'),)\n"
        "    engine = await EngineProcess.start(RunPlan(backends=backends, workers=2))\n"
        "    async for frame in engine.frames():\n"
        "        if frame.phase == 'running': print(engine._process.pid, flush=True)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as watcher:
        crew = int(watcher.stdout.readline())
        family = [crew, *children(crew)]
        assert len(family) == 5  # the crew, two workers, the fleet, the observer
        os.kill(watcher.pid if victim == "watcher" else crew, signal.SIGKILL)
        wait_until_gone(family)
        watcher.kill()
