"""A walkthrough on the screen: what it asks of the run, what it says, who may interrupt."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from infertop.backends.fleet.faults import Fault
from infertop.engine.commands import Follow, Hold, SetArrivals, SetConcurrency, SetFaults, SetStack, SetWorkload
from infertop.engine.plan import BackendPlan, RunPlan, WorkloadPlan
from infertop.profiles.scenes import (
    BackendFault,
    BackendStack,
    BigFigure,
    Moment,
    Scene,
    Split,
    Walkthrough,
    load_walkthrough,
)
from infertop.profiles.schema import to_plan
from infertop.profiles.walkthrough_library import find_walkthrough
from infertop.tui.draw.glyphs import Tier
from infertop.tui.draw.rows import row_width
from infertop.tui.feed import FrameArrived
from infertop.tui.keys import KEYS, Keys
from infertop.tui.metrics import TTFT
from infertop.tui.model import Model
from infertop.tui.view import View
from infertop.tui.walkthrough.app import WalkthroughApp, walkthrough_keys
from infertop.tui.walkthrough.director import Progress
from infertop.tui.walkthrough.figures import draw_figures, figure_of
from infertop.tui.walkthrough.script import first_stand, lasts_s, script_of
from infertop.tui.walkthrough.strip import draw_strip, strip_height

from ..frames import STACKS, Fleet, Tape
from ..screen import matches_golden, settled, text

PLAN = RunPlan(backends=tuple(BackendPlan(name=stack.name, url="sim:h200") for stack in STACKS[:4]))
STALL = {"kind": "stall", "share": 0.1, "stall_s": 3.0}
WALKTHROUGH = Walkthrough(
    scenes=(
        Scene(
            title="First",
            lasts="30s",
            caption="Four machines get the same prompts at the same moment, and nobody knows yet who is ahead.",
            look="the histograms.",
            metric="E2E",
            backend="Groq LPU",
            panels=("tails", "cards"),
            figures=(BigFigure(backend="Groq LPU", shows="p50"), BigFigure(backend="H200 ×1", shows="tok/s")),
            then=(
                Moment(after=10, concurrency=32, caption="More load."),
                Moment(after=20, faults=(BackendFault(backend="H200 ×1", **STALL),)),
            ),
        ),
        Scene(
            title="Second",
            lasts="20s",
            caption="Each share of the traffic goes where it is served best.",
            workload="rag",
            panels=("heat",),
            only=True,
            stacks=(BackendStack(backend="MI300X ×1", stack="h200x8"),),
            split=Split(share="rag", p50_ms=500),
        ),
    )
)
SCRIPT = script_of(WALKTHROUGH, PLAN)


class Clock:
    now_s = 50.0

    def __call__(self):
        return self.now_s


@asynccontextmanager
async def shown(*, size=(120, 40), tier=Tier.BRAILLE, workload="chat", start=0):
    """A walkthrough whose time passes only by `at`, after 30 s of a run and 20 s in its window."""
    fleet = Fleet(STACKS[:4]).advance(30)
    fleet.workload = WorkloadPlan(source=workload)
    tape, clock = Tape(fleet.frame()), Clock()
    options = {"workloads": ("chat", "rag"), "tier": tier, "clock": clock}
    app = WalkthroughApp(tape, SCRIPT, first_stand(PLAN), start=start, **options)
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot, tape._frames[0])
        app._tick()

        async def at(seconds, *keys, runs_s=0):
            if runs_s:
                app.post_message(FrameArrived(newer := fleet.advance(runs_s).frame()))
                await settled(app, pilot, newer)
            clock.now_s = 50.0 + seconds
            await pilot.press(*keys)
            app._tick()
            app.draw()
            await pilot.pause(0.02)
            return text(app)

        await at(0, runs_s=20)
        yield app, tape, at


def asked(tape):
    return [command for command in tape.sent if not isinstance(command, Follow)]


async def test_the_script_is_played_and_a_scene_takes_back_what_the_one_before_did():
    async with shown() as (_, tape, at):
        picture = await at(1)
        assert "1/2  First" in picture
        assert "00:01 of 00:30" in picture
        assert "nobody knows yet" in picture
        assert asked(tape) == []
        await at(11)
        assert asked(tape) == [SetConcurrency(32)]
        await at(21)
        assert asked(tape)[1:] == [SetFaults("H200 ×1", (Fault(**STALL),))]
        tape.sent.clear()
        picture = await at(30.5)
        assert "2/2  Second" in picture
        assert asked(tape) == [
            SetWorkload("rag"),
            SetConcurrency(8),
            SetStack("MI300X ×1", "h200x8"),
            SetFaults("H200 ×1", ()),
        ]
        tape.sent.clear()
        await at(31, "b")
        assert asked(tape) == [SetWorkload("chat"), SetStack("MI300X ×1", "h200")]


async def test_next_pause_and_the_end():
    async with shown() as (_, tape, at):
        assert "2/2  Second" in await at(2, "n")
        picture = await at(4, "space")
        assert "PAUSED" in picture
        assert "00:02 of 00:20" in await at(600)
        assert "PAUSED" not in await at(600, "space")
        picture = await at(700)
        assert "THE END" in picture
        assert "1/2  First" in await at(701, "n")
        assert not tape.stopped


async def test_roaming_free_the_audience_has_every_key_and_the_script_takes_back_what_they_did():
    async with shown() as (_, tape, at):
        picture = await at(3, "f")
        assert "FREE ROAM" in picture
        assert "nobody knows yet" not in picture
        await at(4, "w", "+", "A", "tab", "x")
        assert len(asked(tape)) == 4
        assert "FREE ROAM" in await at(500)
        tape.sent.clear()
        picture = await at(500, "f")
        closed = SetArrivals(PLAN.arrivals)
        assert asked(tape) == [SetWorkload("chat"), closed, Hold("Groq LPU", on=False)]
        assert "nobody knows yet" in picture
        assert "E2E  whole answer" in picture
        assert "00:03 of 00:30" in picture


async def test_the_picture_can_be_frozen_and_every_key_of_the_director_is_tested_here():
    async with shown() as (_, _, at):
        assert "FROZEN" in await at(1, "p")
        assert "FROZEN" not in await at(2, "p")
    console = {binding.id for binding in KEYS}
    own = {binding.id for binding in walkthrough_keys(Keys()).bindings} - console
    assert own == {"scene-next", "scene-back", "pause", "roam"}


async def test_what_the_script_shows_is_not_remembered(tmp_path):
    from infertop.tui.viewstate import ViewState

    state = ViewState(tmp_path / "view.toml").forgetful()
    frame = Fleet(STACKS[:4]).advance(30).frame()
    app = WalkthroughApp(Tape(frame), SCRIPT, first_stand(PLAN), state=state)
    async with app.run_test() as pilot:
        await settled(app, pilot, frame)
        await pilot.press("t", "3", "]")
    assert not (tmp_path / "view.toml").exists()


async def test_the_share_of_the_traffic_is_judged_on_its_own_prompts_only():
    async with shown(start=1) as (_, _, at):
        assert "rag →" not in await at(1)
    async with shown(start=1, workload="rag") as (_, _, at):
        assert "rag →" not in await at(5, runs_s=20)
        assert "rag →" not in await at(8.5)
        assert "rag → ■ MI300X ×1" in await at(9, runs_s=20)


@pytest.mark.parametrize("size", [(50, 20), (80, 24), (120, 40), (240, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_golden(size):
    async with shown(size=size) as (_, _, at):
        picture = await at(2)
    assert len(picture.splitlines()) == size[1]
    assert all(cell_len(line) <= size[0] for line in picture.splitlines())
    assert "SIM" in picture
    matches_golden(f"walkthrough_{size[0]}x{size[1]}", picture)


async def test_golden_ascii():
    async with shown(tier=Tier.ASCII, size=(80, 24)) as (_, _, at):
        picture = await at(2)
    assert picture.isascii()
    matches_golden("walkthrough_80x24_ascii", picture)


def tour():
    walkthrough = load_walkthrough(find_walkthrough("tour"))
    return walkthrough, to_plan(walkthrough, "tour")


def test_the_tour_is_five_scenes_in_under_four_minutes():
    script = script_of(*tour())
    assert len(script) == 5
    assert lasts_s(script) < 240


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (240, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_word_of_the_tour_has_room_and_the_panels_too(size):
    for act in script_of(*tour()):
        progress = Progress(1, 5, act, 0.0, "playing")
        rows = strip_height(progress, *size)
        assert size[1] - rows - 3 >= 9
        for cue in act.cues:
            drawn = draw_strip(progress, cue.setting, (), View(), size[0], rows)
            said = " ".join(" ".join(span.text for span in row).strip() for row in drawn)
            for word in (cue.setting.caption + " " + cue.setting.look).split():
                assert word in said


def test_every_moment_keeps_a_caption_on_screen_long_enough_to_be_read():
    """At 3 words a second, which is slow for reading and about right for reading aloud."""
    for act in script_of(*tour()):
        moments = {}
        for cue in act.cues:
            moments.setdefault(cue.setting.caption, cue.at_s)
        ends = [*list(moments.values())[1:], act.lasts_s]
        for (caption, began), end in zip(moments.items(), ends, strict=True):
            assert len(caption.split()) / 3 <= end - began, caption


def test_the_documented_example_loads(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "walkthrough.md").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert load_walkthrough(path).scenes


def test_a_walkthrough_is_a_profile_with_scenes():
    walkthrough, plan = tour()
    assert all(backend.url.startswith("sim:") for backend in plan.backends)
    assert msgspec.structs.asdict(walkthrough)["scenes"]


def test_the_recorded_walkthrough_is_small_and_well_formed():
    recording = Path(__file__).parents[3] / "docs" / "walkthrough.cast"
    assert recording.stat().st_size < 500_000
    header, *events = map(json.loads, recording.read_text(encoding="utf-8").splitlines())
    assert header["version"] == 3
    assert all(kind == "o" and wait >= 0 for wait, kind, _ in events)
    assert 180 < sum(wait for wait, _, _ in events) < 260


@pytest.mark.parametrize("usd", [None, 0.0, 1e-9, 0.00042, 0.79, 31.4, 1234.0, 98_765.0, 5e9])
def test_any_amount_of_money_can_be_drawn_large(usd):
    (model := Model()).take(Fleet(STACKS[:1]).advance(30).frame())
    board = model.board(TTFT)
    card = replace(board.cards[0], usd_per_m=usd)
    figure = figure_of(replace(board, cards=(card,)), BigFigure(backend=card.name, shows="$/M"))
    for width in (12, 40):
        assert all(row_width(row) == width for row in draw_figures([figure], View(), width))
