"""The app around the three screens: it keeps the interview, has the answer worked out, and writes files."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter

from ...profiles.demand import Demand
from ...sessions.decide.decision import Decision
from ...sessions.decide.revisit import compared
from ..draw.glyphs import Tier, choose_tier
from ..theme import PALETTES, palette_named
from ..widgets.letters import letters
from ..widgets.textual_theme import textual_theme
from .interview import Check, Interview, begun
from .outcome import Shown
from .pages import AnswerScreen, AskScreen, WorkScreen
from .questions import Document

Told = Callable[[str], None]
Make = Callable[[Demand, Told], Awaitable[Decision]]
"""Works an answer out elsewhere, telling in words how far it is; raises MakeError. Cancelled, it stops."""

SaveDemand = Callable[[Demand], Path]
Export = Callable[[Decision, str], Path]
"""Write a file (a report, "html" or "md"; a demand) and say where; raise WriteError."""


class WriteError(Exception):
    """A file cannot be written; the text says why, in one safe line."""


class MakeError(Exception):
    """No answer could be worked out; the text says why, in one safe line."""


class DecideApp(App[Decision]):
    """Returns the last answer, None if there was none.

    Args:
        document: the demand's tables to begin with.
        check: tables to a demand, or what is wrong with them.
        make: works the answer out.
        save_demand, export: write files.
        theme: a palette's name.
        tier: glyphs; chosen from the environment when None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "quit_with_answer", "quit", priority=True)]
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        document: Document,
        check: Check,
        make: Make,
        save_demand: SaveDemand,
        export: Export,
        theme: str = "",
        tier: Tier | None = None,
    ) -> None:
        no_colour = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if no_colour else None)
        self.check = check
        self.interview: Interview = begun(document, check)
        self.palette = None if no_colour else palette_named(theme)
        self.tier = tier or choose_tier(encoding=sys.stdout.encoding or "ascii")
        self._begun_with = self.interview.answers
        self._make = make
        self._save_demand = save_demand
        self._export = export
        self._decision: Decision | None = None
        self._work: asyncio.Task[None] | None = None
        self._warned = False

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ASCII where there is no more."""
        return [*super().get_line_filters(), *letters(self.tier)]

    @property
    def title_of(self) -> str:
        """Of the demand."""
        return str(self.interview.document.get("title", "")) or "what do you need?"

    def on_mount(self) -> None:
        """Ask."""
        for palette in PALETTES:
            self.register_theme(textual_theme(palette))
        self.theme = self.palette.name if self.palette else "ansi-dark"
        self.push_screen(AskScreen())

    def work_out(self, demand: Demand) -> None:
        """Have the answer worked out, and show it."""
        screen = WorkScreen()
        self.push_screen(screen)
        self._work = asyncio.create_task(self._worked_out(demand, screen))

    async def _worked_out(self, demand: Demand, screen: WorkScreen) -> None:
        try:
            made = await self._make(demand, screen.tell)
        except MakeError as error:
            self.pop_screen()
            self._say(str(error))
            return
        change = compared(self._decision, made) if self._decision is not None else None
        self._decision, self._work = made, None
        self.switch_screen(AnswerScreen(Shown(made, change)))

    def action_questions(self) -> None:
        """To the questions; what is being worked out is stopped."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
        if not isinstance(self.screen, AskScreen):
            self.pop_screen()

    def action_save_demand(self) -> None:
        """What was asked, as TOML."""
        demand = self.interview.demand
        if demand is None:
            self._say("not saved: what is marked is wrong")
            return
        try:
            self._say(f"saved: {self._save_demand(demand)}")
        except WriteError as error:
            self._say(str(error))

    def action_export(self, suffix: str) -> None:
        """The report, as a file."""
        if self._decision is None:
            return
        try:
            self._say(f"written: {self._export(self._decision, suffix)}")
        except WriteError as error:
            self._say(str(error))

    def action_theme(self) -> None:
        """The next palette."""
        if self.palette is not None:
            self.palette = PALETTES[(PALETTES.index(self.palette) + 1) % len(PALETTES)]
            self.theme = self.palette.name
            self._draw()

    def action_leave(self) -> None:
        """Leave the questions; asked again where something would be lost."""
        if self._warned or self._decision is not None or self.interview.answers == self._begun_with:
            self.exit(self._decision)
            return
        self._warned = True
        self._say("not saved: esc again leaves all the same, ctrl+s saves as TOML")

    async def action_quit_with_answer(self) -> None:
        """Leave."""
        if self._work is not None:
            self._work.cancel()
        self.exit(self._decision)

    def _say(self, words: str) -> None:
        screen = self.screen
        if isinstance(screen, AskScreen | AnswerScreen | WorkScreen):
            screen.say(words)

    def _draw(self) -> None:
        screen = self.screen
        if isinstance(screen, AskScreen | AnswerScreen | WorkScreen):
            screen.draw()
