"""The console under a pilot: every key, freezing, silence, endings."""

import asyncio
import re
from functools import cache, partial
from itertools import combinations

import msgspec
import pytest

from infertop.engine.commands import SetConcurrency, SetRate, SetWorkload
from infertop.engine.plan import ArrivalsPlan
from infertop.engine.process import EngineError
from infertop.engine.verdict import Verdict
from infertop.tui.feed import FrameArrived
from infertop.tui.keys import KEYS

from . import screen
from .frames import STACKS, Fleet, Tape
from .screen import settled, text


def quick_judge(backends, metric, pairs):
    """Verdicts by hand: the first backend of each pair is lower."""
    return [
        Verdict(metric, a.name, b.name, "a lower", 0.95, 2.0, 1.5, 2.5, 300) for a, b in combinations(backends, 2)
    ]


console = partial(screen.console, judge=quick_judge)


@cache
def fleet_frame(backends=4):
    return Fleet(STACKS[:backends]).advance(30).frame()


def focused(app):
    """The name of the card in focus: the one in a heavy border, or behind the pointer of the table."""
    for line in text(app).splitlines():
        for start in ("┏ ", "▸"):
            if start in line:
                return re.split(r"  | ━", line.split(start)[1])[0].strip("●■▲◆○□△◇ ")
    return None


def metric_tab(app):
    """The metric whose meaning the tails' rule prints."""
    rule = next(line for line in text(app).splitlines() if "TTFT  TPOT  ICL  E2E" in line)
    return rule.split("E2E")[1].strip(" ─").split(" ───")[0].split(" ──")[0].strip()


async def pressed(app, pilot, *keys):
    await pilot.press(*keys)
    await pilot.pause(0.02)
    return text(app)


async def freeze(app, pilot, link):
    before = await pressed(app, pilot, "space")
    assert "FROZEN 00:00" in before
    app.post_message(FrameArrived(Fleet(STACKS[:4]).advance(50).frame()))
    await pilot.pause(0.02)
    assert "00:30" in text(app)
    assert link.sent == []
    assert "00:50" in await pressed(app, pilot, "p")


async def metric_next(app, pilot, link):
    seen = [metric_tab(app)]
    for _ in range(4):
        await pressed(app, pilot, "tab")
        seen.append(metric_tab(app))
    assert seen == ["time to first token", "time per output token", "gap between chunks", "whole answer", seen[0]]


async def metric_previous(app, pilot, link):
    await pressed(app, pilot, "shift+tab")
    assert metric_tab(app) == "whole answer"


def focus(*steps):
    async def check(app, pilot, link):
        for key, name in steps:
            await pressed(app, pilot, key)
            assert focused(app) == name

    return check


async def expand(app, pilot, link):
    assert "p99.9" in await pressed(app, pilot, "enter")
    assert "p99.9" not in await pressed(app, pilot, "e")


async def back(app, pilot, link):
    await pressed(app, pilot, "enter")
    assert "p99.9" not in await pressed(app, pilot, "escape")
    assert "p99.9" not in await pressed(app, pilot, "escape")


async def load_up(app, pilot, link):
    picture = await pressed(app, pilot, "+", "=", "+")
    assert link.sent == [SetConcurrency(10), SetConcurrency(12), SetConcurrency(16)]
    assert "16 prompts at once" in picture


async def load_down(app, pilot, link):
    await pressed(app, pilot, "-")
    assert link.sent == [SetConcurrency(6)]


async def workload(app, pilot, link):
    await pressed(app, pilot, "w", "w", "w")
    assert link.sent == [SetWorkload("code"), SetWorkload("rag"), SetWorkload("chat")]


async def reset(app, pilot, link):
    assert "since 00:30, reset" in await pressed(app, pilot, "r")
    assert link.sent == []


async def save(app, pilot, link):
    assert "saved /profiles/fleet.toml" in await pressed(app, pilot, "S")


async def theme(app, pilot, link):
    before = app.theme
    await pressed(app, pilot, "t")
    assert app.theme != before
    assert app.current_theme.dark is False
    await pressed(app, pilot, "t")
    assert app.theme == before


def panel(key, mark):
    async def check(app, pilot, link):
        assert mark in text(app)
        assert mark not in await pressed(app, pilot, key)
        assert mark in await pressed(app, pilot, key)

    return check


async def refresh_less(app, pilot, link):
    assert "drawing 2 times" in await pressed(app, pilot, "[")
    assert "drawing 1 times" in await pressed(app, pilot, "[", "[")


async def refresh_more(app, pilot, link):
    assert "drawing 5 times" in await pressed(app, pilot, "]")
    assert "drawing 10 times" in await pressed(app, pilot, "]", "]")


async def show_help(app, pilot, link):
    picture = await pressed(app, pilot, "question_mark")
    assert all(binding.description in picture for binding in KEYS[:20])
    assert "infertop · keys" not in await pressed(app, pilot, "escape")
    assert "infertop · keys" in await pressed(app, pilot, "f1")


async def leave(app, pilot, link):
    await pilot.press("q")
    await pilot.pause(0.1)
    assert link.stopped
    assert app.return_value is await link.stop()


CHECKS = {
    "freeze": freeze,
    "metric-next": metric_next,
    "metric-previous": metric_previous,
    "focus-right": focus(("right", "MI300X ×1"), ("l", "Groq LPU")),
    "focus-left": focus(("right", "MI300X ×1"), ("left", "H200 ×1"), ("h", "H200 ×1")),
    "focus-down": focus(("down", "Inferentia2 ×12"), ("j", "Inferentia2 ×12")),
    "focus-up": focus(("down", "Inferentia2 ×12"), ("up", "H200 ×1"), ("k", "H200 ×1")),
    "expand": expand,
    "load-up": load_up,
    "load-down": load_down,
    "workload": workload,
    "reset": reset,
    "save": save,
    "panel-cards": panel("1", "0 errors"),
    "panel-tails": panel("2", "time to first token"),
    "panel-verdicts": panel("3", "answers first"),
    "panel-events": panel("4", "─ events"),
    "refresh-less": refresh_less,
    "refresh-more": refresh_more,
    "theme": theme,
    "help": show_help,
    "back": back,
    "quit": leave,
}


