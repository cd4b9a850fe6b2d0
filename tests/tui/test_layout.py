"""The panels share any screen: nothing refuses, nothing overflows."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.tui.draw.glyphs import Tier
from infertop.tui.draw.rows import row_width
from infertop.tui.metrics import CYCLE, TTFT
from infertop.tui.model import Model
from infertop.tui.panels.layout import Form, arrange
from infertop.tui.panels.page import composed, draw_page
from infertop.tui.past import SPANS_S
from infertop.tui.view import PANELS, View

from .frames import STACKS, Fleet, followed

views = st.builds(
    View,
    tier=st.sampled_from(Tier),
    metric=st.sampled_from(CYCLE),
    shades=st.booleans(),
    span_s=st.sampled_from(SPANS_S),
    wanted=st.lists(st.sampled_from(PANELS), unique=True).map(tuple),
    only=st.booleans(),
    expanded=st.booleans(),
    versus=st.sampled_from([None, 0, 1, 7]),
    focus=st.integers(0, 7),
    scroll=st.sampled_from([0, 3, 500]),
    moment_s=st.sampled_from([None, 0, 12, 900]),
    frozen_s=st.sampled_from([None, 12.0]),
)


def boards():
    """Boards of 0 to 8 backends."""
    made = []
    for backends in range(9):
        model = Model()
        fleet = Fleet(STACKS[:backends])
        for _ in range(20):
            model.take(fleet.advance(1).frame())
        fleet.mark("concurrency 16")
        model.take(fleet.advance(1).frame(followed=followed(backends)))
        made.append(model.board(TTFT, panels=PANELS))
    return made


BOARDS = boards()


@settings(max_examples=150, deadline=None)
@given(st.integers(20, 260), st.integers(1, 70), st.integers(0, 8), views)
def test_every_screen_is_filled_exactly(width, height, backends, view):
    layout = arrange(width, height, backends, view)
    page = draw_page(BOARDS[backends], view, width, height, layout, [("q", "quit")])
    cells = [
        cell for box, _ in page for cell in product(range(box.x, box.x + box.width), range(box.y, box.y + box.rows))
    ]
    assert len(set(cells)) == len(cells), "pieces overlap"
    assert all(x < width and y < height for x, y in cells)
    assert all(len(rows) == box.rows for box, rows in page)
    assert all(row_width(row) <= box.width for box, rows in page for row in rows)
    rows = composed(page, width, height)
    assert [row_width(row) for row in rows] == [width] * height
    if layout.boxes:
        assert max(box.y + box.rows for box in layout.boxes.values()) == height - layout.footer


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


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("size", [(50, 20), (80, 24), (120, 40), (240, 60)])
def test_a_panel_brought_to_the_front_has_room(size, panel):
    view = View(wanted=tuple(each for each in PANELS if each != panel)).toggled(panel, ())
    assert panel in arrange(*size, 8, view).boxes
    alone = arrange(*size, 8, View(wanted=(panel,), only=True))
    assert list(alone.boxes) == [panel]
    assert alone.boxes[panel].rows == size[1] - alone.header - alone.footer


def test_toggling_brings_to_the_front_what_has_no_room_and_takes_away_what_has():
    view = View(wanted=("cards", "tails", "heat"))
    assert view.toggled("heat", {"cards", "tails"}).wanted == ("heat", "cards", "tails")
    assert view.toggled("heat", {"cards", "heat"}).wanted == ("cards", "tails")
    assert view.toggled("cost", {"cards"}).wanted == ("cost", "cards", "tails", "heat")


def test_panels_stand_in_two_stacks_on_a_wide_screen():
    boxes = arrange(240, 60, 8, View()).boxes
    assert boxes["tails"].y == boxes["heat"].y
    assert boxes["tails"].x + boxes["tails"].width < boxes["heat"].x
    assert arrange(240, 60, 8, View(wanted=("tails", "verdicts"))).boxes["tails"].width == 240
