"""The screens, driven by keys alone: asking, working, answering, changing one answer and seeing what changes."""

import asyncio
import tomllib

import pytest
from msgspec.structs import replace

from infertop.profiles.demand_files import parse
from infertop.tui.decide import interview
from infertop.tui.decide.app import DecideApp, MakeError
from infertop.tui.decide.ask import draw_ask
from infertop.tui.decide.console import export, save_demand
from infertop.tui.decide.outcome import Shown, draw_outcome
from infertop.tui.decide.pages import AnswerScreen, AskScreen, WorkScreen
from infertop.tui.draw.glyphs import Tier, to_ascii
from infertop.tui.draw.rows import row_text, row_width

from ..screen import matches_golden, text
from .made import DECISION, DEMAND, DOCUMENT, INFEASIBLE, check

SIZES = ((50, 20), (80, 24), (120, 40), (240, 60))


def drawn(rows, tier=Tier.BRAILLE):
    lines = [row_text(row).rstrip() for row in rows]
    return "\n".join(map(to_ascii, lines) if tier is Tier.ASCII else lines)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_questions(size):
    of = interview.moved(interview.begun(DOCUMENT, check), 2)
    rows = draw_ask(of, DEMAND.title, *size)
    assert len(rows) == size[1]
    assert max(map(row_width, rows)) <= size[0]
    matches_golden(f"decide/ask_{size[0]}x{size[1]}", drawn(rows))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_wrong_answer(size):
    of = interview.moved(interview.begun(DOCUMENT, check), 2)
    rows = draw_ask(interview.typed(of, "x", check), DEMAND.title, *size)
    assert "write a number" in drawn(rows)
    assert "1 to mend" in drawn(rows)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_answer(size, tier):
    rows = draw_outcome(Shown(DECISION), size[0], tier)
    assert {row_width(row) for row in rows} == {size[0]}
    assert drawn(rows, tier).isascii() or tier is not Tier.ASCII
    matches_golden(f"decide/answer_{size[0]}x{size[1]}_{tier}", drawn(rows, tier))


def test_no_answer_says_what_is_in_the_way():
    said = drawn(draw_outcome(Shown(INFEASIBLE), 80, Tier.BRAILLE))
    assert "In the way: at most 1 vendor" in said
    assert "traffic split" not in said


class Maker:
    """Stands for the other process: answers when it is let."""

    def __init__(self, *decisions, error=""):
        self.decisions = list(decisions)
        self.asked = []
        self.error = error
        self.let = asyncio.Event()
        self.let.set()
        self.cancelled = False

    async def make(self, demand, tell):
        self.asked.append(demand)
        tell("simulating H200: chat (1 of 6)")
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error:
            raise MakeError(self.error)
        return self.decisions.pop(0) if len(self.decisions) > 1 else self.decisions[0]


def app_of(maker, tier=Tier.BRAILLE, **options):
    return DecideApp(DOCUMENT, check, maker.make, save_demand, export, tier=tier, **options)


async def until(pilot, app, screen):
    for _ in range(200):
        await pilot.pause(0.01)
        if isinstance(app.screen, screen):
            await pilot.pause(0.02)
            return
    raise AssertionError(f"no {screen.__name__}:\n{text(app)}")


async def test_enter_decides_and_one_changed_answer_shows_what_changed():
    dearer = replace(DECISION, prices=(DECISION.prices[0], DECISION.prices[2]))
    maker = Maker(DECISION, dearer)
    app = app_of(maker)
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("enter")
        await until(pilot, app, AnswerScreen)
        assert "Send chat to H200" in text(app)
        assert "Since the answer before" not in text(app)
        await pilot.press("b")
        await until(pilot, app, AskScreen)
        await pilot.press("down", "down", "ctrl+u", *"500k")
        await pilot.press("enter")
        await until(pilot, app, AnswerScreen)
        assert "Since the answer before" in text(app)
        assert "H200 is no longer an option" in text(app)
        await pilot.press("q")
    assert app.return_value == dearer
    assert [each.classes[0].requests_per_day.value for each in maker.asked] == [400_000, 500_000]


async def test_all_is_ascii_where_there_is_no_more():
    app = app_of(Maker(DECISION), tier=Tier.ASCII)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("é")
        await pilot.pause(0.1)
        assert text(app).isascii()


