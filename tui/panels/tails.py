"""Tails: every backend's histogram of one metric on one logarithmic axis, percentiles marked and printed."""

import re
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from ..board import Board, Card
from ..draw.axis import Scale, scale
from ..draw.graph import bars
from ..draw.rows import BLANK, Row, Span, fit, fit_row, fit_rows, series
from ..draw.units import count
from ..metrics import CYCLE
from ..view import View
from . import figures

_QUANTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_FIGURE: Final = 9
_SAMPLES: Final = 7
_HEADING: Final = 2
_MOST_ROWS: Final = 6


@dataclass(frozen=True, slots=True)
class _Columns:
    """How a row is divided: name, bars, printed percentiles, sample size (0 cells when there is no room)."""

    name: int
    bars: int
    quantiles: tuple[tuple[str, float], ...]
    samples: int


def _columns(board: Board, width: int) -> _Columns:
    longest = max((cell_len(card.name) for card in board.cards), default=0) + 4
    name = min(longest, max(13, width * 22 // 100))
    quantiles = _QUANTILES if width >= 100 else _QUANTILES[:2] if width >= 70 else _QUANTILES[1:2]
    samples = _SAMPLES if width >= 80 else 0
    return _Columns(name, max(width - name - len(quantiles) * _FIGURE - samples - 1, 8), quantiles, samples)


def draw_tails(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """The panel in exactly `rows` rows: a rule, the axis, and as many rows for each backend as there is room for."""
    tail_rows = min(max((rows - _HEADING) // max(len(board.cards), 1), 1), _MOST_ROWS)
    columns = _columns(board, width)
    drawn = scale(board.axis, columns.bars) if board.axis else Scale("no values yet", ())
    made = [_rule(board, width)] if rows > 3 else []
    cards = figures.around_focus(board.cards, view.focus, (rows - len(made) - 1) // tail_rows)
    made.append(_axis(columns, drawn, figures.part(cards, board.cards) if made else board.metric.title))
    for card in cards:
        first, *others = _plot(board, card, drawn, columns.bars, tail_rows)
        name = (Span(" "), *figures.name(card, columns.name - 2), Span(" "))
        made.append((*name, *fit_row(first, columns.bars), *_printed(board, card, columns)))
        made += [(Span(" " * columns.name), *other) for other in others]
    return fit_rows([fit_row(row, width) for row in made], rows)


def _rule(board: Board, width: int) -> Row:
    tabs = [Span(f" {metric.title} ", "tab on" if metric is board.metric else "tab") for metric in CYCLE]
    since = ", from schedule" if board.shown(board.metric).endswith("_sched") else ""
    meaning = f" {board.metric.meaning}{since}"
    window = board.header.window
    room = width - sum(len(tab.text) for tab in tabs) - len(window) - 7
    return figures.rule((*tabs, Span(meaning if len(meaning) <= room else "", "dim")), (Span(window, "dim"),), width)


def _axis(columns: _Columns, drawn: Scale, title: str) -> Row:
    heads = "".join(f"{name:>{_FIGURE - 3}}   " for name, _ in columns.quantiles)
    samples = f"{'n':>{columns.samples}}" if columns.samples else ""
    return (Span(fit(f" {title}", columns.name) + fit(drawn.labels, columns.bars) + heads + samples, "dim"),)


def _printed(board: Board, card: Card, columns: _Columns) -> Row:
    """The percentiles in figures, and how many samples they rest on."""
    shown = board.shown(board.metric)
    quantiles = tuple(figures.percentile(card, shown, p, _FIGURE) for _, p in columns.quantiles)
    samples = f"{count(card.window.samples(shown)):>{columns.samples}}" if columns.samples else ""
    return (*quantiles, Span(samples, "dim"))


def _plot(board: Board, card: Card, drawn: Scale, width: int, rows: int) -> list[Row]:
    """Bars relative to the backend's own tallest; percentiles on the bars, or beneath them when there is room."""
    shown, axis = board.shown(board.metric), board.axis
    if axis is None or not card.window.samples(shown):
        return [(Span("down" if card.down else "no values yet", "dim"),), *([BLANK] * (rows - 1))]
    counts = axis.spread(card.window.histogram(shown), width)
    marks = {
        axis.column(value, width): name
        for name, p in reversed(_QUANTILES)
        if (value := card.window.quantile_ns(shown, p)) is not None
    }
    role = series(card.series)
    lines = bars(counts / counts.max(), max(rows - 1, 1))
    if rows == 1:
        return [_overlaid(lines[0], marks, drawn, role)]
    return [_overlaid(line, {}, drawn, role) for line in lines] + [_beneath(marks, width)]


def _overlaid(line: str, marks: dict[int, str], drawn: Scale, role: str) -> Row:
    """`line` with a stroke at each mark, and a faint dot at each labelled tick where it is empty."""
    spans: list[Span] = []
    start = 0
    for column in sorted({*marks, *(column for column in drawn.columns if line[column] == " ")}):
        if column > start:
            spans.append(Span(line[start:column], role))
        spans.append(Span("│", "mark") if column in marks else Span("·", "line"))
        start = column + 1
    return (*spans, Span(line[start:], role)) if start < len(line) else tuple(spans)


def _beneath(marks: dict[int, str], width: int) -> Row:
    """Ticks at the marks, each named to its right or else to its left where no other one stands."""
    cells = [" "] * width
    for column in marks:
        cells[column] = "╵"
    for column, name in sorted(marks.items(), key=lambda mark: mark[1] != "p95"):
        for start in (column + 1, column - len(name)):
            end = start + len(name)
            around = "".join(cells[max(start - 1, 0) : end + 1])
            if start >= 0 and end <= width and set(cells[start:end]) == {" "} and not re.search(r"\w", around):
                cells[start:end] = name
                break
    return (Span("".join(cells), "dim"),)
