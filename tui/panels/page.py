"""The whole page: every panel that a layout gives room to, in its place."""

from collections.abc import Callable, Sequence
from typing import Final

from ..board import Board
from ..draw.rows import BLANK, Row, Span, fit_row, fit_rows
from ..view import Panel, View
from .cards import draw_cards
from .compare import draw_compare
from .cost import draw_cost
from .depth import draw_depth
from .events import draw_events
from .footer import draw_footer
from .header import draw_header
from .heat import draw_heat
from .layout import Box, Form, Layout
from .power import draw_power
from .server import draw_server
from .stream import draw_stream
from .table import draw_table
from .tails import draw_tails
from .verdicts import draw_verdicts

Piece = tuple[Box, list[Row]]
"""A place on the screen and what stands there; pieces never overlap."""

DRAWN: Final[dict[Panel, Callable[[Board, View, int, int], list[Row]]]] = {
    "tails": draw_tails,
    "heat": draw_heat,
    "cost": draw_cost,
    "power": draw_power,
    "verdicts": draw_verdicts,
    "stream": draw_stream,
    "server": draw_server,
    "events": draw_events,
}
"""(board, view, width, rows) to exactly that many rows, for every panel but the cards."""


def draw_page(
    board: Board, view: View, width: int, height: int, layout: Layout, hints: Sequence[tuple[str, str]]
) -> list[Piece]:
    """Everything on a screen of `width` x `height` cells; `hints` are for the footer."""
    made: list[Piece] = []
    if layout.header:
        made.append((Box(0, 0, width, layout.header), draw_header(board, view, width, layout.header)))
    if view.page != "board":
        box = Box(0, layout.header, width, max(height - layout.header - layout.footer, 0))
        made.append((box, scrolled(long_page(board, view, width, box.rows), view.scroll, box)))
    for panel, box in layout.boxes.items():
        if panel != "cards":
            made.append((box, DRAWN[panel](board, view, box.width, box.rows)))
        elif layout.form is Form.TABLE:
            made.append((box, draw_table(board, view, box.width, box.rows)))
        else:
            made += draw_cards(board, view, box, layout.form, layout.columns)
    if layout.footer:
        made.append((Box(0, height - 1, width, 1), draw_footer(hints, view, width)))
    return made


def long_page(board: Board, view: View, width: int, room: int) -> list[Row]:
    """All rows of the page that `view` shows instead of the panels, of which `room` can be seen at once."""
    if not board.cards:
        return [fit_row((Span(" no backend is shown", "dim"),), width)]
    draw = draw_depth if view.page == "depth" else draw_compare
    return draw(board, view, width, room)


def scrolled(rows: Sequence[Row], off: int, box: Box) -> list[Row]:
    """The part of `rows` that `box` holds, `off` of them gone off at the top; its last row tells of what is below."""
    most = max(len(rows) - box.rows, 0)
    start = min(off, most)
    seen = fit_rows(rows[start : start + box.rows], box.rows)
    if start < most and box.rows > 1:
        words = f" ↓ {most - start + 1} more rows"
        seen[-1] = fit_row((Span(words, "dim"),), box.width)
    return seen


def composed(pieces: Sequence[Piece], width: int, height: int) -> list[Row]:
    """The page as whole rows, for where there is no screen."""
    rows: list[Row] = [BLANK] * height
    for box, drawn in sorted(pieces, key=lambda piece: piece[0].x):
        for y, row in enumerate(drawn, box.y):
            rows[y] = (*fit_row(rows[y], box.x), *fit_row(row, box.width))
    return [fit_row(row, width) for row in rows]
