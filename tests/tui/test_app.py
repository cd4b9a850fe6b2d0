"""The console under a pilot: every key, freezing, silence, endings."""

import asyncio
import re
from functools import cache, partial
from itertools import combinations

import msgspec
import pytest

from infertop.engine.commands import Follow, Hold, SetArrivals, SetConcurrency, SetRate, SetWorkload
from infertop.engine.plan import ArrivalsPlan
from infertop.engine.process import EngineError
from infertop.engine.verdict import Verdict
from infertop.tui.feed import FrameArrived
from infertop.tui.keys import KEYS
from infertop.tui.papers import Papers

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
    assert "■ MI300X ×1" in (await pressed(app, pilot, "right")).splitlines()[1]
    assert "p99.9" not in await pressed(app, pilot, "e")


async def page_down(app, pilot, link):
    before = await pressed(app, pilot, "enter")
    assert "more rows" in before.splitlines()[-2]
    assert "where figures come from" in await pressed(app, pilot, "pagedown", "pagedown", "pagedown")
    assert "more rows" not in text(app)


async def page_up(app, pilot, link):
    before = await pressed(app, pilot, "enter")
    assert await pressed(app, pilot, "pagedown", "pagedown", "pageup", "pageup") == before
    assert await pressed(app, pilot, "down") != before
    assert await pressed(app, pilot, "up") == before


async def compare(app, pilot, link):
    assert "a ● H200 ×1  b ■ MI300X ×1" in await pressed(app, pilot, "c")
    assert link.sent == [Follow(on=True)]
    assert "b ▲ Groq LPU" in await pressed(app, pilot, "right")
    assert "b ◆ Inferentia2" in await pressed(app, pilot, "left", "left")
    assert "quantiles" not in await pressed(app, pilot, "c")
    assert link.sent == [Follow(on=True), Follow(on=False)]


async def compare_first(app, pilot, link):
    assert "a ▲ Groq LPU  b ■ MI300X" in await pressed(app, pilot, "c", "a")
    assert "a ◆ Inferentia2" in await pressed(app, pilot, "a")


async def seek(app, pilot, link):
    assert "only backends with" in await pressed(app, pilot, "/")
    picture = await pressed(app, pilot, "g", "r", "o")
    assert "only gro: 1" in picture
    assert "Groq LPU" in picture
    assert "MI300X" not in picture
    assert "MI300X" in await pressed(app, pilot, "escape")
    await pressed(app, pilot, "/", *"vllm", "enter")
    assert "Groq LPU" not in text(app)
    assert focused(app) == "H200 ×1"
    assert "Groq LPU" in await pressed(app, pilot, "escape")
    await pressed(app, pilot, "/", *"<400ms", "enter")
    assert "Inferentia2" not in text(app)
    assert "MI300X" in text(app)
    await pressed(app, pilot, "/", *["backspace"] * 6, *"<0.1s", "enter")
    assert "MI300X" not in text(app)


def names(app):
    """The backends from left to right and from top to bottom."""
    found = re.findall(r"[╭┏] [●■▲◆] (\S+)", text(app))
    assert len(found) == 4
    return found


async def sort_next(app, pilot, link):
    assert "sorted by tok/s" in await pressed(app, pilot, ">")
    assert names(app)[0] == "Groq"
    assert names(app)[-1] == "Inferentia2"
    await pressed(app, pilot, "f6", "f6")
    assert "by $/M" in text(app)
    cards = app._board.cards
    assert [card.usd_per_m for card in cards] == sorted(card.usd_per_m for card in cards)
    assert names(app)[-1] == "Inferentia2"


async def sort_previous(app, pilot, link):
    assert "sorted by name" in await pressed(app, pilot, "<")
    assert names(app) == ["Groq", "H200", "Inferentia2", "MI300X"]
    assert focused(app) == "H200 ×1"


