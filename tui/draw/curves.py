"""Curves through points on two axes: braille dots joined up or a trail of dots, each point by its backend's sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from .glyphs import Tier
from .rows import Row, Span

_BITS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Of a braille cell by column and row."""


class Dot(NamedTuple):
    """A measured point.

    Attributes:
        x, y: shares of the two axes, y upwards.
        sign: what stands there.
        role: of the sign.
        words: beside it, where they have room.
        doubt: whether a `?` follows the sign.
        apart: no line goes through it.
    """

    x: float
    y: float
    sign: str
    role: str
    words: str = ""
    doubt: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """The points of one backend in order, and the role of the line between them; "" joins nothing."""

    dots: Sequence[Dot]
    role: str = ""


def plot(traces: Sequence[Trace], width: int, rows: int, tier: Tier, level: float | None = None) -> list[Row]:
    """Traces over each other, later ones on top, signs above all lines and words above all signs; top row first.

    Args:
        traces: what is drawn.
        width: in cells, at least 1.
        rows: likewise.
        tier: braille joins points with dots of an eighth of a cell, the others with one sign a cell.
        level: height, as a share, of a line across.
    """
    canvas = _Canvas(width, rows)
    if level is not None and 0 <= level <= 1:
        for column in range(width):
            canvas.put(column, _cell(1 - level, rows), "┄", "warn")
    for trace in traces:
        if trace.role:
            joined = [dot for dot in trace.dots if not dot.apart]
            for one, other in pairwise(joined):
                canvas.join(one, other, trace.role, fine=tier is Tier.BRAILLE)
    placed = [(_cell(dot.x, width), _cell(1 - dot.y, rows), dot) for trace in traces for dot in trace.dots]
    for column, row, dot in placed:
        if dot.doubt and column + 1 < width:
            canvas.put(column + 1, row, "?", dot.role)
    for column, row, dot in placed:
        canvas.put(column, row, dot.sign, dot.role)
    taken = {(column, row) for column, row, _ in placed}
    for column, row, dot in placed:
        if dot.words:
            canvas.write(column, row, dot.words, taken)
    return canvas.drawn()


def _cell(share: float, cells: int) -> int:
    return min(max(round(share * (cells - 1)), 0), cells - 1)


class _Canvas:
    def __init__(self, width: int, rows: int) -> None:
        self._width, self._rows = width, rows
        self._cells: dict[tuple[int, int], tuple[str, str]] = {}  # (column, row) to glyph and role
        self._masks: dict[tuple[int, int], int] = {}

    def put(self, column: int, row: int, glyph: str, role: str) -> None:
        self._cells[column, row] = glyph, role

    def join(self, one: Dot, other: Dot, role: str, *, fine: bool) -> None:
        """A straight line from the middle of one cell to the middle of another."""
        across, down = (2, 4) if fine else (1, 1)
        x0, x1 = (_cell(dot.x, self._width) * across + across // 2 for dot in (one, other))
        y0, y1 = (_cell(1 - dot.y, self._rows) * down + down // 2 for dot in (one, other))
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x, y = round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps)
            at = x // across, y // down
            if fine:
                self._masks[at] = self._masks.get(at, 0) | _BITS[x % 2][y % 4]
                self.put(*at, chr(0x2800 + self._masks[at]), role)
            else:
                self.put(*at, "·", role)

    def write(self, column: int, row: int, words: str, taken: set[tuple[int, int]]) -> None:
        """`words` right of a cell, left of it, above or below: the first place that no point stands in."""
        width = len(words)
        places = [(column + 3, row), (column - 1 - width, row)]  # a `?` may follow the sign
        places += [(min(max(column - width // 2, 0), self._width - width), row + by) for by in (-1, 1)]
        for x, y in places:
            cells = {(x + at, y) for at in range(-1, width + 1)}
            if 0 <= x <= self._width - width and 0 <= y < self._rows and not cells & (taken - {(column, row)}):
                for at, letter in enumerate(words):
                    self.put(x + at, y, letter, "mark")
                taken |= cells
                return

    def drawn(self) -> list[Row]:
        return [
            tuple(
                Span("".join(glyph for glyph, _ in run), role)
                for role, run in groupby(
                    (self._cells.get((column, row), (" ", "")) for column in range(self._width)),
                    key=lambda cell: cell[1],
                )
            )
            for row in range(self._rows)
        ]
