"""The sweep screen under Pilot: every key, live documents, leaving."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from infertop.engine.inbox import EngineError
from infertop.engine.plan import BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.sweep.plan import SweepPlan
from infertop.engine.sweep.runner import Sweeper
from infertop.tui.draw.glyphs import Tier
from infertop.tui.sweep.app import SweepApp
from infertop.tui.sweep.keys import HINTS, KEYS
from infertop.tui.sweep.link import Aside, Finished

from ..screen import text
from .documents import DONE, RUNNING


class Steps:
    """A sweep that goes on when it is told to."""

    def __init__(self, *sweeps):
        self.waiting: asyncio.Queue = asyncio.Queue()
        for sweep in sweeps:
            self.waiting.put_nowait(sweep)
        self.stopped = ""

    async def documents(self):
        while (sweep := await self.waiting.get()) is not None:
            if isinstance(sweep, Exception):
                raise sweep
            yield sweep

    def stop(self, why):
        self.stopped = why


@asynccontextmanager
async def screen(link=None, size=(120, 40), wanted="H200", tier=Tier.BRAILLE, **options):
    app = SweepApp(link or Finished(DONE), tier=tier, **options)
    async with app.run_test(size=size) as pilot:
        await until(app, pilot, wanted)
        yield app, pilot


async def until(app, pilot, wanted):
    for _ in range(500):
        await pilot.pause(0.01)
        if wanted in text(app):
            return
    raise AssertionError(f"{wanted!r} does not come:\n{text(app)}")


def front(app):
    return app._view.front


async def test_tab_turns_to_the_next_chart_and_back():
    async with screen() as (app, pilot):
        seen = []
        for _ in range(5):
            seen.append(front(app))
            await pilot.press("tab")
        assert seen == ["throughput", "latency", "pareto", "points", "throughput"]
        await pilot.press("shift+tab")
        assert front(app) == "throughput"
        await pilot.press("shift+tab")
        assert "points  ● H200" in text(app)


async def test_backends_are_selected_by_arrows_letters_and_digits():
    async with screen() as (app, pilot):
        assert "▸● H200" in text(app)
        for key, name in {
            "down": "TPU v6e",
            "j": "Inferentia2",
            "up": "TPU v6e",
            "k": "H200",
            "4": "Cerebras",
        }.items():
            await pilot.press(key)
            assert name in next(line for line in text(app).splitlines() if "▸" in line), key
        await pilot.press("8")  # there is none
        assert "▸◆ Cerebras" in text(app)


async def test_the_selected_backend_alone_and_all_again():
    async with screen(size=(80, 24)) as (app, pilot):
        chart = text(app).splitlines()[9:]
        assert any("■" in line for line in chart)
        await pilot.press("enter")
        assert not any("■" in line for line in text(app).splitlines()[9:])
        await pilot.press("o")
        assert text(app).splitlines()[9:] == chart


async def test_the_order_of_backends():
    async with screen(size=(120, 40)) as (app, pilot):

        def names():
            return [line[3:15].strip() for line in text(app).splitlines()[3:7]]

        assert names() == ["H200", "TPU v6e", "Inferentia2", "Cerebras"]
        await pilot.press("greater_than_sign")
        assert names()[0] == "Cerebras"
        assert "sorted by best" in text(app)
        for _ in range(3):
            await pilot.press("f6")
        assert names() == ["Cerebras", "H200", "Inferentia2", "TPU v6e"]
        await pilot.press("less_than_sign", "less_than_sign", "less_than_sign", "less_than_sign")
        assert names() == ["H200", "TPU v6e", "Inferentia2", "Cerebras"]


async def test_the_list_gives_way_to_a_line_of_names():
    async with screen(size=(80, 24)) as (app, pilot):
        await pilot.press("l")
        assert "● H200 SIM" in text(app).splitlines()[2]
        await pilot.press("l")
        assert "▸● H200" in text(app)


async def test_heights_and_the_rival_of_the_users_speed():
    async with screen() as (app, pilot):
        await pilot.press("y")
        assert "tok/s (even)" in text(app)
        await pilot.press("y")
        assert "tok/s (log)" in text(app)
        await pilot.press("x")
        assert front(app) == "pareto"
        assert "$/M ↓" in text(app)
        await pilot.press("x")
        assert "J/tok ↓" in text(app)
        assert "no point has both J/tok" in text(app)
        await pilot.press("x")
        assert "tok/s/chip ↑" in text(app)


async def test_points_scroll():
    async with screen(size=(80, 20)) as (app, pilot):
        await pilot.press("2", "shift+tab")
        assert "more levels" in text(app)
        before = text(app)
        for _ in range(9):
            await pilot.press("pagedown")
        assert "more levels" not in text(app)
        for _ in range(9):
            await pilot.press("pageup")
        assert text(app) != before
        assert text(app).splitlines()[9].split()[0] == "1"


async def test_a_picture_of_the_screen(tmp_path):
    async with screen(folder=tmp_path) as (app, pilot):
        await pilot.press("s")
        await until(app, pilot, "picture: infertop-sweep-")
        svg, txt = sorted(tmp_path.iterdir())
        assert svg.suffix == ".svg"
        assert "<svg" in svg.read_text()
        assert txt.read_text().splitlines()[0].startswith(" infertop sweep  SIM")


async def test_the_theme_changes(tmp_path):
    async with screen() as (app, pilot):
        dark = app.theme
        await pilot.press("t")
        assert app.theme != dark


async def test_help_says_every_key_and_the_palette_does_everything():
    async with screen(size=(120, 60)) as (app, pilot):
        await pilot.press("question_mark")
        await pilot.pause(0.1)
        shown = " ".join(text(app).split())
        for binding in KEYS:
            assert binding.description in shown
        await pilot.press("escape")
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        await pilot.press(*"chart: latency")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert front(app) == "latency"


def test_no_key_means_two_things_and_every_hint_is_a_key():
    keys = [key for binding in KEYS for key in binding.key.split(",")]
    assert len(set(keys)) == len(keys)
    assert {binding.id for binding in KEYS} > {"quit", "help", "alone"}
    assert len(HINTS) > 5


@pytest.mark.parametrize("key", ["question_mark", "ctrl+p"])
async def test_what_opens_over_the_sweep_is_ascii_too(key):
    async with screen(size=(80, 24), tier=Tier.ASCII) as (app, pilot):
        before = text(app)
        await pilot.press(key)
        await pilot.pause(0.2)
        assert text(app) != before
        assert text(app).isascii()


async def test_no_colour_draws_the_same(monkeypatch):
    async with screen() as (app, _):
        coloured = text(app)
    monkeypatch.setenv("NO_COLOR", "1")
    async with screen() as (app, pilot):
        assert text(app) == coloured
        await pilot.press("t")


async def test_documents_come_while_one_looks_and_the_screen_stays_at_the_end():
    link = Steps(RUNNING)
    async with screen(link) as (app, pilot):
        assert "measuring" in text(app)
        link.waiting.put_nowait(DONE)
        await until(app, pilot, "finished")
        link.waiting.put_nowait(None)
        await pilot.pause(0.1)
        assert app.is_running
        await pilot.press("q")
        await pilot.pause(0.1)
    assert app.return_value is DONE
    assert not link.stopped


async def test_leaving_stops_the_sweep_and_waits_for_its_last_word():
    link = Steps(RUNNING)
    async with screen(link) as (app, pilot):
        await pilot.press("q")
        await until(app, pilot, "stopping")
        assert link.stopped
        link.waiting.put_nowait(DONE)
        link.waiting.put_nowait(None)
        await pilot.pause(0.5)
    assert app.return_value is DONE


async def test_leaving_twice_waits_for_nothing():
    link = Steps(RUNNING)
    async with screen(link) as (app, pilot):
        await pilot.press("ctrl+c", "q")
        await pilot.pause(0.1)
    assert app.return_value is RUNNING


async def test_a_sweep_that_cannot_go_on_closes_the_screen():
    link = Steps(RUNNING, EngineError("the engine died"))
    app = SweepApp(link, tier=Tier.BRAILLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.6)
    assert str(app.failure) == "the engine died"
    assert app.return_value is RUNNING


def virtual(high=4):
    plan = RunPlan(
        title="one",
        backends=(BackendPlan(name="H200", url="sim:h200"),),
        workload=WorkloadPlan(source="classification"),
    )
    return Sweeper(SweepPlan(plan=plan, high=high, virtual=True, lengths_only=True))


async def test_a_real_sweep_aside_is_shown_to_its_end():
    async with screen(Aside(virtual()), wanted="finished") as (app, _):
        assert app._sweep.state == "done"
        assert app._sweep.curves[0].points


@pytest.mark.parametrize("high", [4096])
async def test_a_real_sweep_aside_can_be_stopped(high):
    async with screen(Aside(virtual(high)), wanted="measuring") as (app, pilot):
        await pilot.press("q")
        for _ in range(300):
            await pilot.pause(0.02)
            if app.return_value is not None:
                break
    assert app.return_value.state == "stopped"
    assert app.return_value.why == "stopped from its screen"
