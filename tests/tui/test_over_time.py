"""Drawing over time: the axis of time, lines, heat, running text. The expected values are the pictures."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from infertop.tui.draw.clockaxis import clock_axis, column_of
from infertop.tui.draw.glyphs import Tier
from infertop.tui.draw.heat import SHADES, Stroke, glyphs, levels, shaded
from infertop.tui.draw.lines import Line, plot
from infertop.tui.draw.prose import lines_of
from infertop.tui.draw.rows import row_text
from infertop.tui.theme import PALETTES, styles

from .test_theme import contrast, luminance


def drawn(rows):
    return [row_text(row) for row in rows]


def test_the_axis_of_time_counts_back_from_now():
    assert row_text(clock_axis(600, 1, 40, [])) == "╵-40 s              ╵-20 s          now╵"
    assert row_text(clock_axis(6000, 10, 40, [])) == "    ╵-6 min     ╵-4 min     ╵-2 min now╵"


def test_a_change_of_load_stands_where_it_happened_and_moves_with_time():
    marks = [(570.0, "rate 8/s")]
    assert row_text(clock_axis(600, 1, 40, marks)) == "╵-40 s    ▴ rate 8/s                now╵"
    places = [row_text(clock_axis(now, 1, 40, marks)).index("▴") for now in (600, 601, 605)]
    assert places == [10, 9, 5]
    assert "▴" not in row_text(clock_axis(700, 1, 40, marks))


def test_changes_close_together_keep_their_signs_and_lose_their_words():
    row = row_text(clock_axis(600, 1, 60, [(570.0, "concurrency 16"), (572.0, "concurrency 20"), (573.0, "rag")]))
    assert row.count("▴") == 3
    assert "rag" in row
    assert "concurrency" not in row


@given(st.integers(0, 10**6), st.sampled_from([1, 10, 60]), st.integers(1, 300), st.lists(st.floats(0, 1e6)))
def test_the_axis_has_its_width_whatever_happened(end, span, width, moments):
    row = clock_axis(end - end % span, span, width, [(at, "workload 東京") for at in sorted(moments)])
    assert cell_len(row_text(row)) == width


def test_columns_hold_their_seconds():
    assert column_of(599.5, 600, 1, 40) == 39
    assert column_of(560.0, 600, 1, 40) == 0
    assert column_of(559.9, 600, 1, 40) == -1
    assert column_of(595.0, 600, 10, 40) == 39


def test_lines_are_joined_dots_with_their_sign_at_the_end():
    rise = np.array([np.nan, 0, 0.25, 0.5, 0.75, 1, 1])
    assert drawn(plot([Line(rise, "series0", "●")], 7, 3, Tier.BRAILLE)) == ["    ⣀⡏●", "   ⡤⠇  ", " ⣀⡏⠁   "]
    assert drawn(plot([Line(rise, "series0", "●")], 7, 3, Tier.BLOCK)) == ["    ●●●", "   ●   ", " ●●    "]


def test_the_last_line_lies_on_top_and_keeps_its_colour():
    flat = np.full(4, 0.5)
    (row,) = plot([Line(flat, "series0", "●"), Line(flat, "series1", "■")], 4, 1, Tier.BLOCK)
    assert row == (("■■■■", "series1"),)


@given(
    st.lists(st.one_of(st.just(float("nan")), st.floats(-0.5, 1.5)), max_size=50),
    st.integers(1, 40),
    st.integers(1, 10),
    st.sampled_from(Tier),
)
def test_plots_have_their_size(values, width, rows, tier):
    picture = drawn(plot([Line(np.array(values), "series0", "●")], width, rows, tier))
    assert [len(line) for line in picture] == [width] * rows


def test_more_is_hotter_and_anything_shows():
    steps = levels(np.array([0, 1e-6, 1, 4, 9, 16, 100.0]), 16).tolist()
    assert steps == [0, 1, 2, 4, 6, 8, 8]
    assert max(steps) == SHADES


def test_two_rows_of_shades_a_cell():
    cells = np.array([[0, 1, 1, 0, 1], [0, 1, 0, 2, 3]])
    (row,) = shaded(cells, {})
    assert row_text(row) == " █▀▄▀"
    assert [role for _, role in row] == ["", "heat 1 0", "heat 2 0", "heat 1 3"]


def test_a_trace_lies_over_the_map_and_weak_ones_are_told_apart():
    cells = np.full((2, 3), 5)
    (row,) = shaded(cells, {(0, 1): Stroke("─", weak=False), (0, 2): Stroke("─", weak=True)})
    assert row == (("█", "heat 5 0"), ("─", "stroke 5"), ("─", "stroke 5 weak"))
    (row,) = glyphs(cells[:1], {(0, 1): Stroke("─", weak=True)}, "series2", Tier.ASCII)
    assert row == (("+", "series2"), ("─", "weak"), ("+", "series2"))


@pytest.mark.parametrize("tier", Tier)
def test_glyphs_grow_denser_where_there_are_no_shades(tier):
    (row,) = glyphs(np.arange(SHADES + 1)[None, :], {}, "series0", tier)
    assert len(set(row_text(row))) >= 5
    assert tier is not Tier.ASCII or row_text(row).isascii()


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_shades_differ_in_luminance_evenly_and_the_least_from_the_ground(palette):
    assert len(palette.heat) == SHADES
    ladder = [luminance(shade) for shade in (palette.ground, *palette.heat)]
    order = sorted(ladder, reverse=not palette.dark)
    assert ladder == order
    contrasts = [(max(a, b) + 0.05) / (min(a, b) + 0.05) for a, b in pairwise(ladder)]
    assert min(contrasts) > 1.12


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_every_shade_and_stroke_has_a_style(palette):
    known = styles(palette)
    assert all(f"heat {a} {b}" in known for a in range(SHADES + 1) for b in range(SHADES + 1))
    assert all(f"stroke {a}{weak}" in known for a in range(SHADES + 1) for weak in ("", " weak"))
    for level, shade in enumerate((palette.ground, *palette.heat)):
        stroke = known[f"stroke {level}"].color.name
        assert contrast(stroke, shade) >= 3, (level, stroke, shade)


def test_running_text_breaks_at_blanks_or_anywhere_in_what_has_none():
    assert lines_of("one two three", 8) == ["one two", "three"]
    assert lines_of("漢字かな交じり文", 6) == ["漢字か", "な交じ", "り文"]
    assert lines_of("a " + "x" * 9, 4) == ["a", "xxxx", "xxxx", "x"]
    assert lines_of("😀😀😀", 5) == ["😀😀", "😀"]
    assert lines_of("", 5) == []


@given(st.text(st.sampled_from("ab 漢😀é"), max_size=80), st.integers(2, 20))
def test_running_text_keeps_its_letters_and_its_width(text, width):
    made = lines_of(text, width)
    assert all(cell_len(line) <= width for line in made)
    assert "".join(made).replace(" ", "") == text.replace(" ", "")
