"""Keys of the screens over the console and before it: every one does what it says, and can be put elsewhere."""

from itertools import chain

import pytest
from msgspec.structs import replace as changed

from infertop.engine.commands import SetStack
from infertop.engine.plan import BackendPlan, RunPlan
from infertop.profiles.library import find
from infertop.profiles.load import load
from infertop.tui.draw.glyphs import Tier
from infertop.tui.elsewhere import ELSEWHERE
from infertop.tui.keys import Keys
from infertop.tui.screens.form import FormApp
from infertop.tui.screens.pick import PickApp
from infertop.tui.screens.preflight import PreflightApp

from .frames import STACKS, Fleet, Tape
from .screen import console, text
from .test_pick import SESSIONS

FREE = ("f2", "f3", "f4", "f5", "f6", "f7", "f8")
WANTED = {
    str(binding.id): key for bindings in ELSEWHERE.values() for binding, key in zip(bindings, FREE, strict=False)
}
KEYS = Keys.rebound(WANTED)
"""Every binding on another key."""


@pytest.fixture(autouse=True)
def _no_profiles(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


class Host(Tape):
    """A session whose run can go on without its screen."""

    left = False

    async def detach(self):
        self.left = True
        return self._frames[-1]


class Desk:
    """A console whose keys are all others."""

    def __init__(self, app, pilot, link):
        self.app, self.pilot, self.link = app, pilot, link

    async def press(self, *keys):
        """The screen once keys, or what has these ids, were pressed."""
        await self.pilot.press(*(WANTED.get(key, key) for key in keys))
        await self.pilot.pause(0.05)
        return text(self.app)


async def help_close(desk):
    assert "f2 closes" in await desk.press("?")
    assert "infertop · keys" in await desk.press("escape")
    assert "infertop · keys" not in await desk.press("help-close")


async def filter_keep(desk):
    await desk.press("/", *"groq", "enter")
    assert "only backends with" in text(desk.app), "enter has been given to nothing"
    assert "only groq: 1" in await desk.press("filter-keep")
    assert "only backends with" not in text(desk.app)


async def filter_leave(desk):
    await desk.press("/", *"groq", "escape")
    assert "only groq: 1" in text(desk.app)
    assert "MI300X" in await desk.press("filter-leave")


async def answer_stop(desk):
    assert "f2  stop the run" in await desk.press("q")
    assert not desk.link.stopped
    await desk.press("answer-stop")
    assert desk.link.stopped


async def answer_detach(desk):
    assert "f3  leave it running" in await desk.press("q")
    await desk.press("d", "answer-detach")
    assert desk.link.left
    assert not desk.link.stopped


async def answer_stay(desk):
    await desk.press("q", "escape")
    assert "money is being spent" in text(desk.app)
    assert "money is being spent" not in await desk.press("answer-stay")
    assert not desk.link.stopped


async def what_if_next(desk):
    await desk.press("W", "down")
    assert "▸ chips" in text(desk.app)
    assert "▸ replicas" in await desk.press("what-if-next")


async def what_if_previous(desk):
    await desk.press("W", "up")
    assert "▸ chips" in text(desk.app)
    assert "▸ cut answers" in await desk.press("what-if-previous")


async def what_if_more(desk):
    await desk.press("W", "right")
    assert "was 4" not in text(desk.app)
    assert "was 4" in await desk.press("what-if-more")


async def what_if_less(desk):
    await desk.press("W", "left")
    assert "was 4" not in text(desk.app)
    assert "was 4" in await desk.press("what-if-less")


async def what_if_undo(desk):
    await desk.press("W", "what-if-more", "backspace")
    assert "was 4" in text(desk.app)
    assert "was 4" not in await desk.press("what-if-undo")


async def what_if_apply(desk):
    await desk.press("W", "what-if-more", "enter")
    assert "what if" in text(desk.app)
    await desk.press("what-if-apply")
    assert desk.link.sent[-1] == SetStack("H200 ×1", "h200x8")


async def what_if_leave(desk):
    await desk.press("W", "what-if-more", "escape")
    assert "what the model says" in text(desk.app)
    assert "what the model says" not in await desk.press("what-if-leave")
    assert not [command for command in desk.link.sent if isinstance(command, SetStack)]


OVER = {
    "help-close": help_close,
    "filter-keep": filter_keep,
    "filter-leave": filter_leave,
    "answer-stop": answer_stop,
    "answer-detach": answer_detach,
    "answer-stay": answer_stay,
    "what-if-next": what_if_next,
    "what-if-previous": what_if_previous,
    "what-if-more": what_if_more,
    "what-if-less": what_if_less,
    "what-if-undo": what_if_undo,
    "what-if-apply": what_if_apply,
    "what-if-leave": what_if_leave,
}


@pytest.mark.parametrize("name", OVER)
async def test_keys_over_the_console(name):
    frame = Fleet(STACKS[:4]).advance(30).frame()
    first, *others = frame.backends
    frame = changed(frame, backends=(changed(first, url="sim:h200"), *others))
    async with console(frame, link=Host(frame), keys=KEYS) as (app, pilot, link):
        await OVER[name](Desk(app, pilot, link))


def picker():
    return PickApp(SESSIONS, tier=Tier.BRAILLE, keys=KEYS)


def preflight():
    plan = RunPlan(backends=(BackendPlan(name="a", url="sim:h200"),))
    return PreflightApp(plan, [f"line {number}" for number in range(40)], [], tier=Tier.ASCII, keys=KEYS)


def form():
    path = find("fleet")
    return FormApp(load(path), "fleet", path.parent, keys=KEYS)


def at(app):
    """What is pointed at, scrolled to, or written on."""
    match app:
        case PickApp():
            return app._at
        case PreflightApp():
            return app._off
        case FormApp():
            return app.focused.name


BEFORE = {
    "session-next": (picker, ["session-next"], 1),
    "session-previous": (picker, ["session-next", "session-next", "session-previous"], 1),
    "session-further": (picker, ["session-further"], 9),
    "session-before": (picker, ["session-further", "session-before"], 0),
    "preflight-down": (preflight, ["preflight-down"], 1),
    "preflight-up": (preflight, ["preflight-down", "preflight-down", "preflight-up"], 1),
    "preflight-page-down": (preflight, ["preflight-page-down"], 10),
    "preflight-page-up": (preflight, ["preflight-page-down", "preflight-page-up"], 0),
    "form-next": (form, ["form-next"], "title"),
    "form-previous": (form, ["form-next", "form-previous"], "name"),
}
"""(screen, what is pressed, where that leads)."""

LEAVING = {
    "session-take": (picker, ["session-next", "session-take"], lambda answer: answer == SESSIONS[1].path),
    "session-back": (picker, ["session-back"], lambda answer: answer is None),
    "preflight-start": (preflight, ["preflight-start"], lambda answer: answer is True),
    "preflight-leave": (preflight, ["preflight-leave"], lambda answer: answer is None),
    "form-save": (form, ["form-save"], lambda answer: answer.name == "fleet-2.toml"),
    "form-leave": (form, ["form-leave"], lambda answer: answer is None),
}
"""(screen, what is pressed, whether that is the answer)."""


@pytest.mark.parametrize("name", BEFORE)
async def test_keys_that_go_somewhere(name):
    make, pressed, where = BEFORE[name]
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.05)
        await pilot.press(*(WANTED[each] for each in pressed))
        assert at(app) == where
        await pilot.press("down", "up", "pagedown", "pageup")
        assert at(app) == where, "their old keys do nothing"


@pytest.mark.parametrize("name", LEAVING)
async def test_keys_that_leave(name):
    make, pressed, right = LEAVING[name]
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.05)
        await pilot.press("escape", "enter")
        assert not app._exit, "their old keys do nothing"
        for each in pressed:
            app.simulate_key(WANTED[each])
            await pilot.pause(0.05)
        for _ in range(50):
            if app._exit:
                break
            await pilot.pause(0.02)
    assert app._exit
    assert right(app.return_value)


async def test_a_letter_can_be_taken_back():
    app = picker()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"fp8", "backspace", WANTED["session-erase"])
        assert app._sought == "fp"


@pytest.mark.parametrize("make", [picker, preflight, form])
async def test_screens_say_the_keys_that_hold(make):
    app = make()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause(0.05)
        keys = text(app).splitlines()[-1]
    assert "f2" in keys
    assert "esc" not in keys
    assert "enter" not in keys


def test_every_binding_has_a_check():
    ids = [str(binding.id) for binding in chain.from_iterable(ELSEWHERE.values())]
    assert len(set(ids)) == len(ids)
    assert set(ids) == {*OVER, *BEFORE, *LEAVING, "session-erase"}
