"""Drawing: arrays in, pictures out. The expected values are the pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from infertop.engine.histogram import Histogram
from infertop.tui.draw.axis import LogAxis, axis_for, scale
from infertop.tui.draw.digits import big
from infertop.tui.draw.glyphs import MARKERS, Tier, choose_tier, to_ascii
from infertop.tui.draw.graph import area, bars, round_up
from infertop.tui.draw.rows import Span, fit, fit_row, flow, row_text, row_width, spread, wrap

MS = 1_000_000
words = st.text(st.sampled_from("ab 漢字é·…"), max_size=40)
rows = st.lists(st.builds(Span, words, st.sampled_from(["", "dim"])), max_size=6).map(tuple)


def test_a_graph_starts_at_zero_and_ends_at_the_newest_value():
    values = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 8], float)
    assert area(values, 8, 5, 2, Tier.BRAILLE) == ["  ⢀⣴⣿", "⢀⣴⣿⣿⣿"]
    assert area(values, 8, 5, 1, Tier.BRAILLE) == area(values, 8, 5, 1, Tier.BLOCK) == ["▁▂▄▆█"]


def test_a_graph_shows_nothing_where_nothing_is_known_and_a_trace_of_anything_above_zero():
    assert area(np.array([np.nan, np.nan, 0, 0, 0.001, 0.001]), 100, 4, 1, Tier.BLOCK) == ["   ▁"]


def test_bars_have_eight_steps_a_row():
    assert bars(np.array([0, 0.01, 0.5, 0.75, 1.0]), 2) == ["   ▄█", " ▁███"]


@given(st.floats(min_value=1e-3, max_value=1e9))
def test_the_top_of_an_axis_is_pretty_and_close_above(value):
    top = round_up(value)
    assert value * (1 - 1e-9) <= top <= value * 1.6
    assert float(f"{top:.2g}") == pytest.approx(top)


def test_an_axis_holds_every_value_from_tick_to_tick():
    histogram = Histogram()
    histogram.extend([23 * MS, 190 * MS])
    assert axis_for([histogram, Histogram()]) == LogAxis(20 * MS, 200 * MS)
    assert axis_for([Histogram()]) is None


@given(st.lists(st.integers(0, 2 * 10**12), min_size=1, max_size=50), st.integers(8, 200))
def test_laying_a_histogram_on_columns_loses_nothing(values, width):
    histogram = Histogram()
    histogram.extend(values)
    axis = axis_for([histogram])
    assert axis is not None
    columns = axis.spread(histogram, width)
    assert columns.sum() == pytest.approx(len(values))
    assert (columns >= -1e-9).all()


def test_tick_labels_stand_at_their_ticks():
    axis = LogAxis(10 * MS, 1000 * MS)
    drawn = scale(axis, 60)
    assert drawn.labels == "╵10 ms   ╵20 ms     ╵50 ms    ╵100 ms  ╵200 ms    ╵500 ms   "
    assert drawn.columns == tuple(axis.column(ms * MS, 60) for ms in (10, 20, 50, 100, 200, 500))


def test_big_digits():
    assert big("1,024.5") == (
        "▄█    █▀█ ▀▀█ █ █   █▀▀",
        " █    █ █ █▀▀ ▀▀█   ▀▀█",
        "▀▀▀ █ ▀▀▀ ▀▀▀   ▀ ▀ ▀▀▀",
    )


@given(words, st.integers(0, 30), st.sampled_from(["left", "right"]))
def test_fitted_text_has_its_width(text, width, align):
    assert cell_len(fit(text, width, align)) == width


@given(rows, st.integers(1, 60))
def test_fitted_rows_have_their_width(row, width):
    assert row_width(fit_row(row, width)) == width


@given(rows, rows, st.integers(1, 60))
def test_spread_rows_have_their_width(left, right, width):
    assert row_width(spread(left, right, width)) == width


@given(rows, st.integers(4, 60))
def test_wrapped_rows_fit_and_keep_their_words(row, width):
    wrapped = wrap(row, width)
    assert all(row_width(each) <= width for each in wrapped)
    if all(cell_len(word) <= width for span in row for word in span.text.split(" ")):
        assert "".join(map(row_text, wrapped)).replace(" ", "") == row_text(row).replace(" ", "")


def test_a_marker_is_not_parted_from_its_name():
    row = (Span("on the same prompts "), Span("◆ Groq LPU", "series3"), Span(" lower"))
    assert [row_text(each).rstrip() for each in wrap(row, 23)] == ["on the same prompts", "◆ Groq LPU lower"]


def test_sentences_flow_into_few_rows():
    parts = [(Span("one two"),), (Span("three"),), (Span("four five six"),)]
    assert [row_text(row) for row in flow(parts, 16, Span(" · "))] == ["one two · three", "four five six"]


@given(words)
def test_ascii_keeps_every_cell(text):
    assert to_ascii(text).isascii()
    assert cell_len(to_ascii(text)) == cell_len(text)


def test_every_backend_has_a_marker_of_its_own_in_every_tier():
    assert len(set(MARKERS)) == len({to_ascii(marker) for marker in MARKERS}) == 8


@pytest.mark.parametrize(
    ("environ", "encoding", "tier"),
    [
        ({}, "utf-8", Tier.BRAILLE),
        ({"INFERTOP_GLYPHS": "block"}, "utf-8", Tier.BLOCK),
        ({"TERM": "linux"}, "utf-8", Tier.ASCII),
        ({}, "iso8859-1", Tier.ASCII),
        ({"INFERTOP_GLYPHS": "braille", "TERM": "linux"}, "ascii", Tier.BRAILLE),
    ],
)
def test_the_terminal_decides_the_glyphs(environ, encoding, tier):
    assert choose_tier(environ, encoding) is tier
