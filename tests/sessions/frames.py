"""Frames made by hand, as an engine would have sent them."""

import math
import random
from collections.abc import Sequence

from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.frame import BackendFrame, ClientFrame, Frame, PairFrame, Serial
from infertop.engine.histogram import Histogram, HistogramState
from infertop.engine.pairing import Pairing
from infertop.engine.plan import SloPlan
from infertop.engine.serial import SerialSums

MS = 1_000_000


def histogram(*values_ms: float) -> HistogramState:
    made = Histogram()
    made.extend(round(value * MS) for value in values_ms)
    return made.state()


def series(values_ms: Sequence[float]) -> tuple[Serial, ...]:
    made = SerialSums()
    for value in values_ms:
        made.add(math.log(value * MS))
    return made.state()


def paired(metric: str, **values_ms: Sequence[float]) -> tuple[PairFrame, ...]:
    """Backends by name, each with the values of the first prompts."""
    pairing = Pairing(list(values_ms))
    for name, values in values_ms.items():
        side = pairing.of(name)
        for index, value in enumerate(values):
            side.add(metric, index, math.log(value * MS))
    return tuple(pairing.pairs())


def latencies(median_ms: float, count: int, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [median_ms * rng.lognormvariate(0, 0.3) for _ in range(count)]


def backend(
    name: str, *, ttft_ms: Sequence[float] = (), tpot_ms: Sequence[float] = (), **fields: object
) -> BackendFrame:
    """A backend that finished one request for each TTFT, 100 tokens each, in 10 s."""
    count = len(ttft_ms)
    samples = {"ttft": ttft_ms, "ttft_sched": ttft_ms, "tpot": tpot_ms, "icl": tpot_ms, "e2e": ttft_ms}
    values: dict[str, object] = {
        "url": f"http://127.0.0.1:8000/{name}/v1",
        "model": "m",
        "served_model": "m",
        "scheduled": count,
        "finished": count,
        "usage_requests": count,
        "input_tokens": 50 * count,
        "output_tokens": 100 * count,
        "active_ns": 10_000 * MS,
        "arriving_tokens": 100.0 * count,
        "chunks": 100 * count,
        "histograms": {metric: histogram(*each) for metric, each in samples.items() if each},
        "series": {m: series(each) for m, each in {"ttft_sched": ttft_ms, "tpot": tpot_ms}.items() if each},
    }
    return BackendFrame(name=name, **(values | fields))  # type: ignore[arg-type]


def frame(*backends: BackendFrame, **fields: object) -> Frame:
    """The last frame of a run of 10 s."""
    values: dict[str, object] = {
        "title": "by hand",
        "phase": "done",
        "stop_reason": "duration",
        "at_ns": 10_000 * MS,
        "started_utc": "2026-11-23T12:00:00.000+00:00",
        "seed": 1,
        "duration_s": 10.0,
        "client": ClientFrame(loop_lag=histogram(0.1, 0.2, 0.3), cpu_share=0.2),
        "backends": backends,
    }
    return Frame(**(values | fields))  # type: ignore[arg-type]


def three() -> Frame:
    """A slow rented backend, a fast API with a short sample, and one that refuses connections."""
    return frame(
        backend(
            "H200 ×4",
            label="SIM",
            ttft_ms=latencies(200, 300),
            tpot_ms=latencies(12, 300),
            price=RentedPrice(usd_per_chip_hour=3.6, chips=4, as_of="2026-09-20", source="Lambda"),
            spent_usd=0.04,
            good=294,
        ),
        backend(
            "Groq",
            ttft_ms=latencies(80, 40),
            tpot_ms=latencies(3, 40),
            price=ApiPrice(usd_per_m_input=0.15, usd_per_m_output=0.6, as_of="2026-11", source="litellm 1.109.1"),
            spent_usd=0.0027,
            usage_requests=0,
            estimated_requests=40,
            good=40,
        ),
        backend(
            "dead:1",
            scheduled=9,
            failed=7,
            not_sent=2,
            errors={"connect": 5, "timeout": 2},
            last_error="connection refused",
            state="down",
            active_ns=0,
            good=0,
        ),
        slo=SloPlan(ttft_ms=500, attainment=0.99),
    )
