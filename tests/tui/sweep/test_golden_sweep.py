"""Pictures of the sweep screen, one text file each. `INFERTOP_UPDATE_GOLDEN=1 pytest tests/tui/sweep` redraws."""

from dataclasses import replace
from functools import cache

import pytest
from rich.cells import cell_len

from infertop.tui.draw.glyphs import Tier, to_ascii
from infertop.tui.draw.rows import row_text
from infertop.tui.panels.page import composed
from infertop.tui.sweep.keys import HINTS
from infertop.tui.sweep.model import board
from infertop.tui.sweep.panels.page import draw_page
from infertop.tui.sweep.view import CHARTS, SweepView

from ..screen import matches_golden
from .documents import DONE, RUNNING

SIZES = ((50, 20), (80, 24), (120, 40), (240, 60))


@cache
def made_board(at):
    return board((DONE, RUNNING)[at])


def board_of(sweep):
    return made_board(0) if sweep is DONE else made_board(1) if sweep is RUNNING else board(sweep)


def picture(sweep, width, height, **view):
    shown = SweepView(**view)
    rows = composed(draw_page(board_of(sweep), shown, width, height, HINTS), width, height)
    lines = [row_text(row) for row in rows]
    assert all(cell_len(line) == width for line in lines)
    assert len(lines) == height
    if shown.tier is Tier.ASCII:
        lines = [to_ascii(line) for line in lines]
    return "\n".join(line.rstrip() for line in lines)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_finished_sweep(size, tier):
    drawn = picture(DONE, *size, tier=tier)
    assert tier is not Tier.ASCII or drawn.isascii()
    assert "SIM" in drawn
    matches_golden(f"sweep/done_{size[0]}x{size[1]}_{tier}", drawn)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_sweep_under_way(size):
    drawn = picture(RUNNING, *size)
    assert "measuring" in drawn
    assert "SIM" in drawn
    matches_golden(f"sweep/running_{size[0]}x{size[1]}", drawn)


@pytest.mark.parametrize("front", CHARTS)
@pytest.mark.parametrize("tier", Tier)
def test_each_chart_in_front(front, tier):
    matches_golden(f"sweep/{front}_80x24_{tier}", picture(DONE, 80, 24, front=front, focus=1, tier=tier))


def test_other_ways_to_look_at_it():
    pictures = {
        "even": picture(DONE, 80, 24, even=True),
        "alone": picture(DONE, 80, 24, front="latency", focus=2, alone=True),
        "price": picture(DONE, 80, 24, front="pareto", rival="$/M"),
        "no_list": picture(DONE, 80, 24, legend=False, focus=3),
        "cheapest_first": picture(DONE, 80, 24, sort="$/M"),
    }
    assert len(set(pictures.values())) == len(pictures)
    for name, drawn in pictures.items():
        matches_golden(f"sweep/{name}_80x24", drawn)


def test_before_the_first_document():
    rows = composed(draw_page(None, SweepView(), 80, 24, HINTS), 80, 24)
    assert "waiting" in row_text(rows[0])


@pytest.mark.parametrize("width", [1, 8, 20, 33, 49, 70, 99, 100, 159, 160, 300])
@pytest.mark.parametrize("height", [1, 2, 5, 9, 17, 80])
def test_no_size_breaks_it(width, height):
    for front in CHARTS:
        picture(DONE, width, height, front=front, notice="a word to the user")
        picture(RUNNING, width, height, front=front, legend=False, alone=True)


def test_a_figure_below_its_floor_is_doubted_and_grey():
    made = board_of(DONE)
    weak = [stop for run in made.runs for stop in run.stops if stop.latency_ms and stop.latency_ms.weak]
    sound = [stop for run in made.runs for stop in run.stops if stop.latency_ms and not stop.latency_ms.weak]
    assert weak
    assert sound
    assert all(stop.answers < 130 for stop in weak)
    assert all(stop.answers >= 130 for stop in sound)
    pieces = draw_page(made, SweepView(front="points"), 120, 40, HINTS)
    spans = [span for _, rows in pieces for row in rows for span in row]
    doubted = [span for span in spans if span.text.strip().startswith("?")]
    assert doubted
    assert {span.role for span in doubted if len(span.text) > 1} <= {"weak", "series0 strong"}


def test_a_real_endpoint_says_so_before_and_after_its_first_point():
    from msgspec.structs import replace as with_

    curve = DONE.curves[0]
    real = with_(curve, backend=with_(curve.backend, url="http://gpu1:8000/v1"), points=())
    live = tuple(with_(point, counted=with_(point.counted, label="LIVE")) for point in curve.points)
    for changed in (real, with_(real, points=live)):
        made = board(with_(DONE, curves=(changed, *DONE.curves[1:])))
        assert [run.label for run in made.runs] == ["LIVE", "SIM", "SIM", "SIM"]
        for front in CHARTS:
            drawn = [
                row_text(row) for row in composed(draw_page(made, SweepView(front=front), 50, 20, HINTS), 50, 20)
            ]
            assert "LIVE" in drawn[0]
            assert "SIM" in drawn[0]


def test_what_others_wrote_reaches_no_terminal_raw():
    from msgspec.structs import replace as with_

    hostile = "\x1b[31mred\x9b2J\nline\u202e"
    curve = with_(DONE.curves[0], backend=with_(DONE.curves[0].backend, name=hostile), done=hostile, failed=True)
    points = tuple(with_(point, cut=hostile) for point in curve.points)
    sweep = with_(DONE, title=hostile, why=hostile, state="stopped", curves=(with_(curve, points=points),))
    for front in CHARTS:
        drawn = picture(sweep, 120, 40, front=front)
        assert all(char.isprintable() for char in drawn.replace("\n", ""))


def test_the_best_and_the_knee_are_marked_where_they_are():
    made = board_of(DONE)
    for run in made.runs:
        marks = {stop.level: stop.mark for stop in run.stops if stop.mark}
        assert run.knee is None or "knee" in marks[run.knee]
        assert run.pick is None or "best" in marks[run.pick.level]
    assert any(run.pick for run in made.runs)
    without = replace(made, runs=tuple(replace(run, pick=None) for run in made.runs))
    assert "best" not in row_text(draw_page(without, SweepView(), 80, 24, ())[1][1][0])
