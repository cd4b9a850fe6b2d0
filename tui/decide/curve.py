"""One curve of a decision: every option's cost as one input changes, on logarithmic axes."""

from collections.abc import Mapping
from math import log
from typing import Final

import numpy as np

from ...sessions.decide.decision import Line as CurveLine
from ...sessions.decide.decision import Sensitivity
from ...sessions.decide.report.curves import conclusion, heading, x_form
from ...sessions.decide.report.forms import dollars, name
from ..draw.glyphs import Tier, marker
from ..draw.graph import Floats
from ..draw.lines import Line, plot
from ..draw.rows import Row, Span, fit, fit_row, flow, series, wrap
from ..panels import figures

_LABELS: Final = 11
_LEAST: Final = 12


def draw_curve(of: Sensitivity, places: Mapping[str, int], width: int, rows: int, tier: Tier) -> list[Row]:
    """The curve in about `rows` rows: a heading, the plot, its axis, the lines' names and what it says."""
    title = figures.heading(heading(of), "", width)
    xs = np.array([x for x, _ in of.lines[0].points]) if of.lines else np.zeros(0)
    values = [y for line in of.lines for _, y in line.points if y is not None and y > 0]
    words = wrap((Span(conclusion(of)),), width)
    columns = width - _LABELS - 1
    if len(xs) < 2 or not values or columns < _LEAST:
        return [title, *words]
    low, high = min(values), max(values)
    if high / low < 1.02:
        low, high = low / 1.5, high * 1.5
    names = flow(
        [_named(line, places) for line in of.lines if any(y is not None for _, y in line.points)], width, Span("  ")
    )
    tall = max(rows - 3 - len(names) - len(words), 4)
    drawn = [
        Line(_heights(line, xs, low, high, columns), series(places[line.option]), marker(places[line.option]))
        for line in of.lines
    ]
    labels = {0: dollars(high), tall - 1: dollars(low), (tall - 1) // 2: dollars((low * high) ** 0.5)}
    body: list[Row] = [
        (Span(fit(labels.get(at, ""), _LABELS - 1, "right") + " ", "dim"), *row)
        for at, row in enumerate(plot(drawn, columns, tall, tier))
    ]
    axis = fit_row((Span(" " * _LABELS), Span(_axis(of, xs, columns), "dim")), width)
    return [title, *body, axis, *names, *words]


def _named(line: CurveLine, places: Mapping[str, int]) -> Row:
    place = places[line.option]
    return (Span(f"{marker(place)} {name(line.option)}", series(place)),)


def _share(x: float, xs: Floats) -> float:
    """Where `x` stands on the axis of `xs`: by ratio where all are positive, else evenly."""
    first, last = float(xs[0]), float(xs[-1])
    if first > 0:
        return log(max(x, first) / first) / log(last / first)
    return (x - first) / (last - first)


def _heights(line: CurveLine, xs: Floats, low: float, high: float, columns: int) -> Floats:
    """A height a column, along straight lines between the points; NaN where the option cannot serve."""
    known = np.array([y is not None for _, y in line.points])
    ys = np.array([1.0 if y is None else max(y, low) for _, y in line.points])
    at = np.array([_share(float(x), xs) for x in xs])
    across = np.linspace(0, 1, columns)
    heights: Floats = np.interp(across, at, np.log(ys / low) / log(high / low))
    right = np.clip(np.searchsorted(at, across), 1, len(at) - 1)
    heights[~(known[right] & known[right - 1])] = np.nan
    return heights


def _axis(of: Sensitivity, xs: Floats, columns: int) -> str:
    """Ends and the present value, each under its column."""
    form = x_form(of)
    cells = [" "] * columns
    first, last = float(xs[0]), float(xs[-1])
    marks = ((of.now, f"╵now {form(of.now)}"), (first, f"╵{form(first)}"), (last, form(last)))
    for x, text in marks:
        start = min(max(int(min(_share(x, xs), 1.0) * (columns - 1)), 0), max(columns - len(text), 0))
        if not "".join(cells[max(start - 1, 0) : start + len(text) + 1]).strip():
            cells[start : start + len(text)] = text
    return "".join(cells)[:columns]
