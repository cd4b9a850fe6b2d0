"""Every pair at once: above the diagonal what p95 says, below it the mean on the same prompts, on it each one's p95.

A cell names who is lower by marker and colour, by how much, and the interval; or why nothing can be said.
"""

from collections.abc import Sequence
from typing import Final

from ...engine.verdict import Paired, Verdict
from ..board import Board, Card
from ..draw.glyphs import marker
from ..draw.rows import Row, Span, fit_row, series
from ..draw.units import ratio
from . import figures
from .effect import answers, between, bounds, ordered

_CELL: Final = 12
"""Least cells of a column: `▲ 1.70×` and beneath it `1.56–1.83`."""

_CELL_IN_ONE: Final = 18
"""Cells of a column where the interval stands beside the ratio."""

_MOST: Final = 24
_NAME: Final = 18


def matrix_rows(backends: int, width: int) -> int:
    """Rows of the matrix of `backends`, heading and legend included; 0 where it has no place or no point."""
    columns = (width - _NAME) // max(backends, 1)
    if backends < 3 or columns < _CELL:
        return 0
    return 2 + backends * _lines(columns)


def draw_matrix(board: Board, ranked: Sequence[Card], width: int) -> list[Row]:
    """Backends from fast to slow, `ranked` first, in `matrix_rows` rows."""
    cards = [*ranked, *(card for card in board.cards if card not in ranked)]
    column = min((width - _NAME) // len(cards), _MOST)
    heading: Row = (Span(" " * _NAME),)
    for card in cards:
        heading = (*heading, *fit_row(figures.name(card), column - 1), Span(" "))
    made = [heading]
    for at, card in enumerate(cards):
        cells = [_cell(board, card, other, upper=to > at) for to, other in enumerate(cards)]
        names: list[Row] = [(Span(" "), *figures.name(card, _NAME - 2), Span(" ")), (Span(" " * _NAME),)]
        for line in range(_lines(column)):
            parts = [_line(cell, line, column) for cell in cells]
            made.append(sum(parts, names[line]))
    p95 = f"{board.metric.title} p95"
    words = f" right of the diagonal {p95}, left of it the mean on the same prompts: the sign is who is lower"
    return [*made, (Span(words, "dim"),)]


def _lines(column: int) -> int:
    return 1 if column >= _CELL_IN_ONE else 2


def _line(cell: tuple[Span, Span], line: int, column: int) -> Row:
    """One line of a cell: both parts side by side, or one above the other."""
    if _lines(column) == 1:
        return fit_row((cell[0], Span(" "), cell[1]), column)
    return fit_row((cell[line],), column)


def _cell(board: Board, card: Card, other: Card, *, upper: bool) -> tuple[Span, Span]:
    if card is other:
        return figures.percentile(card, board.shown(board.metric), 0.95, 0), Span("")
    verdict = between(board.judgement.verdicts, card, other)
    if verdict is None:
        return Span("–", "weak"), Span("")
    made: Verdict | Paired = verdict if upper else verdict.paired
    match made.outcome:
        case "too early":
            return Span("too early", "weak"), Span(answers(made), "weak")
        case "withheld":
            return Span("withheld", "warn"), Span("")
        case "tie":
            return Span("tie so far", "dim"), Span(bounds(made), "dim")
        case _:
            lower, _ = ordered(made.outcome, verdict, card, other)
            amount = f"{marker(lower.series)} {ratio(made.ratio or 1.0)}"
            return Span(amount, series(lower.series, strong=True)), Span(bounds(made), "dim")