async def event_previous(app, pilot, link):
    fleet = Fleet(STACKS[:4]).advance(30)
    fleet.mark("concurrency 4")
    for _ in range(4):
        app._model.take(fleet.advance(5).frame())
    fleet.mark("concurrency 16")
    for _ in range(15):
        app._model.take(fleet.advance(4).frame())
    app.draw()
    picture = await pressed(app, pilot, "N")
    assert "00:50  concurrency 16" in picture.splitlines()[-1]
    assert "▴ here" in picture
    assert "00:30  concurrency 4" in (await pressed(app, pilot, "N")).splitlines()[-1]
    assert "no event before" in await pressed(app, pilot, "N")
    assert "▴ here" in text(app)
    assert "▴ here" not in await pressed(app, pilot, "escape")


async def event_next(app, pilot, link):
    await event_previous(app, pilot, link)
    await pressed(app, pilot, "N", "N")
    assert "00:50  concurrency 16" in await pressed(app, pilot, "n")
    assert "this is now" in await pressed(app, pilot, "n")
    assert "▴ here" not in text(app)


async def look_back(app, pilot, link):
    picture = await pressed(app, pilot, "3", "shift+left")
    assert "looking at 00:20" in picture
    assert "looking at 00:10" in await pressed(app, pilot, "shift+left")
    assert "looking at 00:00" in await pressed(app, pilot, "shift+left", "shift+left")


async def look_on(app, pilot, link):
    await pressed(app, pilot, "shift+left", "shift+left")
    assert "looking at 00:20" in await pressed(app, pilot, "shift+right")
    assert "looking at" not in await pressed(app, pilot, "shift+right")


async def hold(app, pilot, link):
    assert "nothing is sent to MI300X" in await pressed(app, pilot, "right", "x")
    assert "MI300X ×1 goes on" in await pressed(app, pilot, "x")
    assert link.sent == [Hold("MI300X ×1", on=True), Hold("MI300X ×1", on=False)]
    frame = fleet_frame()
    held = msgspec.structs.replace(frame.backends[1], held=True)
    app.post_message(FrameArrived(msgspec.structs.replace(frame, seq=9, backends=(frame.backends[0], held))))
    await pilot.pause(0.05)
    assert "PAUSED held, until" in text(app)


async def what_if(app, pilot, link):
    assert "a real server: only its price" in await pressed(app, pilot, "W")
    await pressed(app, pilot, "right", "enter")
    (command,) = link.sent
    before = fleet_frame().backends[0].price
    assert (command.backend, command.price.usd_per_chip_hour) == ("H200 ×1", 4.0)
    assert before.usd_per_chip_hour < 4.0
    assert "$4 an hour" in text(app)


async def screenshot(app, pilot, link):
    shown = text(app).splitlines()
    name = re.search(r"infertop-\S+\.svg", await pressed(app, pilot, "s"))[0]
    folder = app._papers._folder
    assert (folder / name.replace(".svg", ".txt")).read_text().splitlines() == shown
    assert "Groq LPU" in (folder / name).read_text()
    assert "no screenshot: " in await pressed(app, pilot, "s") or len(list(folder.iterdir())) == 4


async def export(app, pilot, link):
    await pressed(app, pilot, "E")
    for _ in range(200):
        await pilot.pause(0.02)
        if "exported" in text(app):
            break
    (folder,) = app._papers._folder.iterdir()
    assert f"to {folder.name}/" in text(app)
    assert {file.suffix for file in folder.iterdir()} == {".html", ".md", ".json", ".svg"}


async def palette(app, pilot, link):
    await pilot.press("ctrl+p")
    await pilot.pause(0.1)
    await pilot.press(*"load 64")
    await pilot.pause(0.5)
    assert "load: 64 prompts at once" in text(app)
    await pilot.press("enter")
    for _ in range(100):
        await pilot.pause(0.02)
        if link.sent:
            break
    assert link.sent == [SetConcurrency(64)]


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


