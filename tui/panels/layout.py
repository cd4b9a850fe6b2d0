"""How the panels share a screen: from 50 x 20 to 240 x 60 and beyond, with one backend or eight.

    header      1 row, 2 below 100 columns
    cards       a grid of cards, or one table row per backend where cards do not fit
    tails       ┐
    heat        │ one under the other; from WIDE columns on in two stacks side by side,
    cost        │ what is figured out on the left, what runs over time on the right
    …           ┘
    footer      1 row

Nothing refuses to be small. Panels that do not all fit give way from the least wanted on; the most wanted one gets
its natural height first. On a small terminal that makes a carousel: a number key brings its panel to the front.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import ceil
from typing import Final, NamedTuple

from ..view import PANELS, Panel, View
from .heat import MAP_ROWS, MAP_WIDTH
from .matrix import matrix_rows

CARD_WIDTH: Final = 26
"""Least width of a card; a compact one needs two cells more."""

WIDE: Final = 160
"""Columns from which panels stand in two stacks."""

_MOST_CARD_ROWS: Final = 15

_RIGHT: Final = frozenset({"heat", "cost", "stream", "events"})
"""Panels of the right-hand stack."""


class Form(IntEnum):
    """How a backend is shown, from the roomiest; the value of a card is its least height."""

    BIG = 12
    FULL = 9
    COMPACT = 6
    TABLE = 1


class Box(NamedTuple):
    """Where a panel stands on the screen, in cells."""

    x: int
    y: int
    width: int
    rows: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A place for everything that is shown.

    Attributes:
        header, footer: their rows.
        form: of the backends.
        columns: cards side by side; 1 for a table.
        boxes: of the panels that have room; none where a page takes all of it.
    """

    header: int
    footer: int
    form: Form
    columns: int
    boxes: dict[Panel, Box]


class _Need(NamedTuple):
    """Rows a panel needs at least, has its say in, and can make use of, growing by `step` at a time."""

    least: int
    natural: int
    most: int
    step: int = 1


_Needs = dict[Panel, _Need]
"""Of every panel that is wanted, but for the cards."""


def arrange(width: int, height: int, backends: int, view: View) -> Layout:
    """The layout of a screen of `width` x `height` cells."""
    footer = 1 if height > 3 else 0
    header = min(2 if width < 100 else 1, max(height - footer - 1, 0))
    room = max(height - header - footer, 0)
    wanted: Sequence[Panel] = view.wanted[:1] if view.only else view.wanted
    if view.page != "board":
        return Layout(header, footer, Form.TABLE, 1, {})
    if height < 12:
        wanted = [panel for panel in wanted if panel != "verdicts"] or wanted
    needs: _Needs = {panel: _need(panel, width, room, backends) for panel in wanted if panel != "cards"}
    if "cards" not in wanted or not room:
        return Layout(
            header,
            footer,
            Form.TABLE,
            1,
            _stacks(wanted, needs, width, header, room, front=wanted[0] if wanted else None),
        )
    form, columns, cards = _backends(width, room, backends, wanted, needs)
    others = [panel for panel in wanted if panel != "cards"]
    boxes = _stacks(others, needs, width, header + cards, room - cards, front=wanted[0])
    if not boxes:
        cards = room
    return Layout(header, footer, form, columns, {"cards": Box(0, header, width, cards), **boxes})


