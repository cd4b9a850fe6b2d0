"""What ran over time: tokens a second, what they cost, and latency as a heat map a backend."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from ....engine.histogram import BUCKETS, EDGES_NS, FLOORS, Histogram
from ...figures import number, usd
from ..series import Series, Step
from .markup import EMPTY, MARKERS, Html, Teller, element, joined, void
from .plot import (
    WIDE,
    Axis,
    Line,
    Mark,
    Tick,
    across,
    beads,
    clock,
    even_axis,
    even_ticks,
    from_to,
    hovers,
    line,
    log_axis,
    log_ticks,
    marked,
    ms,
    plot,
    rules,
    stretched,
    time_ticks,
    upright,
    usd_per_m,
)  # fmt: skip

MOST_STEPS: Final = 120
"""Of a page: what a reader can tell apart, in a bounded number of bytes."""

COST_S: Final = 30.0
"""A point of the cost curve is the spend and the tokens of this long, or of 8 steps if that is more."""

TRACE_S: Final = 60.0
"""The percentiles over a heat map are those of the answers of this long."""

_FAR_APART: Final = 10
"""Throughput further apart than this many times stands on a logarithmic axis."""

_HEIGHT: Final = 200
_HEAT_HEIGHT: Final = 132
_BUCKETS_A_ROW: Final = 23
_ROW_EDGES_NS: Final = np.append(EDGES_NS[:-1:_BUCKETS_A_ROW], EDGES_NS[-1])
_ROWS: Final = len(_ROW_EDGES_NS) - 1
SHADES: Final = 8


def throughput(teller: Teller, series: Series, marks: Sequence[Mark]) -> Html | None:
    """Output tokens a second of every backend."""
    lines = _lines(series, series.steps, lambda step: step.tok_s)
    tops = [top for each in lines if (top := max((point[1] for point in each.points if point), default=0.0))]
    if not tops:
        return None
    if max(tops) < _FAR_APART * min(tops):
        axis = even_axis(max(tops))
        return _chart(teller, series, lines, axis, even_ticks(axis), marks, "tok/s", number)
    axis = log_axis([min(tops) / 5, max(tops)])
    ticks = log_ticks(axis, number)
    return _chart(teller, series, lines, axis, ticks, marks, "tok/s, logarithmic", number)


def cost_curves(teller: Teller, series: Series, marks: Sequence[Mark]) -> Html | None:
    """USD per million output tokens of every backend, over the latest while at each point."""
    seconds = max(COST_S, 8 * series.span_s)
    lines = _lines(series, lambda name: series.trailing(name, seconds), _settled_cost)
    values = [point[1] for each in lines for point in each.points if point]
    if not values:
        return None
    axis = log_axis(values)
    return _chart(teller, series, lines, axis, log_ticks(axis, usd_per_m), marks, "per M", usd)


def _settled_cost(step: Step) -> float | None:
    """Before the first answers are complete, every token looks dear."""
    return step.usd_per_m if step.finished >= 3 else None


def _lines(
    series: Series, steps: Callable[[str], Sequence[Step | None]], value: Callable[[Step], float | None]
) -> list[Line]:
    made = []
    for place, name in enumerate(series.backends):
        points: list[tuple[float, float] | None] = []
        for step in steps(name):
            found = value(step) if step else None
            share = step.to_ns / 1e9 / series.end_s if step else 0.0
            points.append(None if found is None else (share, found))
        made.append(Line(place, points))
    return made


def _chart(
    teller: Teller, series: Series, lines: Sequence[Line], axis: Axis, ticks: Sequence[Tick], marks: Sequence[Mark],
    unit: str, form: Callable[[float], str],
) -> Html:  # fmt: skip
    names = [backend.name for backend in teller.summary.backends]
    columns = []
    for at, (from_ns, to_ns) in enumerate(zip(series.moments_ns, series.moments_ns[1:], strict=False)):
        said = [f"{names[each.place]}: {form(point[1])}" for each in lines if (point := each.points[at])]
        text = "; ".join([from_to(from_ns / 1e9, to_ns / 1e9), *said])
        columns.append((from_ns / 1e9 / series.end_s, to_ns / 1e9 / series.end_s, text))
    body = [
        across(time_ticks(series.end_s), _HEIGHT),
        rules(ticks, _HEIGHT),
        stretched([line(each, axis) for each in lines], _HEIGHT, WIDE, 100),
        *(beads(each, axis, _HEIGHT, MARKERS[each.place % len(MARKERS)]) for each in lines),
        marked(marks, series.end_s, _HEIGHT),
        hovers(columns, _HEIGHT),
    ]
    legend = (element("li", teller.name(each.place)) for each in lines if any(each.points))
    return joined(
        [
            element("ul", *legend, class_="legend"),
            element(
                "div",
                upright(ticks, _HEIGHT),
                plot(body, _HEIGHT + 18, f"{unit} over {clock(series.end_s)} of run time"),
                class_="charted",
            ),
        ]
    )


def heat_maps(teller: Teller, series: Series, marks: Sequence[Mark], metric: str) -> Html | None:
    """How many answers a second had which latency when: a map a backend, all on one scale."""
    steps = {name: series.steps(name) for name in series.backends}
    counts = {name: np.array([_rows(step, metric) for step in each]) for name, each in steps.items()}
    filled = np.flatnonzero(sum(each.sum(axis=0) for each in counts.values())) if counts else np.zeros(0)
    if not len(filled):
        return None
    low, high = int(filled[0]), int(filled[-1]) + 1
    axis = Axis(float(_ROW_EDGES_NS[low]) / 1e6, float(_ROW_EDGES_NS[high]) / 1e6, logarithmic=True)
    seconds = np.diff(np.array(series.moments_ns)) / 1e9
    rates = {name: each[:, low:high] / seconds[:, None] for name, each in counts.items()}
    top = max(float(each.max()) for each in rates.values())
    maps = [
        _map(teller, place, series, name, rates[name], top, axis, marks, metric)
        for place, name in enumerate(series.backends)
    ]
    scale = element(
        "p",
        "Answers a second in a cell, fewer to more: ",
        joined(element("i", "■", class_=f"h{shade}") for shade in range(1, SHADES + 1)),
        f" ({number(top)}). Lines: p50 (whole) and p95 (broken) of the minute before, where answers suffice.",
        class_="legend",
    )
    return joined([element("div", *maps, class_="maps"), scale])


def _rows(step: Step | None, metric: str) -> np.ndarray:
    if step is None:
        return np.zeros(_ROWS)
    return np.bincount(np.arange(BUCKETS) // _BUCKETS_A_ROW, step.histogram(metric).counts, minlength=_ROWS)


def _map(
    teller: Teller, place: int, series: Series, name: str, rates: np.ndarray, top: float, axis: Axis,
    marks: Sequence[Mark], metric: str,
) -> Html:  # fmt: skip
    columns, rows = rates.shape
    edges = np.array(series.moments_ns) / 1e9 / series.end_s * WIDE
    levels = np.zeros(rates.shape, np.int64)
    some = rates > 0
    levels[some] = np.clip(np.ceil((1 + np.log10(np.maximum(rates[some] / top, 1e-2)) / 2) * SHADES), 1, SHADES)
    cells = joined(_cells(levels == shade, edges, shade) for shade in range(1, SHADES + 1))
    traced = [(step, step.histogram(metric) if step else Histogram()) for step in series.trailing(name, TRACE_S)]
    traces = joined(
        _trace(traced, p, name, axis, series.end_s, rows) for p, name in ((0.5, "whole"), (0.95, "broken"))
    )
    ticks = log_ticks(axis, ms)
    body = [
        across(time_ticks(series.end_s), _HEAT_HEIGHT),
        rules(ticks, _HEAT_HEIGHT),
        stretched([cells, traces], _HEAT_HEIGHT, WIDE, rows),
        marked(marks, series.end_s, _HEAT_HEIGHT),
        hovers(_told(series, traced, columns), _HEAT_HEIGHT),
    ]
    return element(
        "figure",
        element("figcaption", teller.name(place)),
        element(
            "div",
            upright(ticks, _HEAT_HEIGHT),
            plot(body, _HEAT_HEIGHT + 18, "latency over time"),
            class_="charted",
        ),
    )


def _cells(chosen: np.ndarray, edges: np.ndarray, shade: int) -> Html:
    """One path for all cells of one shade, cells side by side in one piece."""
    steps = []
    rows = chosen.shape[1]
    for row in range(rows):
        flags = np.flatnonzero(np.diff(np.concatenate(([0], chosen[:, row].astype(np.int8), [0]))))
        for first, end in zip(flags[::2].tolist(), flags[1::2].tolist(), strict=True):
            steps.append(f"M{edges[first]:.1f} {rows - row}H{edges[end]:.1f}v-1H{edges[first]:.1f}z")
    return void("path", class_=f"h{shade}", d="".join(steps)) if steps else EMPTY


def _trace(
    traced: Sequence[tuple[Step | None, Histogram]], p: float, kind: str, axis: Axis, end_s: float, rows: int
) -> Html:
    steps, broken = [], True
    for step, histogram in traced:
        value_ns = histogram.quantile_ns(p) if len(histogram) >= FLOORS[p] else None
        if step is None or value_ns is None:
            broken = True
            continue
        x, y = step.to_ns / 1e9 / end_s * WIDE, (1 - axis.place(value_ns / 1e6)) * rows
        steps.append(f"{'M' if broken else 'L'}{x:.1f} {y:.2f}")
        broken = False
    path = "".join(steps)
    return joined([void("path", class_="trace under", d=path), void("path", class_=f"trace {kind}", d=path)])


def _told(
    series: Series, traced: Sequence[tuple[Step | None, Histogram]], columns: int
) -> list[tuple[float, float, str]]:
    made = []
    for at in range(columns):
        from_s, to_s = series.moments_ns[at] / 1e9, series.moments_ns[at + 1] / 1e9
        histogram = traced[at][1]
        known = [
            f"p{p * 100:g} {number((histogram.quantile_ns(p) or 0) / 1e6)} ms"
            for p in (0.5, 0.95)
            if len(histogram) >= FLOORS[p]
        ]
        text = "; ".join([f"until {clock(to_s)}: {len(histogram):,} answers", *known])
        made.append((from_s / series.end_s, to_s / series.end_s, text))
    return made
