"""One distribution against another, quantile by quantile, on two equal axes: on the diagonal they are alike."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from .glyphs import Tier
from .rows import Row, Span

_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille cell by column and row."""


class Point(NamedTuple):
    """A quantile of both, as shares of the axes; `sign` is drawn in its place, "" for a mere dot."""

    x: float
    y: float
    role: str
    sign: str = ""


def against(points: Sequence[Point], width: int, rows: int, tier: Tier) -> list[Row]:
    """`points` over a faint diagonal, y upwards, top row first; signs lie over dots."""
    roles: dict[tuple[int, int], str] = {}
    signs: dict[tuple[int, int], str] = {}
    masks: dict[tuple[int, int], int] = {}
    for column in range(width):
        row = _place(1 - (column + 0.5) / width, rows)
        roles[row, column], signs[row, column] = "line", "·"
    for x, y, role, sign in sorted(points, key=lambda point: bool(point.sign)):
        column, row = _place(x, width), _place(1 - y, rows)
        at = row, column
        if sign:
            signs[at] = sign
        elif tier is Tier.BRAILLE:
            masks[at] = masks.get(at, 0) | _DOTS[_place(x, 2 * width) % 2][_place(1 - y, 4 * rows) % 4]
            signs[at] = chr(0x2800 + masks[at])
        else:
            signs[at] = "*"
        roles[at] = role
    return [
        tuple(
            Span("".join(signs.get((row, column), " ") for column in run), role)
            for role, run in groupby(range(width), key=lambda column: roles.get((row, column), ""))
        )
        for row in range(rows)
    ]


def _place(share: float, cells: int) -> int:
    return min(max(int(share * cells), 0), cells - 1)