async def arrivals(app, pilot, link):
    picture = await pressed(app, pilot, "A", "A")
    plans = [command.arrivals for command in link.sent]
    assert [plan.kind for plan in plans] == ["constant", "poisson"]
    achieved = app._board.header.load.achieved_per_s
    assert {plan.rate_per_s for plan in plans} == {plans[0].rate_per_s}
    assert 0.7 * achieved < plans[0].rate_per_s < achieved
    assert f"load: {plans[0].rate_per_s:g}/s Poisson to each backend" in picture
    assert "in bursts (cv 2)" in await pressed(app, pilot, "A")
    assert "8 prompts at once to each backend" in await pressed(app, pilot, "A")
    assert link.sent[-1].arrivals.kind == "closed"


async def workload(app, pilot, link):
    await pressed(app, pilot, "w", "w", "w")
    assert link.sent == [SetWorkload("code"), SetWorkload("rag"), SetWorkload("chat")]


async def reset(app, pilot, link):
    assert "since 00:30, reset" in await pressed(app, pilot, "r")
    assert link.sent == []


async def save(app, pilot, link):
    assert "saved /profiles/fleet.toml" in await pressed(app, pilot, "P")


async def theme(app, pilot, link):
    before = app.theme
    await pressed(app, pilot, "t")
    assert app.theme != before
    assert app.current_theme.dark is False
    await pressed(app, pilot, "t")
    assert app.theme == before


def panel(key, mark):
    async def check(app, pilot, link):
        shown = mark in text(app)
        assert (mark in await pressed(app, pilot, key)) is not shown
        assert (mark in await pressed(app, pilot, key)) is shown

    return check


async def only(app, pilot, link):
    await pressed(app, pilot, "3", "3")
    picture = await pressed(app, pilot, "o")
    assert "─ heat" in picture
    assert "time to first token" not in picture
    picture = await pressed(app, pilot, "2")
    assert "─ heat" not in picture
    assert "time to first token" in picture
    assert "0 errors" in await pressed(app, pilot, "o")


async def time_more(app, pilot, link):
    assert "10 s wide" in await pressed(app, pilot, "z")
    assert "60 s wide" in await pressed(app, pilot, "z", "z")


async def time_less(app, pilot, link):
    assert "10 s wide" in await pressed(app, pilot, "z", "z", "Z")
    assert " 1 s wide" in await pressed(app, pilot, "Z", "Z")


async def detach(app, pilot, link):
    assert "ends with its screen" in await pressed(app, pilot, "D")


async def refresh_less(app, pilot, link):
    assert "drawing 2 times" in await pressed(app, pilot, "[")
    assert "drawing 1 times" in await pressed(app, pilot, "[", "[")


async def refresh_more(app, pilot, link):
    assert "drawing 5 times" in await pressed(app, pilot, "]")
    assert "drawing 10 times" in await pressed(app, pilot, "]", "]")


async def show_help(app, pilot, link):
    picture = await pressed(app, pilot, "question_mark")
    assert all(binding.description in picture for binding in KEYS[:20])
    await pressed(app, pilot, "end")
    await pilot.pause(0.5)
    picture = text(app)
    assert all(binding.description in picture for binding in KEYS[-10:])
    assert "infertop · keys" not in await pressed(app, pilot, "escape")
    assert "infertop · keys" in await pressed(app, pilot, "f1")


