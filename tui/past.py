"""What a run did second by second, kept for hours in memory that does not grow.

Frames are cumulative, so a second is the difference of two frames. Seconds are kept in rings of columns 1, 10 and 60
seconds wide: the finest for a quarter of an hour, the coarsest for half a day.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ..engine.figures import billed_output_tokens
from ..engine.frame import BackendFrame
from ..engine.histogram import BUCKETS, EDGES_NS, HistogramState, filled_buckets
from .draw.graph import Floats
from .metrics import CYCLE, Metric

SPANS_S: Final = (1, 10, 60)
"""Widths of a column to choose from."""

_KEPT: Final = (900, 720, 720)
LONGEST_GAP_S: Final = 10
"""What came between two frames further apart belongs to no second: those columns stay unknown."""

_BUCKETS_A_ROW: Final = 23
ROWS: Final = -(-BUCKETS // _BUCKETS_A_ROW)
"""Rows of latency, ten to a decade on the histograms' own edges; the outermost take what lies beyond them."""

ROW_EDGES_NS: Final[Floats] = np.append(EDGES_NS[:-1:_BUCKETS_A_ROW], EDGES_NS[-1])
"""Row r holds latencies in [ROW_EDGES_NS[r], ROW_EDGES_NS[r + 1])."""

_NO_ROWS: Final[Floats] = np.zeros(ROWS)
_READ: Final = frozenset(metric.histogram(open_loop=open_loop) for metric in CYCLE for open_loop in (False, True))
"""Histograms that some metric is read from."""


def latency_rows(state: HistogramState) -> Floats:
    """Counts per row, shape (ROWS,)."""
    index, count = filled_buckets(state)
    made = np.bincount(index // _BUCKETS_A_ROW, count, minlength=ROWS).astype(np.float64)
    made[0] += state.under
    made[-1] += state.over
    return made


class Ring:
    """Amounts by column of one width: the newest `kept` columns.

    Args:
        span_s: width of a column.
        kept: columns.
        amounts: how many amounts each has.
    """

    def __init__(self, span_s: int, kept: int, amounts: int) -> None:
        self.span_s = span_s
        self._kept = kept
        self._sums: npt.NDArray[np.float32] = np.zeros((kept, amounts), np.float32)
        self._known_s: npt.NDArray[np.float32] = np.zeros(kept, np.float32)
        self._end = 0  # number of the column after the newest

    def add(self, from_s: int, to_s: int, amounts: Floats) -> None:
        """Add `amounts` that came evenly over the seconds [from_s, to_s)."""
        self.pass_to(to_s)
        each = amounts / (to_s - from_s)
        for second in range(from_s, to_s):
            at = second // self.span_s % self._kept
            self._sums[at] += each
            self._known_s[at] += 1

    def pass_to(self, to_s: int) -> None:
        """Open the columns up to second `to_s`, as yet unknown."""
        end = -(-to_s // self.span_s)
        opened = np.arange(max(self._end, end - self._kept), end) % self._kept
        self._sums[opened] = 0.0
        self._known_s[opened] = 0.0
        self._end = max(self._end, end)

    @property
    def end_s(self) -> int:
        """Run time at which the newest column ends."""
        return self._end * self.span_s

    def until(self, until_s: int | None) -> int:
        """Run time at which the newest column ends, or that which holds second `until_s`."""
        return self.end_s if until_s is None else min(-(-until_s // self.span_s), self._end) * self.span_s

    def newest(self, columns: int, part: slice, until_s: int | None = None) -> tuple[Floats, Floats]:
        """Of the newest `columns`, oldest first: the amounts in `part`, and the seconds known of each column.

        With `until_s`, of those up to the one that holds that second of run time. Columns before the start of the run
        or older than what is kept are unknown.
        """
        sums = np.zeros((columns, part.stop - part.start))
        known_s = np.zeros(columns)
        end = self.until(until_s) // self.span_s
        count = min(columns, end, max(self._kept - (self._end - end), 0))
        if count:
            at = np.arange(end - count, end) % self._kept
            sums[-count:] = self._sums[at, part]
            known_s[-count:] = self._known_s[at]
        return sums, known_s


def span_reaching(age_s: int) -> int:
    """The narrowest column in which what happened `age_s` seconds ago is still kept, some of what came before too."""
    kept_s = (span * kept * 2 // 3 for span, kept in zip(SPANS_S, _KEPT, strict=True))
    return next((span for span, reach_s in zip(SPANS_S, kept_s, strict=True) if age_s < reach_s), SPANS_S[-1])


def rings(amounts: int) -> dict[int, Ring]:
    """A ring for each of SPANS_S."""
    return {span: Ring(span, kept, amounts) for span, kept in zip(SPANS_S, _KEPT, strict=True)}


class Past:
    """One backend second by second: latencies of every metric by row, money spent and tokens made for it."""

    def __init__(self) -> None:
        amounts = len(CYCLE) * ROWS + 2
        self._rings = rings(amounts)
        self._second = 0
        self._rows: dict[str, Floats] = {}  # by histogram: another kind of arrivals reads another
        self._money: Floats = np.zeros(2)

    def take(self, backend: BackendFrame, at_ns: int, *, open_loop: bool) -> None:
        """Take in a frame's totals, once a second."""
        second = at_ns // 1_000_000_000
        if second <= self._second:
            return
        rows = {name: latency_rows(state) for name, state in backend.histograms.items() if name in _READ}
        money = np.array([backend.spent_usd or 0.0, billed_output_tokens(backend)])
        read = [metric.histogram(open_loop=open_loop) for metric in CYCLE]
        grown = [rows.get(name, _NO_ROWS) - self._rows.get(name, _NO_ROWS) for name in read]
        amounts = np.concatenate([*grown, money - self._money])
        for ring in self._rings.values():
            if second - self._second > LONGEST_GAP_S:
                ring.pass_to(second)
            else:
                ring.add(self._second, second, amounts)
        self._second, self._rows, self._money = second, rows, money

    def end_s(self, span_s: int, until_s: int | None = None) -> int:
        """Run time at which the newest column of `span_s` ends, or that which holds second `until_s`."""
        return self._rings[span_s].until(until_s)

    @property
    def second(self) -> int:
        """Whole seconds taken in so far."""
        return self._second

    def latencies(
        self, metric: Metric, span_s: int, columns: int, until_s: int | None = None
    ) -> tuple[Floats, Floats]:
        """Answers by column and row, shape (columns, ROWS), and the seconds known of each column."""
        at = CYCLE.index(metric) * ROWS
        return self._rings[span_s].newest(columns, slice(at, at + ROWS), until_s)

    def money(self, span_s: int, columns: int, until_s: int | None = None) -> tuple[Floats, Floats]:
        """USD and the output tokens they paid for by column, shape (columns, 2), and the seconds known of each."""
        at = len(CYCLE) * ROWS
        return self._rings[span_s].newest(columns, slice(at, at + 2), until_s)


def trailing(amounts: Floats, columns: int) -> Floats:
    """For each column, the sum over it and those before it, `columns` in all; shape as `amounts`."""
    summed = np.cumsum(amounts, axis=0)
    summed[columns:] -= summed[:-columns].copy()
    return summed


def quantile_rows(counts: Floats, p: float) -> npt.NDArray[np.int64]:
    """The row of the p-quantile of each column of `counts`, shape (columns,); -1 where there are none."""
    cumulative = np.cumsum(counts, axis=1)
    totals = cumulative[:, -1]
    rows = (cumulative < (p * totals)[:, None] - 1e-6).sum(axis=1)
    return np.where(totals > 0.5, np.minimum(rows, counts.shape[1] - 1), -1)
