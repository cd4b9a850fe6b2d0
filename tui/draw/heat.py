"""Heat maps from arrays: two rows of shades a cell where the terminal has them, else one row of glyphs a cell."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .glyphs import Tier
from .graph import Floats
from .rows import Row, Span

SHADES: Final = 8
"""Steps of amount above nothing."""

_GLYPHS: Final = {Tier.BRAILLE: " ·░░▒▒▓▓█", Tier.BLOCK: " ·░░▒▒▓▓█", Tier.ASCII: " ..::+*%@"}

Levels = npt.NDArray[np.int64]


class Stroke(NamedTuple):
    """A line's glyph in one cell of a map; a weak one stands for a figure below its sample floor."""

    glyph: str
    weak: bool


def levels(rates: Floats, top: float) -> Levels:
    """Amounts as steps 0…SHADES, by the square root of their share of `top`; anything above zero shows."""
    made = np.zeros(rates.shape, np.int64)
    some = rates > 0
    made[some] = np.minimum(np.ceil(np.sqrt(rates[some] / top) * SHADES), SHADES)
    return made


def shaded(cells: Levels, strokes: Mapping[tuple[int, int], Stroke]) -> list[Row]:
    """Two rows of `cells` a row of half blocks, top row first.

    Args:
        cells: steps, shape (2 * rows, width), the topmost first.
        strokes: drawn over the cell (row, column).
    """
    made: list[Row] = []
    for row in range(len(cells) // 2):
        upper, lower = cells[2 * row].tolist(), cells[2 * row + 1].tolist()
        drawn = [
            _stroked(stroke, max(above, below)) if (stroke := strokes.get((row, column))) else _halves(above, below)
            for column, (above, below) in enumerate(zip(upper, lower, strict=True))
        ]
        made.append(_merged(drawn))
    return made


def glyphs(cells: Levels, strokes: Mapping[tuple[int, int], Stroke], role: str, tier: Tier) -> list[Row]:
    """One row of `cells` a row, denser glyphs for more, top row first; arguments as of `shaded`."""
    table = _GLYPHS[tier]
    made: list[Row] = []
    for row, steps in enumerate(cells.tolist()):
        drawn = [
            (stroke.glyph, "weak" if stroke.weak else "mark")
            if (stroke := strokes.get((row, column)))
            else (table[step], role if step else "")
            for column, step in enumerate(steps)
        ]
        made.append(_merged(drawn))
    return made


def ramp(tier: Tier, *, shades: bool) -> list[Span]:
    """The steps from little to much, for a legend."""
    if shades:
        return [Span("█", f"heat {step} 0") for step in range(1, SHADES + 1)]
    return [Span("".join(dict.fromkeys(_GLYPHS[tier][1:])), "")]


def _halves(above: int, below: int) -> tuple[str, str]:
    if above == below:
        return ("█", f"heat {above} 0") if above else (" ", "")
    if not below:
        return "▀", f"heat {above} 0"
    if not above:
        return "▄", f"heat {below} 0"
    return "▀", f"heat {above} {below}"


def _stroked(stroke: Stroke, step: int) -> tuple[str, str]:
    return stroke.glyph, f"stroke {step} weak" if stroke.weak else f"stroke {step}"


def _merged(cells: Sequence[tuple[str, str]]) -> Row:
    """Cells of (glyph, role) as spans, one a run of one role."""
    return tuple(
        Span("".join(glyph for glyph, _ in run), role) for role, run in groupby(cells, key=lambda cell: cell[1])
    )
