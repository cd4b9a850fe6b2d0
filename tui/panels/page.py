"""The whole page: every panel that a layout gives room to."""

from collections.abc import Sequence

from ..board import Board
from ..draw.rows import Row
from ..view import View
from .cards import draw_cards
from .detail import draw_detail
from .events import draw_events
from .footer import draw_footer
from .header import draw_header
from .layout import Form, Layout
from .table import draw_table
from .tails import draw_tails
from .verdicts import draw_verdicts

ORDER = ("header", "cards", "tails", "verdicts", "events", "footer")
"""Panels from top to bottom."""


def draw_page(
    board: Board, view: View, width: int, layout: Layout, hints: Sequence[tuple[str, str]]
) -> dict[str, list[Row]]:
    """The rows of every panel of `ORDER` that is shown, by name; `hints` are for the footer."""
    parts: dict[str, list[Row]] = {}
    if layout.header:
        parts["header"] = draw_header(board, view, width, layout.header)
    if view.expanded and board.cards:
        parts["cards"] = draw_detail(board, view, width, layout.cards)
    elif layout.cards:
        parts["cards"] = (
            draw_table(board, view, width, layout.cards)
            if layout.form is Form.TABLE
            else draw_cards(board, view, width, layout.cards, layout.form, layout.columns)
        )
    if layout.tails:
        parts["tails"] = draw_tails(board, view, width, layout.tails, layout.tail_rows)
    if layout.verdicts:
        parts["verdicts"] = draw_verdicts(board, width, layout.verdicts)
    if layout.events:
        parts["events"] = draw_events(board, width, layout.events)
    if layout.footer:
        parts["footer"] = draw_footer(hints, view, width)
    return parts