def test_every_binding_has_a_check_and_a_name_of_its_own():
    ids = [binding.id for binding in KEYS]
    assert len(set(ids)) == len(ids)
    assert set(ids) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
async def test_key(name):
    options = {"workloads": ["chat", "code", "rag"], "save_profile": lambda frame: "/profiles/fleet.toml"}
    async with console(fleet_frame(), **options) as (app, pilot, link):
        await CHECKS[name](app, pilot, link)


async def test_ctrl_c_leaves_from_any_screen():
    async with console(fleet_frame()) as (app, pilot, link):
        await pilot.press("question_mark", "ctrl+c")
        await pilot.pause(0.1)
        assert link.stopped
        assert app.return_value is not None


async def test_quitting_twice_does_not_wait_for_the_engine():
    class Stuck(Tape):
        async def stop(self):
            await asyncio.Event().wait()

    frame = fleet_frame()
    async with console(frame, link=Stuck(frame)) as (app, pilot, _):
        assert "STOPPING" in await pressed(app, pilot, "q")
        await pilot.press("q")
        await pilot.pause(0.05)
        assert app.return_value is frame


async def test_load_of_an_open_loop_is_a_rate():
    frame = Fleet(STACKS[:2], arrivals=ArrivalsPlan(kind="poisson", rate_per_s=4)).advance(5).frame()
    async with console(frame) as (app, pilot, link):
        await pressed(app, pilot, "+", "+", "-")
        assert link.sent == [SetRate(5), SetRate(6.4), SetRate(5)]


async def test_a_profile_that_cannot_be_saved_says_why():
    def refuse(frame):
        raise ValueError("the disk [bold]is full[/]\x1b[31m")

    async with console(fleet_frame(), save_profile=refuse) as (app, pilot, _):
        assert "not saved: the disk [bold]is full[/]\N{REPLACEMENT CHARACTER}[31m" in await pressed(app, pilot, "S")


class Waiting(Tape):
    """Frames that come when `more` is set, one each time."""

    def __init__(self, *frames):
        super().__init__(*frames)
        self.more = asyncio.Event()

    async def frames(self):
        for frame in self._frames:
            yield frame
            await self.more.wait()
            self.more.clear()


async def test_frozen_time_is_counted_and_any_key_still_works():
    now = [100.0]
    frame = msgspec.structs.replace(fleet_frame(), phase="done")
    async with console(frame, clock=lambda: now[0]) as (app, pilot, _):
        await pressed(app, pilot, "space")
        now[0] += 12
        assert "FROZEN 00:12" in await pressed(app, pilot, "tab")
        assert metric_tab(app) == "time per output token"


async def test_a_silent_engine_is_noticed():
    now = [100.0]
    frame = fleet_frame()
    link = Waiting(frame, frame)
    async with console(frame, link=link, clock=lambda: now[0]) as (app, pilot, _):
        now[0] += 5
        await pilot.pause(1.1)
        assert "NO NEWS" in text(app)
        link.more.set()
        await pilot.pause(0.3)
        assert "NO NEWS" not in text(app)


async def test_a_dead_engine_is_named_with_its_reason():
    class Dying(Tape):
        async def frames(self):
            async for frame in super().frames():
                yield frame
            raise EngineError("the engine ended unexpectedly (exit status -9)")

    frame = fleet_frame()
    async with console(frame, link=Dying(frame)) as (app, pilot, _):
        await pilot.pause(0.4)
        picture = text(app)
    assert "ENGINE GONE" in picture
    assert "exit status -9" in picture


async def test_the_end_of_a_run_stays_on_screen():
    frame = Fleet(STACKS[:4]).advance(30).frame(phase="done", stop_reason="duration")
    async with console(frame) as (app, pilot, _):
        await pilot.pause(0.4)
        picture = text(app)
    assert "DONE time is up" in picture
    assert "mean" in picture


async def test_a_resize_redraws_the_same_picture_for_the_new_size():
    async with console(fleet_frame(8), size=(120, 40)) as (app, pilot, _):
        for size in ((50, 20), (240, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause(0.1)
            lines = text(app).splitlines()
            assert len(lines) == size[1]
            assert "q quit" in lines[-1]
            assert "00:30" in text(app)


async def test_a_click_focuses_the_card_under_it():
    async with console(fleet_frame()) as (app, pilot, _):
        await pilot.click(offset=(100, 5))
        await pilot.pause(0.02)
        assert focused(app) == "Inferentia2 ×12"


async def test_nothing_is_drawn_while_nothing_happens():
    async with console(fleet_frame()) as (app, pilot, _):
        await pilot.pause(0.4)
        drawn = []
        original = app._live.show
        app._live.show = lambda *shown: drawn.append(shown) or original(*shown)
        await pilot.pause(1.2)
    assert drawn == []


async def test_a_newer_frame_takes_the_place_of_one_that_waits():
    async with console(fleet_frame()) as (app, pilot, _):
        taken = []
        original = app._model.take
        app._model.take = lambda frame: taken.append(frame.seq) or original(frame)
        fleet = Fleet(STACKS[:2])
        frames = [fleet.advance(1).frame() for _ in range(50)]
        for frame in frames:
            app.post_message(FrameArrived(frame))
        await settled(app, pilot, frames[-1])
    assert taken[-1] == 50
    assert len(taken) < 5
