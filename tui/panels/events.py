"""What happened, newest first."""

from ..board import Board
from ..draw.rows import Row, Span, fit_row, fit_rows
from ..draw.units import clock
from ..view import View
from . import figures


def draw_events(board: Board, view: View, width: int, rows: int) -> list[Row]:  # noqa: ARG001 - as every panel
    """A rule and as many events as fit."""
    made: list[Row] = [figures.rule((Span("events", "title"),), (), width)]
    cards = {card.series: card for card in board.cards}
    events = [event for event in board.events if event.series is None or event.series in cards]
    for event in reversed(events[-max(rows - 1, 0) :] if rows > 1 else ()):
        who = (*figures.name(cards[event.series]), Span("  ")) if event.series is not None else ()
        row = (Span(f" {clock(event.at_ns)}  ", "dim"), *who, Span(event.text, "warn" if event.bad else ""))
        made.append(fit_row(row, width))
    if len(made) == 1:
        made.append((Span(" nothing yet", "dim"),))
    return fit_rows(made, rows)
