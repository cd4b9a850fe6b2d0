"""One row per backend, where cards do not fit: the figures that decide, as many as the width holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from ..board import Board, Card
from ..draw.graph import area
from ..draw.rows import Row, Span, fit, fit_row, fit_rows, series
from ..draw.units import percent, usd
from ..holding import paused
from ..metrics import TPOT, TTFT, Metric
from ..view import View
from . import figures

_NAME: Final = 18
"""Most cells a name may claim before columns give way to it."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of fixed width; the cell fills all but one cell of it."""

    title: str
    width: int
    cell: Callable[[Board, Card], Span]


def _percentile(metric: Metric, p: float) -> _Column:
    def cell(board: Board, card: Card) -> Span:
        return figures.percentile(card, board.shown(metric), p)

    return _Column(f"{metric.title} p{100 * p:g}", 9, cell)


def _errors(_: Board, card: Card) -> Span:
    return Span(fit(f"{card.failed:,}", 5, "right"), "warn" if card.failed else "dim")


_BY_IMPORTANCE: Final = (
    _Column("tok/s", 8, lambda _, card: _rate(card)),
    _percentile(TTFT, 0.95),
    _Column("SLO", 8, lambda _, card: Span(f"{percent(card.attainment):>7}", "strong")),
    _Column("$/M", 8, lambda _, card: Span(figures.usd_per_m(card), "strong")),
    _percentile(TPOT, 0.95),
    _Column("errs", 6, _errors),
    _percentile(TTFT, 0.5),
    _percentile(TPOT, 0.5),
    _Column("spent", 7, lambda _, card: Span(usd(card.spent_usd))),
    _Column("busy", 6, lambda _, card: Span(fit(f"{card.in_flight:,}", 5, "right"))),
)
_ORDER: Final = ("tok/s", "TTFT p50", "TTFT p95", "SLO", "TPOT p50", "TPOT p95", "$/M", "spent", "busy", "errs")


def draw_table(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """A heading and as many backends as fit, those around the focus first."""
    if not board.cards and view.sought:
        words = f" no backend fits {view.sought}; esc shows all"
        return fit_rows([fit_row((Span(words, "warn"),), width)], rows)
    badge = max((len(card.label) for card in board.cards), default=4) + 1
    longest = max((cell_len(card.name) for card in board.cards), default=0) + 4
    least = min(longest, _NAME)
    known = [column for column in _BY_IMPORTANCE if column.title != "SLO" or _judged_by_slo(board)]
    columns, left = _chosen(known, width - 1 - least - badge)
    name_width = min(least + left, longest)
    plot = width - 1 - name_width - badge - sum(column.width for column in columns)
    plot = plot if plot >= 6 else 0
    cards = figures.around_focus(board.cards, view.focus, rows - 1)
    heading = (
        Span(fit(f" {figures.part(cards, board.cards)}", 1 + name_width + badge), "dim"),
        *(Span(fit(column.title, column.width - 1, "right") + " ", "dim") for column in columns),
        *((Span("last minutes" if plot > 14 else "", "dim"),) if plot else ()),
    )
    made: list[Row] = [fit_row(heading, width)]
    for card in cards:
        focused = card.series == view.focus
        row: list[Span] = [
            Span("▸" if focused else " ", "focus"),
            *figures.name(card, name_width - 1),
            Span(" "),
            Span(fit(card.label, badge), card.label.lower()),
        ]
        if card.down:
            row += [Span("DOWN ", "bad"), Span(card.last_error or "nobody answers there", "dim")]
        else:
            for column in columns:
                row += [column.cell(board, card), Span(" ")]
            if plot:
                row.append(Span(area(card.rates, card.rate_top, plot, 1, view.tier)[0], series(card.series)))
        made.append(fit_row(tuple(row), width))
    return fit_rows(made, rows)


def _rate(card: Card) -> Span:
    """Tokens per second, or that nothing is sent."""
    if paused(card.window.now):
        return Span(fit("held" if card.window.now.held else "paused", 7, "right"), "warn")
    return Span(figures.tok_s(card), series(card.series, strong=True))


def _judged_by_slo(board: Board) -> bool:
    return any(card.attainment is not None for card in board.cards)


def _chosen(columns: list[_Column], room: int) -> tuple[list[_Column], int]:
    """The first of `columns` that fit into `room` cells, in reading order, and the cells left over."""
    chosen: list[_Column] = []
    for column in columns:
        if column.width > room:
            break
        chosen.append(column)
        room -= column.width
    return sorted(chosen, key=lambda column: _ORDER.index(column.title)), room
