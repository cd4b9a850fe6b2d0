"""Curves and scales: points where they belong, in every tier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.tui.draw.curves import Dot, Trace, plot
from infertop.tui.draw.glyphs import Tier, to_ascii
from infertop.tui.draw.rows import row_text, row_width
from infertop.tui.draw.scale import Scale, heights, labels, scale_for

SHARES = st.floats(0, 1)


def lines(traces, width, rows, tier=Tier.BLOCK, level=None):
    return [row_text(row) for row in plot(traces, width, rows, tier, level)]


def test_a_rising_line_in_blocks():
    trace = Trace([Dot(0, 0, "●", "series0"), Dot(1, 1, "●", "series0", "best")], "series0")
    assert lines([trace], 21, 5) == [
        "               best·●",
        "             ·····   ",
        "        ·····        ",
        "   ·····             ",
        "●··                  ",
    ]


def test_corners_stand_in_the_corners():
    dots = [Dot(x, y, sign, "") for x, y, sign in ((0, 0, "a"), (1, 0, "b"), (0, 1, "c"), (1, 1, "d"))]
    assert lines([Trace(dots)], 5, 3) == ["c   d", "     ", "a   b"]


def test_a_doubtful_point_says_so_and_one_apart_is_not_joined():
    trace = Trace([Dot(0, 0, "●", "", doubt=True), Dot(0.5, 1, "·", "", apart=True), Dot(1, 0, "●", "")], "series0")
    drawn = lines([trace], 9, 3)
    assert drawn[0] == "    ·    "
    assert drawn[1] == "         "
    assert drawn[2] == "●?······●"


def test_words_give_way_to_points():
    crowd = [Dot(x / 10, 0.5, "●", "") for x in range(11)]
    named = Trace([*crowd[:5], Dot(0.5, 0.5, "●", "", "knee"), *crowd[6:]])
    drawn = lines([named], 21, 3)
    assert drawn[1].count("●") == 11
    assert "knee" in drawn[0]


@given(st.lists(st.tuples(SHARES, SHARES), max_size=6), st.integers(1, 40), st.integers(1, 12), st.sampled_from(Tier))
def test_any_points_fill_exactly_the_room(points, width, rows, tier):
    trace = Trace([Dot(x, y, "●", "series0", "best") for x, y in points], "series0")
    drawn = plot([trace], width, rows, tier, level=0.3)
    assert len(drawn) == rows
    assert all(row_width(row) == width for row in drawn)
    assert not points or any("●" in row_text(row) for row in drawn)
    assert tier is not Tier.ASCII or all(to_ascii(row_text(row)).isascii() for row in drawn)


@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=8), st.booleans())
def test_a_scale_holds_its_values_and_ticks_lie_on_it(values, logarithmic):
    scale = scale_for(values, logarithmic=logarithmic)
    assert all(0 <= scale.share(value) <= 1 for value in values)
    assert all(-1e-6 <= scale.share(tick) <= 1 + 1e-6 for tick in scale.ticks())
    assert len(labels(scale, 60, str)) == 60


def test_nothing_to_show_has_no_scale():
    assert scale_for([], logarithmic=True) is None
    assert scale_for([0.0], logarithmic=False) is None


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (Scale(0, 110, logarithmic=False), [0, 25, 50, 75, 100]),
        (Scale(0.9, 70, logarithmic=True, doubling=True), [1, 2, 4, 8, 16, 32, 64]),
        (Scale(9, 1100, logarithmic=True), [10, 100, 1000, 20, 200, 50, 500, 30, 300, 70, 700]),
    ],
)
def test_ticks_are_round(scale, expected):
    assert scale.ticks() == pytest.approx(expected)


def test_labels_keep_apart():
    assert labels(Scale(1, 8, logarithmic=True, doubling=True), 13, lambda value: f"{value:g}") == "╵1  ╵2  ╵4   "
    assert heights(Scale(0, 4, logarithmic=False), 5, lambda value: f"{value:g}") == {4: "0", 2: "2", 0: "4"}
