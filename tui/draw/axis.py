"""The one logarithmic time axis that all tails share: 1-2-5 ticks, labels, and histograms laid onto columns."""

from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Final

import numpy as np

from ...engine.histogram import EDGES_NS, HIGH_NS, LOW_NS, Histogram
from .graph import Floats

TICKS_NS: Final = tuple(
    step * 10**power for power in range(4, 13) for step in (1, 2, 5) if step * 10**power <= HIGH_NS
)
"""10 µs, 20 µs, 50 µs … 1000 s."""

_LOG_EDGES: Final[Floats] = np.log(EDGES_NS)


@dataclass(frozen=True, slots=True)
class LogAxis:
    """Time from `low_ns` to `high_ns`, both ticks, over columns of equal ratio."""

    low_ns: int
    high_ns: int

    def column(self, ns: float, width: int) -> int:
        """The column of `width` that `ns` falls into, clipped to the axis."""
        share = log(max(ns, 1.0) / self.low_ns) / log(self.high_ns / self.low_ns)
        return min(max(int(share * width), 0), width - 1)

    def ticks(self) -> list[int]:
        """The ticks on the axis, both ends included."""
        return [tick for tick in TICKS_NS if self.low_ns <= tick <= self.high_ns]

    def spread(self, histogram: Histogram, width: int) -> Floats:
        """Counts per column, shape (width,), fractional where a bucket straddles two; ends take what lies beyond."""
        cumulative = np.concatenate(([0], np.cumsum(histogram.counts))).astype(np.float64)
        edges = np.linspace(np.log(self.low_ns), np.log(self.high_ns), width + 1)
        at_edges = np.interp(edges, _LOG_EDGES, cumulative)
        state = histogram.state()
        at_edges[0], at_edges[-1] = -state.under, cumulative[-1] + state.over
        made: Floats = np.diff(at_edges)
        return made

    def covering(self, other: "LogAxis | None") -> "LogAxis":
        """The least axis that holds this one and `other`."""
        if other is None:
            return self
        return LogAxis(min(self.low_ns, other.low_ns), max(self.high_ns, other.high_ns))


def axis_for(histograms: list[Histogram]) -> LogAxis | None:
    """The least axis from tick to tick that holds every value; None when there are none."""
    filled = [histogram for histogram in histograms if len(histogram)]
    if not filled:
        return None
    low = max(min(histogram.min_ns for histogram in filled), LOW_NS)
    high = max(histogram.max_ns for histogram in filled)
    below = max((tick for tick in TICKS_NS[:-1] if tick <= low), default=TICKS_NS[0])
    above = min((tick for tick in TICKS_NS if tick >= high and tick > below), default=TICKS_NS[-1])
    return LogAxis(below, above)


def tick_label(ns: int) -> str:
    """`20 µs`, `5 ms`, `1 s`."""
    for unit, size in (("s", 10**9), ("ms", 10**6)):
        if ns >= size:
            return f"{ns // size} {unit}"
    return f"{ns // 1000} µs"


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis drawn on `width` columns: the row of labels, and the columns whose tick got one."""

    labels: str
    columns: tuple[int, ...]


@lru_cache(maxsize=16)
def scale(axis: LogAxis, width: int) -> Scale:
    """The labels of `axis`, each at its tick's column; ones first, then twos and fives where room is left."""
    cells = [" "] * width
    taken = np.zeros(width, bool)
    columns: list[int] = []
    for tick in sorted(axis.ticks(), key=lambda ns: ("125".index(str(ns)[0]), ns)):
        column, label = axis.column(tick, width), "╵" + tick_label(tick)
        end = column + len(label)
        if end <= width and not taken[max(column - 2, 0) : end + 2].any():
            cells[column:end] = label
            taken[column:end] = True
            columns.append(column)
    return Scale("".join(cells), tuple(sorted(columns)))
