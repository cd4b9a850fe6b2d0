"""Heat: latency over time, fixed rows of latency, a column a second, the trailing p50 and p99 traced over it."""

from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from ..board import Board, Card
from ..draw.axis import TICKS_NS, tick_label
from ..draw.glyphs import Tier
from ..draw.graph import Floats
from ..draw.heat import Stroke, glyphs, levels, ramp, shaded
from ..draw.rows import BLANK, Row, Span, fit, fit_row, fit_rows, row_width, series, spread
from ..draw.units import rate
from ..heatmap import Heat, HeatMap
from ..past import ROW_EDGES_NS, ROWS
from ..view import View
from . import figures

_LABELS: Final = 8
"""Cells of the latency labels left of a map."""

MAP_WIDTH: Final = 40
"""Least cells of one of several maps, its labels included."""

MAP_ROWS: Final = 6
"""Least rows of one of several maps, its name included."""

_LEAST: Final = (20, 4)
"""Columns and rows of the panel below which nothing can be seen on it."""

_ROWS_ENOUGH: Final = 10
_ROWS_TRACED: Final = 8
"""Rows of a map of glyphs from which lines over it leave enough of it to be seen; shades are seen behind them."""

_TRACES: Final = (("p50", 0.5, "─"), ("p99", 0.99, "┄"))


