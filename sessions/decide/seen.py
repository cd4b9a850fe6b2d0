"""What one measured window says of one load: its level, its tokens, its requests at once. Pure."""

from typing import Final, NamedTuple

from ...engine.frame import BackendFrame
from ...engine.histogram import Histogram
from ...engine.plan import WorkloadPlan
from ...profiles.demand import DemandClass
from .capacity import Level
from .limits import METRICS, limits

_HISTOGRAMS: Final = {"ttft_ms": ("ttft_sched", "ttft"), "tpot_ms": ("tpot",), "e2e_ms": ("e2e_sched", "e2e")}
"""Where each limited metric is, the first that there is: limits count from the scheduled time (measurement.md)."""


class Tokens(NamedTuple):
    """Of a request, means over those that were answered."""

    input_tokens: float
    cached_tokens: float
    output_tokens: float


def level_of(counted: BackendFrame, of: DemandClass) -> Level | None:
    """The load of a window and its latencies at the class's quantile; None before the first answer."""
    if not counted.finished or not counted.active_ns:
        return None
    per_s = counted.finished * 1e9 / counted.active_ns
    latencies = {metric: _quantile_ms(counted, metric, of.quantile) for metric in METRICS}
    settled = counted.finished + counted.failed + counted.not_sent
    good = None if counted.good is None else counted.good / settled
    return Level(requests_per_s=per_s, in_flight=in_flight(counted), attainment=good, **latencies)


def missed(counted: BackendFrame, of: DemandClass) -> str:
    """The first limit that a window does not keep, in words; "" if it keeps all. Failures miss every limit."""
    settled = counted.finished + counted.failed + counted.not_sent
    failed = counted.failed + counted.not_sent
    if not counted.finished or failed > (1 - of.quantile) * settled:
        return f"{failed:,} of {settled:,} requests failed"
    for metric, limit in limits(of).items():
        for name in _HISTOGRAMS[metric]:
            if name in counted.histograms:
                histogram = Histogram.of(counted.histograms[name])
                value = histogram.quantile_ns(_allowed_for(of.quantile, failed, settled))
                if value is not None and value > limit * 1e6:
                    return f"p{of.quantile * 100:g} {metric.removesuffix('_ms').upper()} {limit:g} ms"
                break
    return ""


def tokens_of(counted: BackendFrame) -> Tokens:
    """Means over the requests that were answered or failed under way; zeros before the first."""
    requests = max(1, counted.finished)
    return Tokens(counted.input_tokens / requests, counted.cached_tokens / requests, counted.output_tokens / requests)


def in_flight(counted: BackendFrame) -> float | None:
    """Mean requests at once, by Little's law: arrivals a second times how long one takes; None without durations."""
    state = counted.histograms.get("e2e")
    mean_ns = Histogram.of(state).mean_ns() if state else None
    return None if not mean_ns or not counted.active_ns else counted.finished / counted.active_ns * mean_ns


def same_workload(plan: WorkloadPlan, of: DemandClass) -> bool:
    """Whether a run's prompts are those of the class."""
    asked = workload_of(of)
    return (plan.source, plan.max_tokens, plan.prompt_cv) == (asked.source, asked.max_tokens, asked.prompt_cv)


def workload_of(of: DemandClass) -> WorkloadPlan:
    """The prompts of a class, for an engine."""
    return WorkloadPlan(source=of.workload, max_tokens=of.max_tokens, prompt_cv=of.prompt_cv)


def _quantile_ms(counted: BackendFrame, metric: str, quantile: float) -> float | None:
    for name in _HISTOGRAMS[metric]:
        if name in counted.histograms:
            value = Histogram.of(counted.histograms[name]).quantile_ns(quantile)
            return None if value is None else value / 1e6
    return None


def _allowed_for(quantile: float, failed: int, settled: int) -> float:
    """The quantile among the answered that is `quantile` among all, failures being slower than any."""
    return min(1.0, quantile * settled / (settled - failed))