def _need(panel: Panel, width: int, room: int, backends: int) -> _Need:
    each = max(backends, 1)
    few = min(each, 3)
    across = width // 2 if width >= WIDE else width
    sentences = 3 if width >= 100 else 2
    matrix = matrix_rows(backends, across)
    maps = -(-each // max(across // MAP_WIDTH, 1)) * MAP_ROWS
    return {
        "tails": _Need(2 + few, 2 + each, 2 + 6 * each, each),
        "heat": _Need(6, 2 + maps if 2 * maps < room else 10, 10 * each),
        "cost": _Need(2 + few, 2 + each + (0 if across >= 100 else 8), 2 * each + 16),
        "verdicts": _Need(2, sentences, sentences + matrix, max(matrix, 1)),
        "stream": _Need(5, 10, 60),
        "events": _Need(2, 4, 10),
    }.get(panel, _Need(2 + few, 2 + each, 2 * each + 12))


def _backends(width: int, room: int, backends: int, wanted: Sequence[Panel], needs: _Needs) -> tuple[Form, int, int]:
    """The roomiest form of the cards that leaves their place to panels wanted more, and to tails and verdicts."""
    ahead = wanted[: wanted.index("cards")]
    others = [panel for panel in ("tails", "verdicts") if panel in needs and panel not in ahead]
    taken = _height(ahead, needs, width) + sum(needs[panel].natural for panel in others)
    most = _MOST_CARD_ROWS if needs else room
    for form in (Form.BIG, Form.FULL, Form.COMPACT):
        columns, grid_rows = _grid(width, backends, CARD_WIDTH + 2 * (form is Form.COMPACT))
        if columns and grid_rows * form + taken <= room:
            spare = room - grid_rows * form - _height([*needs], needs, width)
            return form, columns, grid_rows * min(form + max(spare // grid_rows, 0), max(most, form))
    return Form.TABLE, 1, min(backends + 1, max(room - _height(ahead, needs, width), min(room, 4)))


def _height(panels: Sequence[Panel], needs: _Needs, width: int) -> int:
    """Natural rows of `panels` on a screen of `width`."""
    return max((sum(needs[panel].natural for panel in stack) for stack, _, _ in _columns(panels, width)), default=0)


def _columns(panels: Iterable[Panel], width: int) -> list[tuple[list[Panel], int, int]]:
    """The stacks side by side, each (panels in order, x, width)."""
    both = list(panels)
    left, right = [p for p in both if p not in _RIGHT], [p for p in both if p in _RIGHT]
    if width < WIDE or not left or not right:
        return [(both, 0, width)]
    middle = width // 2
    return [(left, 0, middle - 1), (right, middle, width - middle)]


def _stacks(
    wanted: Sequence[Panel], needs: _Needs, width: int, top: int, room: int, *, front: Panel | None
) -> dict[Panel, Box]:
    """A place for as many of `wanted` as fit, from row `top` on."""
    boxes: dict[Panel, Box] = {}
    for panels, x, across in _columns(wanted, width):
        y = top
        rows = _shared(panels, needs, room, front)
        for panel in PANELS:
            if panel in rows:
                boxes[panel] = Box(x, y, across, rows[panel])
                y += rows[panel]
    return boxes


def _shared(panels: Sequence[Panel], needs: _Needs, room: int, front: Panel | None) -> dict[Panel, int]:
    """Rows of each of `panels`, the most wanted first, that `room` rows hold; all of the room is given away."""
    rows: dict[Panel, int] = {}

    def give(panel: Panel, upto: int, step: int = 1) -> None:
        nonlocal room
        more = max(min(upto - rows.get(panel, 0), room), 0) // step * step
        if more:
            rows[panel] = rows.get(panel, 0) + more
            room -= more

    core = [panel for panel in panels if panel in {front, "tails", "verdicts"}]
    for panel in core:
        if panel == front or needs[panel].least <= room:
            give(panel, needs[panel].natural if panel == front else needs[panel].least)
    for panel in core:
        if panel in rows:
            give(panel, needs[panel].natural)
    for panel in panels:
        if panel not in rows and needs[panel].least <= room:
            give(panel, needs[panel].natural)
    for share in (2 / 3, 1.0):
        for panel in sorted(panels, key=lambda panel: panel != "verdicts"):  # its matrix comes whole or not at all
            if panel in rows:
                fair = room if panel in {front, "verdicts"} else ceil(room * share)
                give(panel, min(needs[panel].most, rows[panel] + fair), needs[panel].step)
    if rows:
        rows[max(rows, key=PANELS.index)] += room
    return rows


def natural_height(width: int, backends: int, view: View) -> int:
    """Rows in which everything `view` shows has its place and nothing is stretched."""
    _, grid_rows = _grid(width, backends, CARD_WIDTH)
    needs: _Needs = {panel: _need(panel, width, 0, backends) for panel in view.wanted if panel != "cards"}
    return 3 + grid_rows * Form.FULL + _height([*needs], needs, width)


def _grid(width: int, backends: int, card_width: int) -> tuple[int, int]:
    """Columns and rows of the squarest grid of cards; no columns when not even one card fits."""
    grid_rows = -(-backends // max(1, min(backends, width // card_width)))
    return min(-(-backends // max(grid_rows, 1)), width // card_width), grid_rows


def backend_at(layout: Layout, backends: int, x: int, y: int) -> int | None:
    """The place among those shown of the backend at cell (x, y) of the screen; None where there is none."""
    box = layout.boxes.get("cards")
    if box is None or not (box.x <= x < box.x + box.width and box.y <= y < box.y + box.rows):
        return None
    if layout.form is Form.TABLE:
        at = y - box.y - 1
    else:
        grid_rows = -(-backends // layout.columns)
        at = (y - box.y) * grid_rows // box.rows * layout.columns + (x - box.x) * layout.columns // box.width
    return at if 0 <= at < backends else None
