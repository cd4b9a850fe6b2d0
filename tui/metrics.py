"""The metrics a person can put on screen, and what each is called, counted from and judged by."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Metric:
    """One latency metric (measurement.md, "Clock and stamps").

    Attributes:
        title: what the screen calls it.
        meaning: in a few words, for titles and help.
        closed: its histogram in closed loop.
        open: its histogram in open loop, counted from the scheduled time where that matters (coordinated omission).
        judged: the histogram verdicts rest on; "" where values of one answer depend on each other.
        wins: what a backend does that is lower.
    """

    title: str
    meaning: str
    closed: str
    open: str
    judged: str
    wins: str

    def histogram(self, *, open_loop: bool) -> str:
        """The histogram this metric is read from."""
        return self.open if open_loop else self.closed


TTFT: Final = Metric("TTFT", "time to first token", "ttft", "ttft_sched", "ttft_sched", "answers first")
TPOT: Final = Metric("TPOT", "time per output token", "tpot", "tpot", "tpot", "writes fastest")
ICL: Final = Metric("ICL", "gap between chunks", "icl", "icl", "", "")
E2E: Final = Metric("E2E", "whole answer", "e2e", "e2e_sched", "e2e_sched", "finishes first")

CYCLE: Final = (TTFT, TPOT, ICL, E2E)
"""What tab goes through."""

DETAIL: Final = {
    "ttft": "TTFT",
    "ttft_sched": "TTFT sched",
    "ttfo": "TTFO",
    "tpot": "TPOT",
    "icl": "ICL",
    "itl": "ITL",
    "e2e": "E2E",
    "e2e_sched": "E2E sched",
    "send_lag": "send lag",
    "connect": "connect",
}
"""Every histogram a backend may have, by name of `engine.frame.METRICS`, as the expanded card calls it."""
