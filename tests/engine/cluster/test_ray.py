"""Workers as actors of a real Ray cluster: opened together though clocks differ, and none lost in silence."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from importlib.util import find_spec
from itertools import pairwise
from statistics import median

import pytest
from msgspec.structs import replace

from infertop.engine.cluster.knock import knock
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineProcess
from infertop.engine.watcher import RunError
from infertop.sessions.exit_codes import ExitCode, exit_code
from infertop.sessions.summary import document

from .ray_nodes import nodes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'infertop[ray]'"),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.timeout(240),
]

CANARY = "canary0123456789"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n%s"
)
EVENTS = (
    b'data: {"choices":[{"delta":{"content":"word"}}]}\n\n'
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1}}\n\n'
    b"data: [DONE]\n\n"
)


@pytest.fixture(scope="module")
def cluster():
    with nodes() as started:
        yield started


@asynccontextmanager
async def server():
    """An endpoint that answers with one word; the moments at which prompts came."""
    came_ns = []

    async def answer(reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                came_ns.append(time.perf_counter_ns())
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(ANSWER % (len(EVENTS), EVENTS))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        yield (
            BackendPlan(
                name="one word",
                url=f"http://127.0.0.1:{port}/v1",
                model="m",
                api="openai-chat",
                server="lm-studio",
                metrics_url="off",
            ),
            came_ns,
        )


@asynccontextmanager
async def engine(plan):
    """An engine that runs `plan`, for a minute and a half at most."""
    started = await EngineProcess.start(plan)
    try:
        async with asyncio.timeout(90):
            yield started
    finally:
        await started.stop()


async def run(plan):
    """Every frame of a run, to its end."""
    async with engine(plan) as started:
        return [frame async for frame in started.frames()]


async def test_two_actors_run_one_plan_and_open_together_though_a_day_lies_between_their_clocks(cluster):
    async with server() as (backend, came_ns):
        arrivals = ArrivalsPlan(kind="constant", rate_per_s=20)
        plan = RunPlan(backends=(backend,), arrivals=arrivals, requests=41, workers=2, ray=cluster.address)
        frames = await run(plan)
    last = frames[-1]
    assert (last.phase, last.stop_reason, last.workers, last.missing_workers) == ("done", "requests", 2, ())
    (counted,) = last.backends
    assert (counted.scheduled, counted.finished, counted.output_tokens) == (41, 41, 41)
    found = sorted(machine.clock_offset_ns for machine in last.client.machines)
    error_ns = max(machine.clock_error_ns for machine in last.client.machines)
    assert 0 < error_ns < 200_000_000
    for truly_ns, measured_ns in zip(sorted((0, cluster.ahead_ns)), found, strict=True):
        assert abs(measured_ns - truly_ns) <= error_ns
    gaps_ms = [(after - before) / 1e6 for before, after in pairwise(came_ns)]  # each from one worker to the other
    for every_other in (gaps_ms[::2], gaps_ms[1::2]):
        assert median(every_other) == pytest.approx(50, abs=10 + error_ns / 1e6)


async def test_keys_are_looked_for_on_the_machine_of_the_worker_and_never_carried_there(cluster, monkeypatch):
    monkeypatch.setenv("INFERTOP_CANARY", CANARY)  # here, and not on the cluster
    async with server() as (backend, came_ns):
        keyed = replace(backend, key="env:INFERTOP_CANARY")
        last = (await run(RunPlan(backends=(keyed,), requests=4, workers=2, ray=cluster.address)))[-1]
    assert not came_ns
    (counted,) = last.backends
    assert (counted.failed, counted.finished) == (4, 0)
    assert counted.last_error.startswith("env:INFERTOP_CANARY: no such environment variable")
    written = [file.read_bytes() for file in cluster.logs.rglob("*") if file.is_file()]
    assert any(b"Outpost" in text for text in written), "Ray wrote nothing down, so nothing was looked through"
    assert not [text for text in written if CANARY.encode() in text]


async def test_an_actor_that_is_killed_is_told_of_and_its_share_is_missing(cluster):
    """Seen from outside the cluster, as most people would."""
    backends = tuple(BackendPlan(name=stack, url=f"sim:{stack}") for stack in ("cerebras", "groq"))
    short = WorkloadPlan(max_tokens=8)
    plan = RunPlan(backends=backends, workload=short, duration_s=4.0, workers=2, ray=cluster.client_address)
    at_loss = None
    async with engine(plan) as started:
        async for last in started.frames():
            if at_loss is None and all(backend.finished for backend in last.backends):
                os.kill(cluster.processes("ray::Outpost")[0], signal.SIGKILL)
                at_loss = last
    (missing,) = last.missing_workers
    assert (last.phase, last.stop_reason, last.workers) == ("done", "duration", 2)
    assert [machine.worker for machine in last.client.machines] == [0, 1]
    assert f"prompts {missing} mod 2 are missing" in last.markers[-1].text
    assert "its actor is gone" in last.markers[-1].text
    for then, backend in zip(at_loss.backends, last.backends, strict=True):
        assert backend.finished > then.finished  # the other goes on
        assert backend.scheduled == backend.finished + backend.failed + backend.in_flight + backend.not_sent
        assert sum(backend.errors.values()) == backend.failed
    told = document(last)
    assert (exit_code(last), told.client.trusted, told.client.missing_workers) == (ExitCode.FAILED, False, (missing,))
    assert {verdict.verdict for verdict in told.verdicts} == {"withheld"}
    gone_by(cluster, time.monotonic() + 15)


async def test_nothing_is_left_on_the_cluster_when_the_crew_is_killed(cluster):
    backends = (BackendPlan(name="a", url="sim:groq"),)
    async with engine(RunPlan(backends=backends, workers=2, ray=cluster.address)) as started:
        async for frame in started.frames():
            if frame.phase == "running":
                break
        assert len(cluster.processes("engine.worker")) == 2
        started.kill()
        gone_by(cluster, time.monotonic() + 30)


async def test_a_sigterm_to_the_crew_ends_all_orderly(cluster):
    backends = (BackendPlan(name="a", url="sim:groq"),)
    told = False
    async with engine(RunPlan(backends=backends, workers=2, ray=cluster.address)) as started:
        async for last in started.frames():
            if last.phase == "running" and not told:
                os.kill(started._process.pid, signal.SIGTERM)
                told = True
    assert (last.phase, last.stop_reason, last.missing_workers) == ("done", "interrupted", ())
    gone_by(cluster, time.monotonic() + 15)


def gone_by(cluster, deadline):
    """No engine of ours is left on the cluster."""
    while left := cluster.processes("infertop.engine"):
        assert time.monotonic() < deadline, f"orphans: {left}"
        time.sleep(0.1)


IMPATIENT = """
import asyncio
from infertop.engine.cluster import joining
from infertop.engine.plan import BackendPlan, RunPlan
joining.{limit} = {seconds}
async def main():
    async with joining.joined({address!r}) as cluster:
        await cluster.place(RunPlan(backends=(BackendPlan(name="a", url="http://127.0.0.1:9/v1"),), workers=3))
try:
    asyncio.run(main())
except joining.RunError as error:
    print(error)
"""


def impatiently(address, limit, seconds):
    """What a person is told who wants three workers and waits no longer than that."""
    program = IMPATIENT.format(address=address, limit=limit, seconds=seconds)
    output = subprocess.check_output(
        [sys.executable, "-c", program], stderr=subprocess.DEVNULL, text=True, timeout=60
    )
    return output.strip()


def test_too_few_cores_are_told_of(cluster):
    told = impatiently(cluster.address, "PLACE_S", 4)
    assert re.fullmatch(r"[0-2] of 3 workers found a place in 4 s: each needs a core, and the cluster has 2", told)


async def test_the_other_door_of_a_cluster_is_told_of(cluster):
    inside, outside = cluster.address, cluster.client_address
    with pytest.raises(RunError, match=f"that is the port for the cluster's own machines: .* write {inside}, "):
        await knock(f"ray://{inside}")
    with pytest.raises(RunError, match=f"that is the port for who is outside the cluster: write {outside}$"):
        await knock(outside.removeprefix("ray://"))
    await knock(inside)
    await knock(outside)
