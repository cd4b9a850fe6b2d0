"""Whether the instrument can be believed (measurement.md, "The instrument's own error")."""

from dataclasses import dataclass
from typing import Final, Literal

from ..engine.frame import Frame
from ..engine.histogram import Histogram

LAG_NS: Final = 1_000_000
LAG_SHARE: Final = 0.01
"""The event loop may be this late at p99, or this share of the least median TTFT if that is more."""

SATURATED_CPU_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Trust:
    """How far.

    Attributes:
        level: "amber" when the client is part of what it measures; "red" when it is saturated, which withholds
            every verdict.
        reason: why it is not "ok".
    """

    level: Literal["ok", "amber", "red"]
    reason: str = ""


def client_trust(frame: Frame) -> Trust:
    """The trust that the engine behind `frame` deserves."""
    share = frame.client.cpu_share
    if share > SATURATED_CPU_SHARE:
        return Trust("red", f"it used {share:.0%} of a core, which is saturated")
    lag_ns = Histogram.of(frame.client.loop_lag).quantile_ns(0.99)
    ttft = [Histogram.of(b.histograms["ttft"]).quantile_ns(0.5) for b in frame.backends if "ttft" in b.histograms]
    allowed_ns = max(LAG_NS, LAG_SHARE * min((median for median in ttft if median is not None), default=0.0))
    if lag_ns is not None and lag_ns > allowed_ns:
        late, allowed = f"{lag_ns / 1e6:.1f} ms", f"{allowed_ns / 1e6:.1f} ms"
        return Trust("amber", f"its event loop was {late} late at p99, which is more than {allowed}")
    return Trust("ok")
