"""Latency histograms of every backend on one logarithmic axis, one row each."""

from collections.abc import Sequence

import numpy as np

from ....engine.frame import Frame
from ....engine.histogram import BUCKETS, EDGES_NS, FLOORS, Histogram, HistogramState
from ...figures import number
from ..sentence import Figure
from .markup import Html, Teller, element, joined, series_class, void
from .plot import Axis, Tick, across, log_axis, log_ticks, ms, percent, plot, stretched

_BUCKETS_A_BAR = 11
"""About twenty bars to a decade."""

_BAR_EDGES_MS = np.append(EDGES_NS[:-1:_BUCKETS_A_BAR], EDGES_NS[-1]) / 1e6
_BARS = len(_BAR_EDGES_MS) - 1
_HEIGHT = 46
_PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


def tails(teller: Teller, frame: Frame, metric: str, field: str, limit_ms: float | None) -> Html | None:
    """The rows; None before the first answer.

    Args:
        teller: of the summary.
        frame: with the histograms.
        metric: their name.
        field: the same latency in the summary.
        limit_ms: of the SLO, drawn where there is one.
    """
    histograms = [Histogram.of(each.histograms.get(metric, HistogramState())) for each in frame.backends]
    filled = [histogram for histogram in histograms if len(histogram)]
    if not filled:
        return None
    ends = [end for histogram in filled for end in (histogram.quantile_ns(0.001), histogram.max_ns)]
    values = [end / 1e6 for end in ends if end] + ([limit_ms] if limit_ms else [])
    axis = log_axis([max(value, 0.01) for value in values])
    ticks = log_ticks(axis, ms)
    rows = [
        joined([_label(teller, place, field), _row(teller, place, histogram, axis, ticks, field, limit_ms)])
        for place, histogram in enumerate(histograms)
    ]
    foot = element("svg", across(ticks, 0), class_="plot", width="100%", height=16, aria_hidden="true")
    return element("div", *rows, element("span"), foot, class_="tails")


def _label(teller: Teller, place: int, field: str) -> Html:
    figures = (
        joined(
            [
                element("dt", name),
                element(
                    "dd",
                    teller.figure(
                        Figure(f"backends.{place}.{field}.{name}", number), f"too few answers: it takes {FLOORS[p]}"
                    ),
                ),
            ]
        )
        for name, p in _PERCENTILES
    )
    return element("div", element("span", teller.name(place)), element("dl", *figures, class_="percentiles"))


def _row(
    teller: Teller, place: int, histogram: Histogram, axis: Axis, ticks: Sequence[Tick], field: str,
    limit_ms: float | None,
) -> Html:  # fmt: skip
    summary = getattr(teller.summary.backends[place], field)
    marks: list[Html] = []
    last = -1.0
    for name, _ in _PERCENTILES:
        value = getattr(summary, name) if summary else None
        if value is None:
            continue
        at = axis.place(value)
        x = percent(at)
        marks.append(void("line", class_=f"percentile {name}", x1=x, x2=x, y1=12, y2=_HEIGHT))
        if at - last > 0.035:
            marks.append(element("text", name, x=x, y=10, text_anchor="middle"))
            last = at
    if limit_ms:
        x = percent(axis.place(limit_ms))
        title = element("title", f"limit of the SLO: {ms(limit_ms)}")
        marks.append(element("line", title, class_="limit", x1=x, x2=x, y1=0, y2=_HEIGHT))
    return plot(
        [across(ticks, _HEIGHT, labels=False), _bars(histogram, axis, place), *marks],
        _HEIGHT,
        f"histogram of {len(histogram):,} values",
    )


def _bars(histogram: Histogram, axis: Axis, place: int) -> Html:
    """The counts as bars over their stretch of the axis, the row's highest one full."""
    counts = np.bincount(np.arange(BUCKETS) // _BUCKETS_A_BAR, histogram.counts, minlength=_BARS)
    bars = np.flatnonzero(counts)
    if not len(bars):
        return Html()
    top = counts.max()
    edges = [axis.place(float(edge)) * 1000 for edge in _BAR_EDGES_MS]
    path = "".join(
        f"M{edges[bar]:.1f} 100V{100 - 96 * counts[bar] / top:.1f}H{edges[bar + 1]:.1f}V100z" for bar in bars.tolist()
    )
    inner = stretched([void("path", class_=f"bars {series_class(place)}", d=path)], _HEIGHT - 12, 1000, 100)
    return element("svg", inner, y=12, width="100%", height=_HEIGHT - 12)