async def leave(app, pilot, link):
    asked = await pressed(app, pilot, "q")
    assert "money is being spent" in asked
    assert "infertop attach" not in asked
    assert not link.stopped
    assert "money is being spent" not in await pressed(app, pilot, "escape")
    await pilot.press("q", "q")
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
    "page-down": page_down,
    "page-up": page_up,
    "compare": compare,
    "compare-first": compare_first,
    "filter": seek,
    "sort-next": sort_next,
    "sort-previous": sort_previous,
    "event-previous": event_previous,
    "event-next": event_next,
    "hold": hold,
    "what-if": what_if,
    "look-back": look_back,
    "look-on": look_on,
    "screenshot": screenshot,
    "export": export,
    "palette": palette,
    "load-up": load_up,
    "load-down": load_down,
    "arrivals": arrivals,
    "workload": workload,
    "reset": reset,
    "save": save,
    "panel-cards": panel("1", "0 errors"),
    "panel-tails": panel("2", "time to first token"),
    "panel-heat": panel("3", "─ heat"),
    "panel-cost": panel("4", "─ cost"),
    "panel-power": panel("5", "─ power"),
    "panel-verdicts": panel("6", "answers first"),
    "panel-stream": panel("7", "─ answers"),
    "panel-server": panel("8", "─ server"),
    "panel-events": panel("9", "─ events"),
    "only": only,
    "time-more": time_more,
    "time-less": time_less,
    "detach": detach,
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
async def test_key(name, tmp_path):
    options = {
        "workloads": ["chat", "code", "rag"],
        "save_profile": lambda frame: "/profiles/fleet.toml",
        "papers": Papers(tmp_path, lambda: None),
    }
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
        assert "STOPPING" in await pressed(app, pilot, "ctrl+c")
        await pilot.press("q")
        await pilot.pause(0.05)
        assert app.return_value is frame


class Host(Tape):
    """A session whose run can go on without its screen."""

    left = False

    async def detach(self):
        self.left = True
        return self._frames[-1]


async def test_quitting_offers_to_leave_the_run_going_where_it_can():
    frame = fleet_frame()
    link = Host(frame)
    async with console(frame, link=link) as (app, pilot, _):
        assert "infertop attach" in await pressed(app, pilot, "q")
        await pressed(app, pilot, "d")
    assert link.left
    assert not link.stopped


@pytest.mark.parametrize("changes", [{"phase": "done"}, {"backends": fleet_frame(2).backends}])
async def test_quitting_asks_only_while_money_is_being_spent(changes):
    frame = msgspec.structs.replace(fleet_frame(), **changes)
    async with console(frame) as (_, pilot, link):
        await pilot.press("q")
        await pilot.pause(0.1)
        assert link.stopped


async def test_one_who_only_looks_in_is_not_asked():
    async with console(fleet_frame(), ends_run=False) as (app, pilot, link):
        assert "it goes on without you" in await pressed(app, pilot, "D")
        await pilot.press("q")
        await pilot.pause(0.1)
        assert link.stopped


async def test_load_of_an_open_loop_is_a_rate():
    frame = Fleet(STACKS[:2], arrivals=ArrivalsPlan(kind="poisson", rate_per_s=4)).advance(5).frame()
    async with console(frame) as (app, pilot, link):
        await pressed(app, pilot, "+", "+", "-")
        assert link.sent == [SetRate(5), SetRate(6.4), SetRate(5)]


async def test_another_kind_of_arrivals_can_be_chosen_by_name():
    frame = Fleet(STACKS[:2], arrivals=ArrivalsPlan(kind="poisson", rate_per_s=4)).advance(5).frame()
    async with console(frame) as (app, pilot, link):
        await pilot.press("ctrl+p")
        await pilot.pause(0.1)
        await pilot.press(*"load bursts")
        await pilot.pause(0.5)
        assert "load: 4/s in bursts (cv 2)" in text(app)
        await pilot.press("enter")
        for _ in range(100):
            await pilot.pause(0.02)
            if link.sent:
                break
        assert link.sent == [SetArrivals(ArrivalsPlan(kind="gamma", rate_per_s=4, cv=2))]


async def test_a_profile_that_cannot_be_saved_says_why():
    def refuse(frame):
        raise ValueError("the disk [bold]is full[/]\x1b[31m")

    async with console(fleet_frame(), save_profile=refuse) as (app, pilot, _):
        assert "not saved: the disk [bold]is full[/]\N{REPLACEMENT CHARACTER}[31m" in await pressed(app, pilot, "P")


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
