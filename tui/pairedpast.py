"""How two backends compared on the same prompts second by second, from the sums over pairs that frames bring."""

from dataclasses import dataclass

import numpy as np

from ..engine.frame import JUDGED, Frame
from .draw.graph import Floats
from .heatmap import COLUMNS, TRACE_S
from .past import LONGEST_GAP_S, SPANS_S, Ring, rings, trailing

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    """The paired ratio of every two backends over time.

    Attributes:
        span_s: width of a column.
        end_s: run time at the right edge of the newest column.
        logs: by pair (a, b), mean of ln(a) - ln(b) over the prompts of the minute that ends with each column, oldest
            first, NaN where there were none; shape (COLUMNS,).
    """

    span_s: int
    end_s: int
    logs: dict[Pair, Floats]

    def of(self, a: str, b: str) -> Floats:
        """ln(a / b) over time, whichever comes first in the pair."""
        if (a, b) in self.logs:
            return self.logs[a, b]
        other = self.logs.get((b, a))
        return np.full(COLUMNS, np.nan) if other is None else -other


class PairedPast:
    """Sums of differences and how many there were, by second."""

    def __init__(self) -> None:
        self._pairs: tuple[Pair, ...] = ()
        self._rings: dict[int, Ring] = {}
        self._second = 0
        self._totals: Floats = np.zeros(0)

    def take(self, frame: Frame) -> None:
        """Take in a frame's totals, once a second."""
        pairs = tuple((pair.a, pair.b) for pair in frame.paired)
        if pairs != self._pairs:
            amounts = 2 * len(JUDGED) * len(pairs)
            self._pairs, self._rings = pairs, rings(amounts)
            self._totals, self._second = np.zeros(amounts), 0
        second = frame.at_ns // 1_000_000_000
        if second <= self._second:
            return
        totals = _totals(frame)
        for ring in self._rings.values():
            if second - self._second > LONGEST_GAP_S:
                ring.pass_to(second)
            else:
                ring.add(self._second, second, totals - self._totals)
        self._second, self._totals = second, totals

    def ratios(self, judged: str, span_s: int, until_s: int | None = None) -> Ratios | None:
        """The ratios of a metric of JUDGED, up to second `until_s` or now; None before two answered one."""
        if judged not in JUDGED or not self._pairs or span_s not in SPANS_S:
            return None
        window = max(TRACE_S // span_s, 1)
        ring = self._rings[span_s]
        sums, _ = ring.newest(COLUMNS + window, slice(0, 2 * len(JUDGED) * len(self._pairs)), until_s)
        summed = trailing(sums, window)[window:].reshape(COLUMNS, len(self._pairs), len(JUDGED), 2)
        mine = summed[:, :, JUDGED.index(judged)]
        counts = mine[:, :, 0]
        logs = np.full(counts.shape, np.nan)
        some = counts > 0.5
        logs[some] = mine[:, :, 1][some] / counts[some]
        return Ratios(span_s, ring.until(until_s), {pair: logs[:, at] for at, pair in enumerate(self._pairs)})


def _totals(frame: Frame) -> Floats:
    """Count and sum of every metric of JUDGED of every pair."""
    made: list[float] = []
    for pair in frame.paired:
        for metric in JUDGED:
            levels = pair.differences.get(metric, ())
            made += (levels[0].count, levels[0].total) if levels else (0, 0.0)
    return np.array(made, np.float64)
