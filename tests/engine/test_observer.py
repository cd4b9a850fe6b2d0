"""What is watched of which backend, and that the run goes on whatever becomes of the observer."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest
from msgspec.structs import replace

from infertop.backends.observe.plan import METRICS_OFF, PowerPlan
from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.frame import BackendFrame, Frame
from infertop.engine.observer import Observed, observing
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineProcess

OWN = BackendPlan(name="own", url="http://gpu1:8000/v1", key="env:K", hardware="H200 ×4")
API = ApiPrice(usd_per_m_input=0.15, usd_per_m_output=0.6)


def test_own_servers_are_watched_beside_their_url():
    target = Observed(OWN).target({})
    assert (target.url, target.metrics_url, target.key, target.power) == (OWN.url, "", "env:K", None)
    stack = Observed(BackendPlan(name="sim", url="sim:groq", price=API))
    assert stack.watched
    assert stack.target({"sim": "http://127.0.0.1:5/groq/v1"}).url == "http://127.0.0.1:5/groq/v1"


@pytest.mark.parametrize(
    "hosted",
    [
        replace(OWN, url="https://api.example.com/v1"),
        replace(OWN, price=API),
        replace(OWN, url="bedrock:eu-central-1"),
        replace(OWN, metrics_url=METRICS_OFF),
    ],
)
def test_providers_are_left_alone(hosted):
    assert not Observed(hosted).watched
    power = replace(hosted, power=PowerPlan(source="dcgm", url="http://n:9400/metrics"))
    assert Observed(power).watched
    assert Observed(power).target({}).metrics_url == METRICS_OFF


def test_a_stated_metrics_url_is_always_watched():
    assert Observed(replace(OWN, price=API, metrics_url="http://m/metrics")).watched


def observed(plan, **counts):
    return Observed(plan).onto(BackendFrame(name="own", first_sent_ns=0, active_ns=2 * 10**9, **counts), 0, 0).power


def test_known_hardware_is_modelled_where_it_is_ones_own():
    rented = replace(OWN, price=RentedPrice(usd_per_chip_hour=2.0, chips=4))
    power = observed(rented, in_flight=8)
    assert (power.source, power.measured) == ("modelled", False)
    assert power.joules == pytest.approx(2 * power.watts)
    assert "4 × H200 SXM" in power.detail
    assert observed(replace(OWN, power=PowerPlan(source="modelled", share=0.5)), in_flight=8).watts == power.watts / 2
    for unknown in (
        replace(OWN, price=API),
        replace(OWN, hardware="a laptop"),
        replace(OWN, power=PowerPlan(source="off")),
        replace(OWN, power=PowerPlan(source="nvml")),
        BackendPlan(name="own", url="sim:h200", hardware="H200 ×4"),
    ):
        assert observed(unknown, in_flight=8) is None


def test_a_model_somebody_asked_for_says_why_there_is_none():
    modelled = PowerPlan(source="modelled")
    assert "no chip with a public TDP" in observed(replace(OWN, hardware="TPU v6e ×8", power=modelled)).error
    shared = replace(OWN, price=API, power=modelled)
    assert "state the share" in observed(shared).error
    own_share = replace(shared, power=PowerPlan(source="modelled", share=0.01))
    assert observed(own_share, in_flight=8).joules > 0


async def test_nothing_to_watch_starts_nothing():
    plan = RunPlan(backends=(replace(OWN, metrics_url=METRICS_OFF),))
    async with observing(plan) as observatory:
        await observatory.begin({})
        frame = Frame(backends=(BackendFrame(name="own"),))
        assert observatory.onto(frame).backends[0].server is None


async def test_an_observer_that_cannot_start_is_said(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    async with observing(RunPlan(backends=(OWN,))) as observatory:
        await observatory.begin({})
        server = observatory.onto(Frame(backends=(BackendFrame(name="own"),))).backends[0].server
    assert server.error == "the observer cannot be started: No such file or directory"


async def test_a_baseline_is_measured_before_anything_is_sent(tmp_path):
    """Idle power of this very machine's simulated stack, by a query of a Prometheus server that says 60 W."""
    body = b'{"data":{"result":[{"metric":{},"value":[0,"60"]}]}}'

    async def serve(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    server = await asyncio.start_server(lambda r, w: _quietly(serve(r, w), w), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    power = PowerPlan(source="prometheus", url=url, query="w", baseline_s=0.6, every_s=0.25)
    plan = RunPlan(backends=(replace(OWN, metrics_url=METRICS_OFF, power=power),))
    async with observing(plan) as observatory:
        await observatory.begin({})
        frame = observatory.onto(Frame(backends=(BackendFrame(name="own"),))).backends[0]
    server.close()
    assert frame.power.idle_watts == pytest.approx(60)
    assert (frame.power.source, frame.power.watts) == ("prometheus", 60)


async def _quietly(work, writer):
    try:
        await work
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        writer.close()


# --- the whole engine ---


def simulated(workers=1, seconds=2.2):
    return RunPlan(
        backends=(BackendPlan(name="h200", url="sim:h200"),),
        workload=WorkloadPlan(max_tokens=16),
        arrivals=ArrivalsPlan(concurrency=4),
        duration_s=seconds,
        workers=workers,
    )


def observers(parent):
    """Process ids of observers below `parent`, a process id."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    below = {str(parent)}
    for _ in range(3):
        below |= {row[0] for row in rows if row[1] in below}
    return [int(row[0]) for row in rows if row[0] in below and "backends.observe" in row[2]]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
async def test_frames_carry_what_the_fleet_tells(workers):
    engine = await EngineProcess.start(simulated(workers))
    async for frame in engine.frames():
        last = frame
    await engine.stop()
    (backend,) = last.backends
    assert backend.server.source == "vLLM /metrics"
    assert backend.server.error == ""
    assert backend.server.samples >= 2
    assert backend.server.running_sum / backend.server.samples > 2
    assert backend.server.generation_tokens > 0
    power = backend.power
    assert (power.source, power.measured, power.error) == ("modelled", False, "")
    assert power.joules / backend.active_ns * 1e9 == pytest.approx(power.watts, rel=0.5)
    assert power.idle_joules == pytest.approx(power.idle_watts * backend.active_ns / 1e9)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes with ps")
async def test_a_killed_observer_leaves_the_run_alone():
    engine = await EngineProcess.start(simulated(seconds=9.0))
    killed_at = 0.0
    async for frame in engine.frames():
        last = frame
        power = frame.backends[0].power
        if not killed_at and power and power.joules and frame.phase == "running":
            (pid,) = observers(os.getpid())
            os.kill(pid, signal.SIGKILL)
            killed_at = time.monotonic()
        elif killed_at and power.watts is None and power.joules is None:
            break
    (backend,) = last.backends
    assert backend.power.error == backend.server.error == "the observer ended unexpectedly"
    assert backend.server.running is None
    assert backend.server.generation_tokens > 0
    assert time.monotonic() - killed_at < 6
    finished = backend.finished
    last = await engine.stop()
    assert last.phase == "done"
    assert last.backends[0].finished >= finished > 0
    assert last.backends[0].failed == 0
