"""The three screens: asking, working, answering. Each shows one page of rows and turns keys into actions."""

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import Screen

from ...backends.printable import printable
from ..draw.glyphs import Tier
from ..draw.rows import BLANK, Row, Span, fit_row, fit_rows, wrap
from ..panels import figures
from ..panels.footer import draw_footer
from ..panels.layout import Box
from ..panels.page import Piece, scrolled
from ..view import View
from ..widgets.steady_size import SteadySize
from ..widgets.strips import PageWidget
from . import interview
from .ask import HINTS as ASK_HINTS
from .ask import draw_ask
from .outcome import Shown, draw_outcome

if TYPE_CHECKING:
    from .app import DecideApp

_TICK_S: Final = 0.25


class PageScreen(SteadySize, Screen[None]):
    """One page of rows, and under it the keys or a word to the user."""

    HINTS: ClassVar[Sequence[tuple[str, str]]] = ()
    app: "DecideApp"

    def __init__(self) -> None:
        super().__init__()
        self.notice = ""

    def page(self, width: int, room: int) -> list[Row]:
        """Exactly `room` rows of at most `width` cells."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """One page."""
        yield PageWidget()

    def on_mount(self) -> None:
        """Draw."""
        self.draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.draw()

    def on_screen_resume(self) -> None:
        """Draw what may have changed meanwhile."""
        self.draw()

    def draw(self) -> None:
        """Show what there is to show."""
        width, height = self.size
        if not height or not self.is_mounted:
            return
        room = max(height - 1, 0)
        pieces: list[Piece] = [
            (Box(0, 0, width, room), fit_rows(self.page(width, room), room)),
            (Box(0, height - 1, width, 1), draw_footer(self.HINTS, View(notice=self.notice), width)),
        ]
        app = self.app
        self.query_one(PageWidget).show(pieces, self.size, app.palette, plain=app.tier is Tier.ASCII)

    def say(self, words: str) -> None:
        """A word to the user, until the next key."""
        self.notice = words
        self.draw()


class AskScreen(PageScreen):
    """The questions."""

    HINTS = ASK_HINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "decide", "decide"),
        Binding("down", "move(1)", "the next question"),
        Binding("up", "move(-1)", "the one before"),
        Binding("pagedown", "move(8)", "eight further"),
        Binding("pageup", "move(-8)", "eight before"),
        Binding("tab", "group(1)", "the next group", priority=True),
        Binding("shift+tab", "group(-1)", "the group before", priority=True),
        Binding("right", "turn(1)", "the next choice"),
        Binding("left", "turn(-1)", "the choice before"),
        Binding("backspace", "erase", "take a character back"),
        Binding("ctrl+u", "clear", "clear the answer"),
        Binding("ctrl+n", "add_class", "another class of traffic"),
        Binding("ctrl+x", "drop_class", "without this class"),
        Binding("ctrl+s", "app.save_demand", "save as TOML"),
        Binding("ctrl+t", "app.theme", "dark or light"),
        Binding("escape", "app.leave", "leave"),
    ]

    def page(self, width: int, room: int) -> list[Row]:
        """The questions."""
        return draw_ask(self.app.interview, self.app.title_of, width, room)

    def on_key(self, event: Key) -> None:
        """Type."""
        self.notice = ""
        if event.character and event.is_printable:
            self._now(interview.typed(self.app.interview, event.character, self.app.check))

    def _now(self, made: interview.Interview) -> None:
        self.notice = ""
        self.app.interview = made
        self.draw()

    def action_decide(self) -> None:
        """Work the answer out, or go to what is wrong."""
        now = self.app.interview
        if now.demand is not None:
            self.app.work_out(now.demand)
            return
        wrong = [at for at, line in enumerate(interview.lines(now)) if now.problem(line)]
        if wrong:
            self._now(interview.moved(now, wrong[0] - now.at))
        self.say("not yet: " + (now.problem(self.app.interview.line) or "; ".join(now.others))[:200])

    def action_move(self, by: int) -> None:
        """Another question."""
        self._now(interview.moved(self.app.interview, by))

    def action_group(self, by: int) -> None:
        """Another group of questions."""
        self._now(interview.to_group(self.app.interview, by))

    def action_turn(self, by: int) -> None:
        """Another choice."""
        self._now(interview.turned(self.app.interview, by, self.app.check))

    def action_erase(self) -> None:
        """One character less."""
        self._now(interview.erased(self.app.interview, self.app.check))

    def action_clear(self) -> None:
        """None left."""
        self._now(interview.erased(self.app.interview, self.app.check, whole=True))

    def action_add_class(self) -> None:
        """Another class of traffic."""
        self._now(interview.with_class(self.app.interview, self.app.check))

    def action_drop_class(self) -> None:
        """Without the one that one is on."""
        self._now(interview.without_class(self.app.interview, self.app.check))


class WorkScreen(PageScreen):
    """While capacities are simulated and the answer is worked out, in another process."""

    HINTS = (("esc", "stop, and back to the questions"),)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,b", "app.questions", "stop")]

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self._since = monotonic()

    def on_mount(self) -> None:
        """Tick, so that it is seen to work."""
        super().on_mount()
        self.set_interval(_TICK_S, self.draw)

    def page(self, width: int, room: int) -> list[Row]:
        """What has been done so far."""
        clock = f"{monotonic() - self._since:.0f} s"
        made: list[Row] = [figures.heading("working it out", clock, width), BLANK]
        lines = [row for words in self.told[-room:] for row in wrap((Span(f" {printable(words, 200)}"),), width)]
        return [fit_row(row, width) for row in [*made, *lines[-max(room - 2, 0) :]]]

    def tell(self, words: str) -> None:
        """One step further."""
        self.told.append(words)
        self.draw()


class AnswerScreen(PageScreen):
    """The answer."""

    HINTS = (
        ("b", "change an answer"),
        ("tab", "next curve"),
        ("↓↑", "scroll"),
        ("s", "save as TOML"),
        ("e", "export page"),
        ("m", "Markdown"),
        ("t", "theme"),
        ("q", "quit"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b,escape", "app.questions", "change an answer"),
        Binding("tab,right", "curve(1)", "the next curve", priority=True),
        Binding("shift+tab,left", "curve(-1)", "the curve before", priority=True),
        Binding("down,j", "scroll_by(1)", "down"),
        Binding("up,k", "scroll_by(-1)", "up"),
        Binding("pagedown,space", "scroll_by(15)", "further down"),
        Binding("pageup", "scroll_by(-15)", "further up"),
        Binding("home", "scroll_by(-100000)", "to the top"),
        Binding("s", "app.save_demand", "save what was asked as TOML"),
        Binding("e", "app.export('html')", "export the report as a page"),
        Binding("m", "app.export('md')", "export the report as Markdown"),
        Binding("t", "app.theme", "dark or light"),
        Binding("q", "app.quit_with_answer", "quit"),
    ]

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self.shown = shown
        self._off = 0

    def page(self, width: int, room: int) -> list[Row]:
        """The answer, as far down as one has scrolled."""
        rows = draw_outcome(self.shown, width, self.app.tier)
        self._off = min(self._off, max(len(rows) - room, 0))
        return scrolled(rows, self._off, Box(0, 0, width, room))

    def action_scroll_by(self, rows: int) -> None:
        """Other rows."""
        self.notice = ""
        self._off = max(self._off + rows, 0)
        self.draw()

    def action_curve(self, by: int) -> None:
        """Another curve."""
        of = self.shown
        self.notice = ""
        self.shown = Shown(of.decision, of.change, of.curve + by)
        self.draw()
