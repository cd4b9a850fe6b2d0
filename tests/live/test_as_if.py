"""Both faces of the simulated fleet, real time over HTTP and virtual time, show the same distributions."""

import numpy as np
import pytest

from infertop.engine.frame import Frame
from infertop.engine.histogram import EDGES_NS, Histogram
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from infertop.engine.process import EngineProcess
from infertop.engine.virtual import simulate

STACKS = ("h200", "groq", "cerebras")
LATE_NS = 1_500_000
"""What timers and sockets may add to a time; on a busy test machine, what the engine's own loop was late at p99."""

REQUESTS = 60
MOST_DISTANCE = 1.358 * (2 / REQUESTS) ** 0.5
"""The Kolmogorov-Smirnov distance at which two samples of so many would be told apart, alpha 5 %."""


def distance(one: Histogram, other: Histogram, late_ns: float) -> float:
    """The Kolmogorov-Smirnov distance, less what a shift of either by up to `late_ns` or a bucket explains."""
    edges = EDGES_NS[1:]

    def below(histogram: Histogram, at_ns: np.ndarray) -> np.ndarray:
        shares = (histogram.state().under + np.cumsum(histogram.counts)) / len(histogram)
        return np.interp(at_ns, edges, shares)

    def beyond(first: Histogram, second: Histogram) -> float:
        return float((below(first, edges) - below(second, edges * 1.01 + late_ns)).max())

    return max(0.0, beyond(one, other), beyond(other, one))


async def over_http(plan: RunPlan) -> Frame:
    engine = await EngineProcess.start(plan)
    try:
        async for _ in engine.frames():
            pass
    finally:
        last = await engine.stop()
    assert last is not None
    return last


@pytest.mark.slow
@pytest.mark.parametrize(
    "arrivals",
    [ArrivalsPlan(concurrency=6), ArrivalsPlan(kind="poisson", rate_per_s=6.0)],
    ids=["closed loop", "open loop"],
)
async def test_both_faces_show_the_same_distributions(arrivals: ArrivalsPlan) -> None:
    backends = tuple(BackendPlan(name=stack, url=f"sim:{stack}") for stack in STACKS)
    plan = RunPlan(backends=backends, arrivals=arrivals, seed=3, requests=REQUESTS)
    measured, simulated = await over_http(plan), list(simulate(plan))[-1]
    late_ns = max(LATE_NS, Histogram.of(measured.client.loop_lag).quantile_ns(0.99) or 0.0)
    for real, virtual in zip(measured.backends, simulated.backends, strict=True):
        assert (real.finished, real.failed) == (virtual.finished, virtual.failed) == (REQUESTS, 0)
        assert real.output_tokens == virtual.output_tokens
        assert real.input_tokens == virtual.input_tokens
        for metric in ("ttft", "icl", "e2e"):
            one, other = Histogram.of(real.histograms[metric]), Histogram.of(virtual.histograms[metric])
            found = distance(one, other, late_ns)
            assert found < MOST_DISTANCE, (real.name, metric, found)
