"""Lines over time, several in one plot: braille dots joined up, or each line's own sign in every column."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from .glyphs import Tier
from .graph import Floats
from .rows import Row, Span

_LEFT: Final = (0x01, 0x02, 0x04, 0x40)
_RIGHT: Final = (0x08, 0x10, 0x20, 0x80)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line.

    Attributes:
        heights: shares of the full height, one a column, oldest first, NaN where there is none.
        role: its colour.
        sign: its marker.
    """

    heights: Floats
    role: str
    sign: str


def plot(lines: Sequence[Line], width: int, rows: int, tier: Tier) -> list[Row]:
    """The newest `width` values of each line, top row first; later lines lie over earlier ones."""
    glyphs = np.full((rows, width), " ", dtype="<U1")
    owners = np.full((rows, width), -1)
    for number, line in enumerate(lines):
        heights = np.full(width, np.nan)
        newest = line.heights[-width:]
        heights[width - len(newest) :] = newest
        (_dotted if tier is Tier.BRAILLE else _signed)(glyphs, owners, number, line, heights)
    return [
        tuple(
            Span("".join(glyph for glyph, _ in run), "" if owner < 0 else lines[owner].role)
            for owner, run in groupby(
                zip(row.tolist(), owner_row.tolist(), strict=True), key=lambda cell: int(cell[1])
            )
        )
        for row, owner_row in zip(glyphs, owners, strict=True)
    ]


def _dotted(
    glyphs: npt.NDArray[np.str_], owners: npt.NDArray[np.int64], number: int, line: Line, heights: Floats
) -> None:
    rows = len(glyphs)
    masks = np.zeros(glyphs.shape, np.int64)
    known = np.flatnonzero(np.isfinite(heights))
    dots = np.zeros(len(heights), np.int64)
    dots[known] = np.clip(np.rint((1 - heights[known]) * (4 * rows - 1)), 0, 4 * rows - 1)
    for column in known.tolist():
        at = int(dots[column])
        before = int(dots[column - 1]) if column and np.isfinite(heights[column - 1]) else at
        for dot in range(min(at, before), max(at, before) + 1):
            masks[dot // 4, column] |= _LEFT[dot % 4]
        masks[at // 4, column] |= _RIGHT[at % 4]
    drawn = masks > 0
    glyphs[drawn] = [chr(0x2800 + mask) for mask in masks[drawn].tolist()]
    owners[drawn] = number
    if len(known):
        column = int(known[-1])
        glyphs[dots[column] // 4, column] = line.sign
        owners[dots[column] // 4, column] = number


def _signed(
    glyphs: npt.NDArray[np.str_], owners: npt.NDArray[np.int64], number: int, line: Line, heights: Floats
) -> None:
    rows = len(glyphs)
    known = np.flatnonzero(np.isfinite(heights))
    at = np.clip(np.rint((1 - heights[known]) * (rows - 1)), 0, rows - 1).astype(np.int64)
    glyphs[at, known] = line.sign
    owners[at, known] = number
