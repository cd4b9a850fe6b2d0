"""The screen of a sweep without a screen: as text, and as SVG."""

from typing import Final

from ...engine.sweep.sweep import Sweep
from ...sessions.export.files import Part
from ..draw.rows import row_text
from ..export.screen import svg
from ..panels.page import composed
from ..theme import DARK, styles
from .model import board
from .panels.page import draw_page
from .view import SweepView

FORMATS: Final = ("svg", "txt")
COLUMNS: Final = 200
ROWS: Final = 54


def part(sweep: Sweep, name: str) -> Part:
    """`sweep` in the format of that name, of FORMATS: all four charts."""
    rows = composed(draw_page(board(sweep), SweepView(), COLUMNS, ROWS, ()), COLUMNS, ROWS)
    if name == "txt":
        return Part("txt", (f"{row_text(row).rstrip()}\n" for row in rows))

    looks = styles(DARK)
    styled = [[(text, looks[role]) for text, role in row] for row in rows]
    return Part("svg", svg(styled, COLUMNS, DARK.ground, sweep.title))
