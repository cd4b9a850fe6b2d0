"""Whether the instrument can be believed (measurement.md, "The instrument's own error")."""

from dataclasses import dataclass
from math import inf
from typing import Final, Literal

from ..engine.frame import Frame
from ..engine.histogram import Histogram

LAG_NS: Final = 1_000_000
LAG_SHARE: Final = 0.01
"""The event loop may be this late at p99, or this share of the least median TTFT if that is more."""

SEND_LAG_SHARE: Final = 0.1
"""In an open loop prompts may leave this share of the least median TTFT late at p99. Beyond it, and with a late event
loop, what arrived is not the rate that was asked for, and that is our doing."""

IDLE_SHARE: Final = 0.1
"""In a closed loop the event loop may be late by this share of the least median E2E in the mean. A slot is empty
while nobody notices that its answer has ended: beyond it fewer requests were in flight than were asked for."""

SATURATED_CPU_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Trust:
    """How far.

    Attributes:
        level: "amber" when the client is part of what it measures; "red" when it is saturated, cannot send on time,
            or lost a worker, which withholds every verdict.
        reason: why it is not "ok".
    """

    level: Literal["ok", "amber", "red"]
    reason: str = ""


def client_trust(frame: Frame) -> Trust:
    """The trust that the engine behind `frame` deserves."""
    if frame.missing_workers:
        many = f"{len(frame.missing_workers)} of its {frame.workers} workers"
        return Trust("red", f"{many} went missing, and with them what they would have measured")
    share = frame.client.cpu_share
    if share > SATURATED_CPU_SHARE:
        return Trust("red", f"it used {share:.0%} of a core, which is saturated")
    lag = Histogram.of(frame.client.loop_lag)
    lag_ns, mean_lag_ns = lag.quantile_ns(0.99), lag.mean_ns() or 0.0
    ttft_ns = min(_quantiles_ns(frame, "ttft", 0.5), default=0.0)
    allowed_ns = max(LAG_NS, LAG_SHARE * ttft_ns)
    if lag_ns is None or lag_ns <= allowed_ns:
        return Trust("ok")
    late = f"its event loop was {lag_ns / 1e6:.1f} ms late at p99"
    if frame.arrivals.kind == "closed":
        e2e_ns = min(_quantiles_ns(frame, "e2e", 0.5), default=inf)
        if mean_lag_ns > max(allowed_ns, IDLE_SHARE * e2e_ns):
            return Trust("red", f"slots stood empty for {mean_lag_ns / 1e6:.0f} ms between prompts because {late}")
    else:
        sent_late_ns = max(_quantiles_ns(frame, "send_lag", 0.99), default=0.0)
        if sent_late_ns > max(allowed_ns, SEND_LAG_SHARE * ttft_ns):
            return Trust("red", f"prompts left {sent_late_ns / 1e6:.0f} ms late at p99 because {late}")
    return Trust("amber", f"{late}, which is more than {allowed_ns / 1e6:.1f} ms")


def _quantiles_ns(frame: Frame, metric: str, p: float) -> list[float]:
    """The p-quantile of `metric` of every backend that has values."""
    states = [backend.histograms[metric] for backend in frame.backends if metric in backend.histograms]
    return [value for state in states if (value := Histogram.of(state).quantile_ns(p)) is not None]
