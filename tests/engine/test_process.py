"""The engine process: it starts, reports, obeys, and never outlives its watcher."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infertop.engine.commands import SetConcurrency, SetWorkload
from infertop.engine.frame import SLOT_NS
from infertop.engine.histogram import Histogram
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineError, EngineProcess


def plan(*stacks, **more):
    more.setdefault("workload", WorkloadPlan(max_tokens=8))
    backends = tuple(BackendPlan(name=stack, url=f"sim:{stack}") for stack in stacks or ("cerebras", "groq"))
    return RunPlan(title="test", backends=backends, **more)


async def watch(engine, until):
    """Frames up to the first for which `until` holds."""
    seen = []
    async with asyncio.timeout(30):
        async for frame in engine.frames():
            seen.append(frame)
            if until(frame):
                return seen
    raise AssertionError("the run ended first")


def processes_of(word):
    """Command lines of this machine's processes that hold `word`."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if word in line:
            found[int(folder.name)] = line
    return found


async def test_a_run_of_so_many_prompts_reports_and_ends_with_every_request_accounted_for():
    engine = await EngineProcess.start(plan(requests=12, arrivals=ArrivalsPlan(concurrency=3)))
    frames = [frame async for frame in engine.frames()]
    await engine.stop()
    assert frames[0].phase == "starting"
    last = frames[-1]
    assert (last.phase, last.stop_reason) == ("done", "requests")
    assert [frame.seq for frame in frames] == sorted({frame.seq for frame in frames})
    for backend in last.backends:
        assert backend.finished == backend.scheduled == 12
        assert backend.output_tokens == 12 * 8
        assert backend.arriving_tokens == pytest.approx(backend.output_tokens)
        assert sum(backend.timeline.tokens) == pytest.approx(backend.output_tokens)
        assert len(Histogram.of(backend.histograms["ttft"])) == 12
        assert backend.label == "SIM"


async def test_counts_always_add_up_and_never_shrink():
    engine = await EngineProcess.start(plan(duration_s=1.5))
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
                assert now.timeline.first_slot >= earlier.timeline.first_slot
        before = frame
    await engine.stop()
    assert before.stop_reason == "duration"
    assert before.at_ns >= 1.5e9
    assert max(len(backend.timeline.tokens) for backend in before.backends) * SLOT_NS <= 1.7e9


async def test_warm_up_is_drained_and_not_counted():
    engine = await EngineProcess.start(plan("cerebras", requests=5, warmup=4))
    frames = [frame async for frame in engine.frames()]
    await engine.stop()
    (backend,) = frames[-1].backends
    assert (backend.finished, frames[-1].warmup_done) == (5, 4)
    assert backend.in_flight == 0


async def test_commands_change_the_load_and_leave_a_marker():
    engine = await EngineProcess.start(plan("inferentia2", workload=WorkloadPlan(max_tokens=200)))
    await watch(engine, lambda frame: frame.backends[0].in_flight == 8)
    engine.send(SetConcurrency(11))
    seen = await watch(engine, lambda frame: frame.backends[0].in_flight == 11)
    assert [marker.text for marker in seen[-1].markers] == ["concurrency 11"]
    assert seen[-1].arrivals.concurrency == 11
    engine.send(SetWorkload("classification"))
    engine.send(SetWorkload("nonsense"))
    seen = await watch(engine, lambda frame: len(frame.markers) == 3)
    assert seen[-1].workload.source == "classification"
    assert "nonsense" in seen[-1].markers[-1].text
    last = await engine.stop()
    assert (last.phase, last.stop_reason) == ("done", "told")


async def test_stopping_in_mid_stream_is_quick_and_blames_nobody():
    engine = await EngineProcess.start(plan("h200", "inferentia2", workload=WorkloadPlan(max_tokens=500)))
    await watch(engine, lambda frame: frame.phase == "running" and all(b.chunks > 50 for b in frame.backends))
    began = time.perf_counter()
    last = await engine.stop()
    assert time.perf_counter() - began < 3
    for backend in last.backends:
        assert backend.errors == {}
        assert backend.in_flight == 8
        assert backend.scheduled == backend.finished + backend.in_flight


async def test_a_plan_it_cannot_run_says_why_in_one_line():
    engine = await EngineProcess.start(plan(workload=WorkloadPlan(source="/nowhere/prompts.jsonl")))
    with pytest.raises(EngineError, match=r"/nowhere/prompts\.jsonl"):
        async for _ in engine.frames():
            pass
    await engine.stop()


async def test_a_killed_engine_is_noticed():
    engine = await EngineProcess.start(plan("cerebras"))
    await watch(engine, lambda frame: frame.phase == "running")
    os.kill(engine._process.pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="unexpectedly"):
        async for _ in engine.frames():
            pass
    last = await engine.stop()
    assert last is not None  # what was seen is kept


async def test_a_sigterm_ends_it_orderly():
    engine = await EngineProcess.start(plan("cerebras"))
    await watch(engine, lambda frame: frame.phase == "running")
    os.kill(engine._process.pid, signal.SIGTERM)
    frames = [frame async for frame in engine.frames()]
    assert (frames[-1].phase, frames[-1].stop_reason) == ("done", "interrupted")
    await engine.stop()


def test_engine_and_fleet_end_when_their_watcher_is_killed():
    program = (
        "import asyncio, os\n"
        "from infertop.engine.process import EngineProcess\n"
        "from infertop.engine.plan import BackendPlan, RunPlan\n"
        "async def main():\n"
        "    backends = (BackendPlan(name='a', url='sim:groq'),)\n"
        "    engine = await EngineProcess.start(RunPlan(backends=backends, seed=4711))\n"
        "    async for frame in engine.frames():\n"
        "        if frame.phase == 'running': print(engine._process.pid, flush=True)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as watcher:
        engine = int(watcher.stdout.readline())
        fleet = [pid for pid, line in processes_of("infertop.backends.fleet").items() if "4711" in line]
        assert engine in processes_of("infertop.engine.worker")
        assert len(fleet) == 1
        watcher.kill()
    deadline = time.monotonic() + 10
    while set(processes_of("infertop")) & {engine, *fleet}:
        assert time.monotonic() < deadline, "an orphan is left"
        time.sleep(0.05)
