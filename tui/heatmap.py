"""Latency over time as a map: how many answers a second fell into each row of latency, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..engine.histogram import FLOORS
from .draw.graph import Floats, round_up
from .metrics import Metric
from .past import Past, quantile_rows, trailing
from .steady import Steady

COLUMNS: Final = 300
"""Most columns a map has: the widest terminal shows no more of them."""

TRACE_S: Final = 60
"""A column's percentiles are those of the answers of the minute that ends with it."""

TRACED: Final = (0.5, 0.99)

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A percentile over time.

    Attributes:
        rows: its row of latency in each column, -1 where there is none; shape (COLUMNS,).
        supported: where the sample is large enough for it; shape (COLUMNS,).
    """

    rows: Rows
    supported: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """One backend's map.

    Attributes:
        rates: answers a second, shape (COLUMNS, past.ROWS), oldest first.
        known: columns of which anything is known, shape (COLUMNS,).
        traces: of TRACED.
    """

    rates: Floats
    known: Flags
    traces: tuple[Trace, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """All backends' maps on one scale.

    Attributes:
        span_s: width of a column.
        end_s: run time at the right edge of the newest column.
        low, high: rows of latency worth showing: [low, high).
        top: answers a second in the hottest cell, or somewhat more.
        heats: backend by backend.
    """

    metric: Metric
    span_s: int
    end_s: int
    low: int
    high: int
    top: float
    heats: tuple[Heat, ...]


class HeatScale:
    """The scale of one metric's maps, which moves rarely."""

    def __init__(self) -> None:
        self._range = Steady(step=5, least=2)
        self._top = 1.0

    def map_of(
        self, pasts: Sequence[Past], metric: Metric, span_s: int, until_s: int | None = None
    ) -> HeatMap | None:
        """The maps of all backends, up to second `until_s` or now; None before the first answer."""
        heats = tuple(_heat(past, metric, span_s, until_s) for past in pasts)
        filled = np.flatnonzero(sum(heat.rates.sum(axis=0) for heat in heats)) if heats else np.zeros(0)
        if not len(filled):
            return None
        low, high = self._range.holding(int(filled[0]), int(filled[-1]) + 1)
        peak = max(float(heat.rates.max()) for heat in heats)
        if peak > self._top or peak < self._top / 3:
            self._top = round_up(peak)
        return HeatMap(metric, span_s, pasts[0].end_s(span_s, until_s), low, high, self._top, heats)


def _heat(past: Past, metric: Metric, span_s: int, until_s: int | None) -> Heat:
    window = max(TRACE_S // span_s, 1)
    counts, known_s = past.latencies(metric, span_s, COLUMNS + window, until_s)
    summed = trailing(counts, window)
    known = known_s > 0
    traces = []
    for p in TRACED:
        rows = np.where(known, quantile_rows(summed, p), -1)
        supported = summed.sum(axis=1) + 0.5 >= FLOORS[p]
        traces.append(Trace(rows[window:], supported[window:]))
    rates = counts / np.maximum(known_s, 1.0)[:, None]
    return Heat(rates[window:], known[window:], tuple(traces))
