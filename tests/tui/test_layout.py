"""The panels share any screen: nothing refuses, nothing overflows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.tui.draw.glyphs import Tier
from infertop.tui.draw.rows import row_width
from infertop.tui.metrics import CYCLE, TTFT
from infertop.tui.model import Model
from infertop.tui.panels.layout import Form, arrange
from infertop.tui.panels.page import draw_page
from infertop.tui.view import PANELS, View

from .frames import STACKS, Fleet

views = st.builds(
    View,
    tier=st.sampled_from(Tier),
    metric=st.sampled_from(CYCLE),
    hidden=st.frozensets(st.sampled_from(PANELS)),
    expanded=st.booleans(),
    frozen_s=st.sampled_from([None, 12.0]),
)


def boards():
    """Boards of 0 to 8 backends."""
    made = []
    for backends in range(9):
        model = Model()
        model.take(Fleet(STACKS[:backends]).advance(20).frame())
        made.append(model.board(TTFT))
    return made


BOARDS = boards()


@settings(max_examples=150, deadline=None)
@given(st.integers(20, 260), st.integers(1, 70), st.integers(0, 8), views)
def test_every_screen_is_filled_exactly(width, height, backends, view):
    layout = arrange(width, height, backends, view)
    assert min(layout.header, layout.cards, layout.tails, layout.verdicts, layout.events) >= 0
    page = draw_page(BOARDS[backends], view, width, layout, [("q", "quit")])
    rows = [row for panel in page.values() for row in panel]
    assert len(rows) <= height
    if not view.expanded and len(view.hidden) < len(PANELS):
        assert len(rows) == height or layout.verdicts == layout.events == 0
    assert all(row_width(row) <= width for row in rows)


@pytest.mark.parametrize(
    ("size", "backends", "form"),
    [
        ((50, 20), 1, Form.BIG),
        ((50, 20), 8, Form.TABLE),
        ((80, 24), 2, Form.BIG),
        ((80, 24), 3, Form.BIG),
        ((80, 24), 4, Form.COMPACT),
        ((80, 24), 8, Form.TABLE),
        ((120, 40), 4, Form.BIG),
        ((120, 40), 8, Form.BIG),
        ((240, 60), 8, Form.BIG),
        ((30, 8), 8, Form.TABLE),
    ],
)
def test_backends_take_the_roomiest_form_that_fits(size, backends, form):
    assert arrange(*size, backends, View()).form is form


def test_the_footer_is_always_the_last_row():
    for height in range(4, 70):
        layout = arrange(80, height, 3, View())
        used = layout.header + layout.cards + layout.tails + layout.verdicts + layout.events + layout.footer
        assert used == height
