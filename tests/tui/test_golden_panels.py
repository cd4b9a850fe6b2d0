"""Every panel alone at four sizes in every tier of glyphs, one text file each.

`INFERTOP_UPDATE_GOLDEN=1 pytest tests/tui/test_golden_panels.py` redraws.
"""

from functools import cache

import pytest
from rich.cells import cell_len

from infertop.engine.verdict import verdicts
from infertop.tui.draw.glyphs import Tier, to_ascii
from infertop.tui.draw.rows import row_text
from infertop.tui.metrics import TTFT
from infertop.tui.model import Model
from infertop.tui.panels.layout import arrange
from infertop.tui.panels.page import composed, draw_page
from infertop.tui.view import PANELS, View

from .frames import STACKS, Fleet, followed
from .screen import matches_golden

SIZES = ((50, 20), (80, 24), (120, 40), (240, 60))
BACKENDS = 6


@cache
def board():
    """Six backends after two minutes, load changed half a minute ago."""
    fleet = Fleet(STACKS[:BACKENDS], budget_usd=5.0)
    model = Model()
    for _ in range(90):
        model.take(fleet.advance(1).frame())
    fleet.mark("concurrency 16")
    for _ in range(30):
        model.take(fleet.advance(1).frame())
    model.take(fleet.advance(1).frame(followed=followed(BACKENDS)))
    model.settle(model.case(TTFT).judged(verdicts))
    return model.board(TTFT, panels=PANELS)


def picture(panel, size, tier, *, shades):
    view = View(tier=tier, shades=shades, wanted=(panel,), only=True)
    layout = arrange(*size, BACKENDS, view)
    rows = composed(draw_page(board(), view, *size, layout, [("q", "quit")]), *size)
    plain = to_ascii if tier is Tier.ASCII else str
    return "\n".join(plain(row_text(row)).rstrip() for row in rows)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_alone(panel, size, tier):
    drawn = picture(panel, size, tier, shades=tier is Tier.BRAILLE)
    lines = drawn.split("\n")
    assert len(lines) == size[1]
    assert all(cell_len(line) <= size[0] for line in lines)
    assert tier is not Tier.ASCII or drawn.isascii()
    matches_golden(f"panels/{panel}_{size[0]}x{size[1]}_{tier}", drawn)