def draw_heat(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """The panel in exactly `rows` rows: a rule, the maps with their names, and under them the axis of time."""
    heat = board.heat
    if heat is None or rows < _LEAST[1] or width < _LEAST[0]:
        rule = figures.rule((Span("heat", "title"),), (), width)
        return fit_rows([fit_row(rule, width), (Span(" no room" if heat else " no values yet", "dim"),)], rows)
    across, shown = _arranged(board, view, width, rows - 2)
    down = -(-len(shown) // across)
    traced = view.shades or (rows - 2) // down - (len(shown) > 1) >= _ROWS_TRACED
    alone = shown[0] if len(shown) == 1 < len(board.cards) else None
    made = [_rule(board, heat, view, width, alone=alone, traced=traced)]
    edges = [width * number // across for number in range(across + 1)]
    for at in range(down):
        tall = (rows - 2) * (at + 1) // down - (rows - 2) * at // down
        drawn = [
            _titled(board, heat, card, view, right - left, tall, titled=len(shown) > 1, traced=traced)
            for card, left, right in zip(shown[at * across : (at + 1) * across], edges[:-1], edges[1:], strict=False)
        ]
        made += [sum(parts, BLANK) for parts in zip(*drawn, strict=True)]
    made.append(sum((_time(board, heat, view, right - left) for left, right in pairwise(edges)), BLANK))
    return fit_rows([fit_row(row, width) for row in made], rows)


def _arranged(board: Board, view: View, width: int, rows: int) -> tuple[int, tuple[Card, ...]]:
    """How many maps stand side by side, and whose: all backends, or those around the focus that have room."""
    count = len(board.cards)
    fitting = [
        (min(rows // -(-count // across), _ROWS_ENOUGH), width // across, across)
        for across in range(1, count + 1)
        if width // across >= MAP_WIDTH and rows // -(-count // across) >= MAP_ROWS
    ]
    if fitting:
        return max(fitting)[2], board.cards
    down = max(rows // (_ROWS_ENOUGH + 1), 1)
    shown = figures.around_focus(board.cards, view.focus, down)
    return 1, shown


def _rule(board: Board, heat: HeatMap, view: View, width: int, *, alone: Card | None, traced: bool) -> Row:
    left: Row = (Span("heat", "title"), Span(f" {board.metric.title} over time", "dim"))
    if alone:
        place = f" {board.cards.index(alone) + 1} of {len(board.cards)}"
        left = (*left, Span("  "), *figures.name(alone), Span(place, "dim"))
    legend: Row = (
        *(Span(f"{glyph} {name}  ", "dim") for name, _, glyph in (_TRACES if traced else ())),
        *ramp(view.tier, shades=view.shades),
        Span(f" to {rate(heat.top).strip()} answers a second", "dim"),
    )
    short: Row = (*ramp(view.tier, shades=view.shades), Span(f" {rate(heat.top).strip()}/s", "dim"))
    fitting = next((each for each in (legend, short, BLANK) if row_width((*left, *each)) + 8 <= width), BLANK)
    return figures.rule(left, fitting, width)


def _time(board: Board, heat: HeatMap, view: View, width: int) -> Row:
    axis = figures.time_axis(board, view, heat.end_s, heat.span_s, width - _LABELS - 1)
    return (Span(" " * _LABELS), *axis, Span(" "))


def _titled(
    board: Board, heat: HeatMap, card: Card, view: View, width: int, rows: int, *, titled: bool, traced: bool
) -> list[Row]:
    made: list[Row] = []
    if titled:
        shown = board.shown(board.metric)
        quantiles = tuple(
            span for name, p, _ in _TRACES for span in (Span(f" {name} ", "dim"), figures.percentile(card, shown, p))
        )
        name = figures.name(card)
        room = width - _LABELS - 1
        body = spread(name, quantiles, room) if row_width((*name, *quantiles)) < room else fit_row(name, room)
        made.append((Span(" " * _LABELS), *body, Span(" ")))
    mine = heat.heats[card.series]
    plain = None if view.shades else (series(card.series), view.tier)
    return [*made, *_map(heat, mine, width - _LABELS - 1, rows - len(made), plain, traced=traced)]


@lru_cache(maxsize=16)
def _map(
    heat: HeatMap, mine: Heat, width: int, rows: int, plain: tuple[str, Tier] | None, *, traced: bool
) -> list[Row]:
    """The map itself with its labels; made once a second, for neither `heat` nor `mine` ever change.

    Args:
        heat: the scale.
        mine: one backend's map.
        width: columns.
        rows: in cells.
        plain: role and tier of its glyphs where the terminal has no shades.
        traced: whether percentiles are drawn over it.
    """
    fitted = _Fit(heat.low, heat.high, rows if plain else 2 * rows)
    cells = np.full((fitted.rows, width), 0)
    steps = levels(fitted.averaged(mine.rates[-width:]), heat.top).T[::-1]
    cells[:, width - steps.shape[1] :] = steps
    traces: dict[tuple[int, int], Stroke] = {}
    for trace, (_, _, glyph) in zip(mine.traces if traced else (), _TRACES, strict=False):
        newest, supported = trace.rows[-width:], trace.supported[-width:]
        for column in np.flatnonzero(newest >= 0).tolist():
            row = fitted.rows - 1 - fitted.row_of(int(newest[column]))
            stroke = Stroke(glyph, weak=not supported[column])
            traces[row if plain else row // 2, column + width - len(newest)] = stroke
    drawn = glyphs(cells, traces, *plain) if plain else shaded(cells, traces)
    labels = _labels(fitted, rows)
    return [(Span(label, "dim"), *row, Span(" ")) for label, row in zip(labels, drawn, strict=True)]


class _Fit:
    """Rows of latency laid on rows of the screen, the lowest at the bottom.

    Args:
        low, high: rows of latency to show.
        rows: of the screen.
    """

    def __init__(self, low: int, high: int, rows: int) -> None:
        self.rows = rows
        self._low = low
        self._scale = rows / (high - low)
        edges = np.clip((np.arange(ROWS + 1) - low) * self._scale, 0, rows)
        overlaps = np.minimum(edges[1:, None], np.arange(1, rows + 1)) - np.maximum(edges[:-1, None], np.arange(rows))
        self._weights = np.maximum(overlaps, 0.0)

    def averaged(self, rates: Floats) -> Floats:
        """Rates by column and row of the screen, from rates by column and row of latency."""
        made: Floats = rates @ self._weights
        return made

    def row_of(self, row: int) -> int:
        """The row of the screen, from the bottom, that holds the middle of `row` of latency."""
        return min(max(int((row + 0.5 - self._low) * self._scale), 0), self.rows - 1)

    def row_of_ns(self, ns: int) -> int | None:
        """The row of the screen where `ns` lies; None where it is not on it."""
        at = int((np.interp(np.log(ns), np.log(ROW_EDGES_NS), np.arange(ROWS + 1)) - self._low) * self._scale)
        return at if 0 <= at < self.rows else None


def _labels(fitted: _Fit, rows: int) -> list[str]:
    """A label for each row of cells, top first: ones first, then twos and fives where there is room."""
    labels = [""] * rows
    per_cell = fitted.rows // rows
    for tick in sorted(TICKS_NS, key=lambda ns: ("125".index(str(ns)[0]), ns)):
        at = fitted.row_of_ns(tick)
        if at is None:
            continue
        row = rows - 1 - at // per_cell
        apart = 0 if str(tick)[0] == "1" else 1
        if not any(labels[max(row - apart, 0) : row + apart + 1]):
            labels[row] = tick_label(tick)
    return [fit(label, _LABELS - 1, "right") + " " for label in labels]
