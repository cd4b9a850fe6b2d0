"""The director keeps time, whatever the audience does: pure, with a clock by hand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.plan import ArrivalsPlan
from infertop.tui.walkthrough.director import Director
from infertop.tui.walkthrough.script import Act, Cue, Setting, Stand

_STAND = Stand("chat", ArrivalsPlan(concurrency=4), {}, {})


def act(title, lasts_s, *at_s):
    return Act(title, lasts_s, tuple(Cue(at, Setting(_STAND, f"{title}{at:g}")) for at in at_s))


SCRIPT = (act("a", 10, 0.0, 4.0), act("b", 20, 0.0, 5.0, 15.0), act("c", 5, 0.0))


def said(director, now_s):
    cue = director.tick(now_s)
    return cue.setting.caption if cue else None


def place(director, now_s):
    progress = director.progress(now_s)
    return progress.number, progress.elapsed_s, progress.mode


def playing(now_s=100.0, start=0):
    director = Director(SCRIPT, start)
    director.play(now_s)
    return director


def test_every_cue_comes_once_and_in_its_time():
    director = playing()
    heard = [(second, caption) for second in range(40) if (caption := said(director, 100.0 + second))]
    assert heard == [(0, "a0"), (4, "a4"), (10, "b0"), (15, "b5"), (25, "b15"), (30, "c0")]
    assert place(director, 140.0) == (3, 5, "over")


def test_of_several_cues_that_are_due_the_last_counts():
    assert said(playing(), 126.0) == "b15"


def test_a_pause_holds_the_script_and_not_the_setting():
    director = playing()
    assert said(director, 103.0) == "a0"
    director.pause(103.0)
    assert [said(director, 103.0 + wait) for wait in (1, 50, 500)] == [None, None, None]
    director.pause(700.0)
    assert said(director, 700.5) is None
    assert said(director, 701.0) == "a4"


def test_taking_the_stage_back_sets_it_as_the_script_says():
    director = playing()
    said(director, 105.0)
    director.roam(105.0)
    assert said(director, 300.0) is None
    assert place(director, 300.0) == (1, 5, "free")
    director.roam(300.0)
    assert said(director, 300.0) == "a4"
    assert place(director, 301.0) == (1, 6, "playing")


def test_next_and_back():
    director = playing()
    said(director, 101.0)
    director.skip(102.0)
    assert said(director, 102.0) == "b0"
    director.back(103.0)
    assert (said(director, 103.0), director.progress(103.0).number) == ("a0", 1)
    director.back(104.0)
    assert (said(director, 104.0), director.progress(104.0).number) == ("a0", 1)
    director.skip(105.0)
    director.back(112.0)
    assert (said(director, 112.0), place(director, 112.0)) == ("b0", (2, 0, "playing"))


def test_a_pause_survives_going_on():
    director = playing()
    director.pause(101.0)
    director.skip(102.0)
    assert said(director, 102.0) == "b0"
    assert place(director, 150.0) == (2, 0, "paused")


@pytest.mark.parametrize("how", ["skip", "pause"])
def test_after_the_end_it_begins_anew(how):
    director = playing(start=2)
    director.skip(101.0)
    assert place(director, 101.0) == (3, 5, "over")
    getattr(director, how)(110.0)
    assert (said(director, 110.0), place(director, 110.0)) == ("a0", (1, 0, "playing"))


@given(
    st.lists(
        st.tuples(st.floats(0, 20), st.sampled_from(["tick", "pause", "roam", "skip", "back", "play"])), max_size=40
    )
)
def test_whatever_is_done_it_stays_in_the_script_and_time_never_jumps_back_while_it_plays(steps):
    director = playing(0.0)
    times = itertools.accumulate(wait for wait, _ in steps)
    for now_s, (_, what) in zip(times, steps, strict=True):
        before = director.progress(now_s)
        getattr(director, what)(now_s)
        after = director.progress(now_s)
        assert 1 <= after.number <= len(SCRIPT)
        assert 0 <= after.elapsed_s <= after.act.lasts_s
        if what in {"tick", "pause", "play"} and before.mode != "over":
            assert (after.number, after.elapsed_s) >= (before.number, before.elapsed_s - 1e-6)
