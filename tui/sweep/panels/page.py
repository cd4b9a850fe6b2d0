"""The whole page: header, backends, and as many charts as there is room for, the one in front first.

    header      2 rows, 3 below 100 columns
    backends    one row each, the answer: best load within the targets, tok/s and cost there; `l` makes it one row
    charts      throughput · latency · pareto · points: one below the other, from WIDE columns on side by side
    footer      1 row

Nothing refuses to be small: on a small terminal one chart is seen at a time, and tab turns to the next.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ...draw.rows import Row, Span, fit_row
from ...panels.footer import draw_footer
from ...panels.layout import WIDE, Box
from ...panels.page import Piece
from ...view import View
from ..board import SweepBoard
from ..view import Chart, SweepView
from .charts import draw_latency, draw_pareto, draw_throughput
from .header import draw_header, header_rows
from .legend import draw_legend, draw_short_legend
from .points import draw_points

_LEAST_CHART: Final = 12
_LEAST_FRONT: Final = 7
_MOST_DOWN: Final = 2

DRAWN: Final[dict[Chart, Callable[[SweepBoard, SweepView, int, int], list[Row]]]] = {
    "throughput": draw_throughput,
    "latency": draw_latency,
    "pareto": draw_pareto,
    "points": draw_points,
}
"""(board, view, width, rows) to exactly that many rows."""


def draw_page(
    board: SweepBoard | None, view: SweepView, width: int, height: int, hints: Sequence[tuple[str, str]]
) -> list[Piece]:
    """Everything on a screen of `width` x `height` cells; a word of patience without a board."""
    said = View(notice=view.notice)
    made: list[Piece] = [(Box(0, height - 1, width, 1), draw_footer(hints, said, width))]
    if board is None:
        words = (Span(" infertop sweep  ", "brand"), Span("waiting for the first word …", "dim"))
        return [(Box(0, 0, width, 1), [fit_row(words, width)]), *made]
    head = min(header_rows(board, width), max(height - 1, 0))
    made.append((Box(0, 0, width, head), draw_header(board, width)[:head]))
    room = height - 1 - head
    list_rows = min(len(board.runs) + 1, max(room - _LEAST_FRONT, 0)) if view.legend else 0
    if list_rows > 1:
        made.append((Box(0, head, width, list_rows), draw_legend(board, view, width, list_rows)))
    elif room > _LEAST_FRONT:
        list_rows = 1
        made.append((Box(0, head, width, 1), [draw_short_legend(board, view, width)]))
    for chart, box in boxes(view, width, head + list_rows, room - list_rows).items():
        made.append((box, DRAWN[chart](board, view, box.width, box.rows)))
    return made


def boxes(view: SweepView, width: int, top: int, rows: int) -> dict[Chart, Box]:
    """A place for as many charts as fit on `rows` rows from row `top` on."""
    if rows < 1:
        return {}
    across = 2 if width >= WIDE else 1
    down = min(max(rows // _LEAST_CHART, 1), _MOST_DOWN)
    charts = view.order()[: across * down]
    made: dict[Chart, Box] = {}
    for place, chart in enumerate(charts):
        row, column = divmod(place, across)
        left = width * column // across
        first, end = rows * row // down, rows * (row + 1) // down
        made[chart] = Box(
            left, top + first, width * (column + 1) // across - left - (column < across - 1), end - first
        )
    return made
