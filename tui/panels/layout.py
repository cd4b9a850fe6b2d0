"""How the panels share a screen: from 50 x 20 to 240 x 60 and beyond, with one backend or eight.

    header      1 row, 2 below 100 columns
    cards       a grid of cards, or one table row per backend where cards do not fit
    tails       one histogram per backend on one axis
    verdicts
    events
    footer      1 row

Nothing refuses to be small: what does not fit gives way in the order events, tails, verdicts, cards.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ..view import Panel, View

CARD_WIDTH: Final = 26
"""Least width of a card; a compact one needs two cells more."""


class Form(IntEnum):
    """How a backend is shown, from the roomiest; the value of a card is its least height."""

    BIG = 12
    FULL = 9
    COMPACT = 6
    TABLE = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of each panel; 0 hides it.

    Attributes:
        form: of the backends.
        columns: cards side by side; 1 for a table.
        cards: rows of the whole grid.
        tail_rows: rows of one backend's tail.
    """

    header: int
    form: Form
    columns: int
    cards: int
    tails: int
    tail_rows: int
    verdicts: int
    events: int
    footer: int


_HEADING: Final = 2
"""Rows of the tails besides the bars: the rule and the axis."""

_EVENTS: Final = 4
_MOST_TAIL_ROWS: Final = 6
_MOST_CARD_ROWS: Final = 18


def arrange(width: int, height: int, backends: int, view: View) -> Layout:
    """The layout of a screen of `width` x `height` cells."""

    def shown(panel: Panel) -> bool:
        return panel not in view.hidden

    footer = 1 if height > 3 else 0
    header = min(2 if width < 100 else 1, max(height - footer - 1, 0))
    verdicts = 0
    if shown("verdicts") and height >= 12:
        verdicts = 3 if height >= 36 else 2
    room = max(height - header - footer - verdicts, 0)
    if view.expanded:
        return Layout(header, Form.BIG, 1, room, 0, 0, verdicts, 0, footer)

    tails = _HEADING + backends if shown("tails") and backends else 0
    form, columns, cards = _backends(width, room - tails, backends) if shown("cards") else (Form.TABLE, 1, 0)
    if cards + tails > room:
        cards = min(cards, room)
        tails = room - cards if room - cards > _HEADING else 0
    spare = room - cards - tails

    def grow(units: int, most: int) -> int:
        """Rows that each of `units` gets of what is spare, at most `most`."""
        nonlocal spare
        more = max(min(spare // units, most), 0) if units else 0
        spare -= more * units
        return more

    bars = backends if tails == _HEADING + backends else 0
    grid_rows = -(-backends // columns) if cards and form is not Form.TABLE else 0
    tail_rows = 1 + grow(bars, 1)
    events = grow(1, _EVENTS if cards or tails else height) if shown("events") and spare >= 2 else 0
    tail_rows += grow(bars, (max(_MOST_TAIL_ROWS, height // 6) if cards else height) - tail_rows)
    cards += grid_rows * grow(grid_rows, (max(_MOST_CARD_ROWS, height // 2) if tails else height) - form)
    tails = _HEADING + bars * tail_rows if bars else tails
    rest = grow(1, height)
    if events:
        return Layout(header, form, columns, cards, tails, tail_rows, verdicts, events + rest, footer)
    return Layout(header, form, columns, cards, tails, tail_rows, verdicts + rest, 0, footer)


def natural_height(width: int, backends: int, view: View) -> int:
    """Rows in which everything `view` shows has its place and nothing is stretched."""
    _, grid_rows = _grid(width, backends, CARD_WIDTH)
    events = 0 if "events" in view.hidden else _EVENTS
    return 2 + grid_rows * Form.FULL + _HEADING + backends + 3 + events + 1


def _backends(width: int, room: int, backends: int) -> tuple[Form, int, int]:
    """The roomiest form whose grid fits into `room` rows, its columns and its rows."""
    for form in (Form.BIG, Form.FULL, Form.COMPACT):
        columns, grid_rows = _grid(width, backends, CARD_WIDTH + 2 * (form is Form.COMPACT))
        if columns and grid_rows * form <= room:
            return form, columns, grid_rows * form
    return Form.TABLE, 1, backends + 1


def _grid(width: int, backends: int, card_width: int) -> tuple[int, int]:
    """Columns and rows of the squarest grid of cards; no columns when not even one card fits."""
    grid_rows = -(-backends // max(1, min(backends, width // card_width)))
    return min(-(-backends // max(grid_rows, 1)), width // card_width), grid_rows


def backend_at(layout: Layout, width: int, backends: int, x: int, y: int) -> int | None:
    """The series number of the backend at cell (x, y) of the cards panel; None where there is none."""
    if layout.form is Form.TABLE:
        at = y - 1
    else:
        grid_rows = -(-backends // layout.columns)
        at = y * grid_rows // layout.cards * layout.columns + x * layout.columns // width
    return at if 0 <= at < backends else None
