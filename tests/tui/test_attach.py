"""A screen and the session behind it: what is not recorded is said, and the screen can leave the run to itself."""

from infertop.tui.app import InfertopApp

from .frames import STACKS, Fleet, Tape
from .screen import console, text


class Hosted(Tape):
    """A link to a session that can be recorded and left."""

    problem = ""
    left = False

    async def detach(self):
        self.left = True
        return self._frames[-1]


def frame():
    return Fleet(STACKS[:3]).advance(20).frame()


async def test_what_keeps_a_session_from_being_recorded_stands_in_the_header():
    shown = frame()
    link = Hosted(shown)
    async with console(shown, link=link) as (app, pilot, _):
        assert "RECORDING" not in text(app)
        link.problem = "NOT RECORDING: disk full\x1b[31m"
        await pilot.pause(1.2)
        assert "NOT RECORDING: disk full" in text(app).splitlines()[0]
        link.problem = ""
        await pilot.pause(1.2)
        assert "RECORDING" not in text(app)


async def test_a_screen_can_leave_its_run_to_itself():
    shown = frame()
    link = Hosted(shown)
    async with console(shown, link=link) as (app, pilot, _):
        await pilot.press("D")
        await pilot.pause(0.1)
        assert link.left
        assert not link.stopped
        assert app.return_value is not None


async def test_a_run_that_cannot_go_on_alone_says_so():
    async with console(frame()) as (app, pilot, link):
        await pilot.press("D")
        await pilot.pause(0.05)
        assert "ends with its screen" in text(app)
        assert not link.stopped
        assert isinstance(app, InfertopApp)