async def test_every_key_of_the_questions():
    app = app_of(Maker(DECISION))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("end", *["backspace"] * 4, *"talk")
        assert app.interview.demand.classes[0].name == "talk"
        await pilot.press("down", "right")
        assert app.interview.demand.classes[0].workload != "chat"
        await pilot.press("left")
        assert app.interview.demand.classes[0].workload == "chat"
        await pilot.press("tab")
        assert app.interview.line.where == "classes[1].name"
        await pilot.press("shift+tab", "pagedown", "pageup", "up")
        assert app.interview.line.where == "classes[0].name"
        await pilot.press("ctrl+n")
        assert len(app.interview.demand.classes) == 3
        await pilot.press("ctrl+x")
        assert len(app.interview.demand.classes) == 2
        before = app.palette
        await pilot.press("ctrl+t")
        assert app.palette is not before


async def test_what_is_wrong_keeps_from_deciding_and_is_gone_to():
    maker = Maker(DECISION)
    app = app_of(maker)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("down", "down", "x", "tab", "enter")
        assert app.interview.line.where == "classes[0].requests_per_day"
        assert "not yet: write a number" in text(app)
        await pilot.press("ctrl+s")
        assert "not saved: what is marked is wrong" in text(app)
        await pilot.press("backspace")
        assert "not saved" not in text(app)
    assert not maker.asked


async def test_while_it_works_the_screen_lives_and_escape_stops_it():
    maker = Maker(DECISION)
    maker.let.clear()
    app = app_of(maker)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("enter")
        await until(pilot, app, WorkScreen)
        assert "simulating H200: chat (1 of 6)" in text(app)
        await pilot.press("escape")
        await until(pilot, app, AskScreen)
        assert maker.cancelled
        maker.let.set()
        await pilot.press("enter")
        await until(pilot, app, AnswerScreen)


async def test_a_failure_is_a_line_on_the_questions():
    app = app_of(Maker(DECISION, error="no price of 'h300'"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("enter")
        for _ in range(100):
            await pilot.pause(0.01)
            if "no price of" in text(app):
                break
        assert "no price of 'h300'" in text(app)
        assert isinstance(app.screen, AskScreen)


async def test_every_key_of_the_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = app_of(Maker(DECISION))
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("enter")
        await until(pilot, app, AnswerScreen)
        top = text(app)
        await pilot.press("pagedown", "down", "j")
        assert text(app) != top
        await pilot.press("up", "k", "pageup", "home")
        assert text(app) == top
        await pilot.press("pagedown", "pagedown")
        assert "1 of 2" in text(app)
        await pilot.press("tab")
        assert "2 of 2" in text(app)
        await pilot.press("shift+tab", "right", "left")
        assert "1 of 2" in text(app)
        await pilot.press("s")
        assert "saved:" in text(app)
        await pilot.press("e")
        assert "written:" in text(app)
        await pilot.press("e", "m", "t", "q")
    stem = "chat-by-day-labels-by-night"
    files = {f"{stem}{end}" for end in (".toml", ".html", "-2.html", ".md")}
    assert {path.name for path in tmp_path.iterdir()} == files
    saved = (tmp_path / f"{stem}.toml").read_text()
    assert parse(saved, "saved", tmp_path) == DEMAND
    assert "low" not in tomllib.loads(saved)["classes"][1]
    assert app.return_value == DECISION


async def test_leaving_asks_again_where_something_would_be_lost():
    app = app_of(Maker(DECISION))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("x", "escape")
        assert "not saved: esc again" in text(app)
        assert not app._exit
        await pilot.press("escape")
    assert app._exit
    assert app.return_value is None


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_leaving_at_once(key):
    app = app_of(Maker(DECISION))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press(key)
    assert app._exit


@pytest.mark.parametrize("size", [*SIZES, (20, 6), (4, 2)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_no_size_breaks_it(size):
    app = app_of(Maker(DECISION))
    async with app.run_test(size=size) as pilot:
        await until(pilot, app, AskScreen)
        await pilot.press("enter")
        await until(pilot, app, AnswerScreen)
        await pilot.press("pagedown")
