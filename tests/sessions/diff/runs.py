"""Runs of the simulated fleet in virtual time, and ways to make one of them worse."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from infertop.engine.cost import RentedPrice
from infertop.engine.frame import BackendFrame, Frame
from infertop.engine.histogram import HistogramState, filled_buckets
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan
from infertop.engine.virtual import simulate
from infertop.sessions.diff.result import RunResult, from_frames

FIFTEEN_PERCENT = 14
"""Buckets that a value 15 % higher lies further up: 1.0100503 ** 14 = 1.1503."""


def frames(
    seed: int, requests: int = 1500, *, slices_s: float = 20.0, stacks: Sequence[str] = ("h200",)
) -> list[Frame]:
    plan = RunPlan(
        title="chat",
        backends=tuple(
            BackendPlan(name=each.upper(), url=f"sim:{each}", price=RentedPrice(usd_per_chip_hour=3.0))
            for each in stacks
        ),
        slo=SloPlan(ttft_ms=300),
        requests=requests,
        seed=seed,
        arrivals=ArrivalsPlan(kind="poisson", rate_per_s=1),
    )
    return list(simulate(plan, every_s=slices_s, lengths_only=True))


def result(label: str, made: Sequence[Frame]) -> RunResult:
    found = from_frames(label, None, made)
    assert found is not None
    return found


def slower(made: Sequence[Frame], metric: str = "ttft", buckets: int = FIFTEEN_PERCENT) -> list[Frame]:
    """The same run with every value of a metric so many buckets up: exactly that much slower, and nothing else."""
    return [replace(each, backends=tuple(_slower(b, metric, buckets) for b in each.backends)) for each in made]


def _slower(backend: BackendFrame, metric: str, buckets: int) -> BackendFrame:
    state = backend.histograms.get(metric)
    if state is None:
        return backend
    return replace(backend, histograms=backend.histograms | {metric: _shifted(state, buckets)})


def _shifted(state: HistogramState, buckets: int) -> HistogramState:
    index, _ = filled_buckets(state)
    factor = 1.0100503**buckets
    return replace(
        state,
        index=np.asarray(index + buckets, "<u2").tobytes(),
        total_ns=round(state.total_ns * factor),
        min_ns=round(state.min_ns * factor),
        max_ns=round(state.max_ns * factor),
    )
