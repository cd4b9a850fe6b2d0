"""The observer's process: readings come, it ends with its parent, and its end is told."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infertop.backends.observe.plan import Target
from infertop.backends.observe.process import ObserverProcess
from infertop.backends.observe.readings import ServerReading

from .test_watch import by_path


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert condition()


@pytest.fixture
async def observer():
    taken, lost = [], []
    made = await ObserverProcess.start(taken.append, lambda: lost.append(True))
    yield made, taken, lost
    made.close()
    assert not alive(made.pid)


async def test_readings_come_until_it_is_closed(observer, serve, page):
    process, taken, lost = observer
    async with serve(by_path(metrics=page("vllm"))) as server:
        process.watch([Target(name="a", url=f"{server.url}/v1", every_s=0.1)])
        await asyncio.wait_for(process.ready.wait(), 10)
        await until(lambda: len(taken) >= 2)
    assert isinstance(taken[0], ServerReading)
    assert abs(taken[0].at_ns - time.perf_counter_ns()) < 10e9  # one clock for both processes
    started = time.monotonic()
    process.close()
    assert time.monotonic() - started < 0.5
    await asyncio.sleep(0.1)
    assert lost == []


async def test_it_waits_behind_whoever_measures(observer):
    process, _, _ = observer
    process.watch([])
    await asyncio.wait_for(process.ready.wait(), 10)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) >= os.getpriority(os.PRIO_PROCESS, 0) + 9


async def test_its_end_is_told(observer):
    process, _, lost = observer
    process.watch([])
    await asyncio.wait_for(process.ready.wait(), 10)
    os.kill(process.pid, signal.SIGKILL)
    await until(lambda: lost == [True])


async def test_one_that_was_told_nothing_ends_too(observer):
    observer[0].close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_it_never_outlives_its_parent():
    """A parent that is killed leaves no orphan."""
    program = (
        "import asyncio\n"
        "from infertop.backends.observe.process import ObserverProcess\n"
        "async def main():\n"
        "    made = await ObserverProcess.start(print, print)\n"
        "    made.watch([])\n"
        "    await made.ready.wait()\n"
        "    print(made.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    try:
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert alive(pid)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    await until(lambda: not alive(pid))
