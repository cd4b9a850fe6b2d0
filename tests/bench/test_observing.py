"""Observing disturbs nothing: the engine's loop is no later with it than without, beyond what runs differ anyway."""

import asyncio
from statistics import median

import pytest
from msgspec.structs import replace

from infertop.backends.groundtruth import MODEL
from infertop.backends.groundtruth.process import start_ground_truth
from infertop.backends.groundtruth.wire import Pace
from infertop.engine.histogram import Histogram
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(110)]

_PAIRS = 5
_SECONDS = 3.0


def _page(families=400):
    """A page as large as real servers' (100 KB), nearly all of it histograms that nobody asked for."""
    lines = ["vllm:num_requests_running 3", "vllm:num_requests_waiting 1"]
    for family in range(families):
        lines += [f'vllm:family{family}_seconds_bucket{{le="{edge}",model_name="m"}} {edge}' for edge in range(5)]
    return "\n".join(lines).encode()


async def _metrics_server():
    page = _page()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page)

    async def serve(reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(head + page)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def _lag_ms(plan):
    """p99 of the engine's loop lag over a run, and whether pages came."""
    engine = await EngineProcess.start(plan)
    async for frame in engine.frames():
        last = frame
    await engine.stop()
    server = last.backends[0].server
    return Histogram.of(last.client.loop_lag).quantile_ns(0.99) / 1e6, server.samples if server else 0


async def test_observing_does_not_make_the_loop_late():
    metrics = await _metrics_server()
    url = f"http://127.0.0.1:{metrics.sockets[0].getsockname()[1]}/metrics"
    with start_ground_truth(Pace(ttft_ms=20, gap_ms=5, tokens=50)) as truth:
        plan = RunPlan(
            backends=(BackendPlan(name="truth", url=truth.url, model=MODEL, metrics_url="off"),),
            workload=WorkloadPlan(max_tokens=50),
            arrivals=ArrivalsPlan(concurrency=16),
            duration_s=_SECONDS,
        )
        watched = replace(plan, backends=(replace(plan.backends[0], metrics_url=url, metrics_every_s=0.25),))
        without, with_it = [], []
        for _ in range(_PAIRS):
            without.append(await _lag_ms(plan))
            with_it.append(await _lag_ms(watched))
    metrics.close()
    lag = [ms for ms, _ in without]
    observed = [ms for ms, _ in with_it]
    print(f"\nloop lag p99 ms without {sorted(lag)}, with {sorted(observed)}")
    assert all(samples > 5 for _, samples in with_it)
    assert all(samples == 0 for _, samples in without)
    assert median(observed) <= median(lag) + (max(lag) - min(lag)) + 0.2
