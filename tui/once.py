"""One picture as text, for `--once` and pipes: the board of the console without the console."""

import sys
from dataclasses import replace

from rich.color import ColorSystem

from ..engine.frame import Frame
from ..engine.verdict import verdicts
from .draw.glyphs import Tier, choose_tier, to_ascii
from .draw.rows import Row, fit_row
from .metrics import TTFT
from .model import Model
from .panels.layout import arrange, natural_height
from .panels.page import composed, draw_page
from .theme import ink
from .view import View


def render_once(frame: Frame, width: int, *, colour: bool) -> str:
    """The console's picture of `frame`, `width` cells wide, as high as it needs; control codes only if `colour`."""
    model = Model()
    model.take(frame)
    model.settle(model.case(TTFT).judged(verdicts))
    board = model.board(TTFT)
    assert board is not None
    view = View(
        tier=choose_tier(encoding=sys.stdout.encoding or "ascii"),
        focus=-1,
        wanted=("cards", "tails", "verdicts", "events") if board.events else ("cards", "tails", "verdicts"),
    )
    height = natural_height(width, len(board.cards), view)
    layout = replace(arrange(width, height, len(board.cards), view), footer=0)
    plain = view.tier is Tier.ASCII
    page = composed(draw_page(board, view, width, height, layout, ()), width, height - 1)
    return "\n".join(_line(row, width, colour=colour, plain=plain) for row in page)


def _line(row: Row, width: int, *, colour: bool, plain: bool) -> str:
    texts = [(to_ascii(span.text) if plain else span.text, span.role) for span in fit_row(row, width)]
    if not colour:
        return "".join(text for text, _ in texts).rstrip()
    return "".join(ink()[role].render(text, color_system=ColorSystem.TRUECOLOR) for text, role in texts)
