"""The console: what each key does. Most make another view of the same board (`view`, `moves`); some ask the run."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from ..backends.printable import printable
from ..engine.commands import WhatIfCommand
from ..engine.frame import Frame
from .export.screen import Screen as Sheet
from .keys import EVERYWHERE
from .link import Detachable, EngineLink
from .load import LoadChange, choices
from .moves import across, at_event, compared, compared_first, expanded, looked, step_back
from .palette import Entry, EntryPalette, provider
from .papers import Papers
from .picture import PictureApp
from .screens.help import HelpScreen
from .screens.live import CardClicked
from .screens.question import QuestionScreen
from .screens.seek import SeekScreen
from .spending import spending
from .steering import Ask, Steering
from .theme import PALETTES, Palette
from .view import SORTS, Panel, Sort

_WRITTEN_S: Final = 15.0
"""How long it stands where a file was written."""


class InfertopApp(PictureApp):
    """The live console over one engine. Returns the run's final frame.

    Args:
        link: the engine.
        save_profile: saves the session of a frame as a profile and returns its path; raises OSError or ValueError
            with a message for the user.
        papers: writes screenshots and exports; None where nothing may be written.
        ends_run: whether leaving ends the run; not so for one who only looks in.
        workloads: what the workload key goes through.
        options: of the picture.
    """

    BINDINGS = EVERYWHERE

    def __init__(
        self,
        link: EngineLink,
        *,
        save_profile: Callable[[Frame], str] | None = None,
        papers: Papers | None = None,
        ends_run: bool = True,
        workloads: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(link, **options)
        self._papers = papers
        self._ends_run = ends_run
        self._steering = Steering(link, workloads, save_profile, self._clock)

    # --- what is shown ---

    def action_freeze(self) -> None:
        """Hold the picture still, or let it go on; the run never stops."""
        self._frozen = None if self._frozen else self._model.clone()
        self._frozen_at = self._clock()
        self.draw()

    def action_metric(self, by: int) -> None:
        """Another metric in front."""
        self._judging.hurry()
        self._show(self._view.cycled(by))

    def action_panel(self, panel: Panel) -> None:
        """Bring a panel to the front, or take it away when it has room already."""
        self._show(self._view.toggled(panel, self._live.seen))
        self._remember_view()

    def action_only(self) -> None:
        """The panel in front alone, or with the others again."""
        self._show(replace(self._view, only=not self._view.only))
        self._remember_view()

    def action_zoom(self, by: int) -> None:
        """More time on the axes, or less."""
        self._show(self._view.zoomed(by))
        self._say(f"a column is {self._view.span_s} s wide")
        self._remember_view()

    def _remember_view(self) -> None:
        view = self._view
        self._state.wanted, self._state.only, self._state.span_s = view.wanted, view.only, view.span_s
        self._state.save()

    def action_refresh_rate(self, by: int) -> None:
        """Draw more or less often."""
        self._state.hz = self._feed.step(by)
        self._state.save()
        self._say(f"drawing {self._feed.hz} times a second")

    def action_theme(self) -> None:
        """Dark or light."""
        if self._palette is not None:
            self._wear(PALETTES[(PALETTES.index(self._palette) + 1) % len(PALETTES)])

    def _wear(self, palette: Palette) -> None:
        self._palette = palette
        self.theme = self._state.theme = palette.name
        self._state.save()
        self._paint_page()
        self.draw()

    def action_reset(self) -> None:
        """Count the figures from now on."""
        self._model.reset()
        self._judging.hurry()
        self._say("figures start anew; the run goes on")

    # --- one backend, or two, or some ---

    def on_card_clicked(self, message: CardClicked) -> None:
        """Focus it."""
        self._show(replace(self._view, focus=self._shown[message.place]))

    def action_focus_card(self, right: int, down: int) -> None:
        """Another card in focus; on a page, another backend, or other rows of it."""
        if self._view.page == "board":
            self._show(self._view.moved(right + down * self._live.columns, self._shown))
        elif down:
            self._scroll(down)
        else:
            self._show(across(self._view, right, self._shown))

    def action_scroll(self, screens: int) -> None:
        """Some screens further down a page, or up."""
        self._scroll(screens * max(self.size.height - 4, 1))

    def _scroll(self, by: int) -> None:
        if self._board and self._view.page != "board":
            most = self._live.overflow(self._board, self._view)
            self._show(replace(self._view, scroll=min(max(self._view.scroll + by, 0), most)))

    def action_expand(self) -> None:
        """The page of the backend in focus, and back."""
        self._show(expanded(self._view))

    def action_compare(self) -> None:
        """The page of two backends, and back."""
        if self._view.page != "compare" and len(self._shown) < 2:
            self._say("there is no other backend to compare it with")
        self._show(compared(self._view, self._shown))

    def action_compare_first(self) -> None:
        """Of two compared, another first one."""
        self._show(compared_first(self._view, self._shown))

    def action_step_back(self) -> None:
        """From a page to the panels, from a moment to now, from some backends to all: one at a time."""
        self._show(step_back(self._view))

    def action_seek(self) -> None:
        """Only some of the backends."""
        label = f"only backends with (a word; or <400: {self._view.metric.title} p95 under 400 ms)"
        self.push_screen(SeekScreen(label, self._view.sought, self._seek))

    def _seek(self, text: str) -> None:
        self._show(replace(self._view, sought=printable(text, 60)))

    def action_sort(self, by: int) -> None:
        """Another order."""
        self._sort(self._view.sorted_by(by).sort)

    def _sort(self, sort: Sort) -> None:
        self._show(replace(self._view, sort=sort))
        self._say(f"sorted by {sort}" if sort != "profile" else "in the order of the profile")

    # --- what was before ---

    def action_look(self, by: int) -> None:
        """At what was earlier where time runs across, or later; at the end of it, now."""
        if self._board is not None:
            keys = f"{self._keys.named('look-back', 'look-on')} further, {self._keys.named('back')} now"
            self._show(looked(self._view, self._board, by, keys))

    def action_event(self, by: int) -> None:
        """At the event before or after where time runs across; after the last, now."""
        if self._board is None:
            return
        named = self._keys.named
        keys = f"{named('event-previous')} before, {named('event-next')} after, {named('back')} now"
        there = at_event(self._view, self._board, by, self._live.seen, keys)
        if there is not None:
            self._show(there)
        elif by < 0:
            self._say("there is no event before")
        else:
            self._show(replace(self._view, moment_s=None))
            self._say("this is now")

    # --- the run ---

    def action_ask(self, what: Ask) -> None:
        """Ask something of the run."""
        if self._model.frame is not None:
            self._say(self._steering.ask(what, self._model.frame))

    def action_arrivals(self) -> None:
        """Send in another way: closed loop, or one of the open ones."""
        if self._model.frame is not None and self._board is not None:
            self._say(self._steering.next_arrivals(self._model.frame, self._board.header.load.achieved_per_s))

    def action_what_if(self) -> None:
        """What if the backend in focus were another."""
        self._ask_what_if(self._view.focus)

    def _ask_what_if(self, series: int) -> None:
        frame = self._model.frame
        if frame is not None and series < len(frame.backends):
            from .screens.whatif import WhatIfScreen  # noqa: PLC0415  the cost model is loaded only for who asks

            backend = frame.backends[series]
            self.push_screen(WhatIfScreen(backend, self._keys, self._palette, self._view.tier), self._change)

    def _change(self, commands: list[WhatIfCommand] | None) -> None:
        if commands:
            self._say(self._steering.change(commands))

    def action_hold(self) -> None:
        """Send nothing to the backend in focus, or go on."""
        self._hold(self._view.focus)

    def _hold(self, series: int) -> None:
        if self._model.frame is not None and series < len(self._model.frame.backends):
            self._say(self._steering.hold(self._model.frame.backends[series]))

    def _load(self, command: LoadChange, frame: Frame) -> None:
        self._say(self._steering.set_load(command, frame))

    def _take_workload(self, source: str) -> None:
        self._say(self._steering.set_workload(source))

    # --- to take away ---

    def action_picture(self) -> None:
        """The screen as a picture and as text."""
        if self._papers is None or self._model.frame is None:
            self._say("nothing can be written from here")
            return
        self._say(self._papers.screenshot(self._live.picture(), self._palette, self._model.frame), _WRITTEN_S)

    def action_export(self) -> None:
        """A report of what is shown."""
        model = self._frozen or self._model
        if self._papers is None or model.frame is None:
            self._say("nothing can be written from here")
            return
        self._say("writing …")
        columns, rows = self.size
        sheet = Sheet(max(columns, 120), max(rows, 40), self._palette or PALETTES[0], view=self._view)
        self.run_worker(self._export(self._papers, model.frame, sheet), name="export")

    async def _export(self, papers: Papers, frame: Frame, sheet: Sheet) -> None:
        self._say(await asyncio.to_thread(papers.export, frame, sheet), _WRITTEN_S)

    # --- everything by name ---

    def action_palette(self) -> None:
        """Everything there is to do, by name."""
        self.push_screen(EntryPalette([provider(self._entries)], placeholder="what to do: type some of its letters"))

    def _entries(self) -> Iterator[Entry]:
        for binding in self._keys.bindings:
            if binding.id != "palette":
                yield Entry(
                    binding.description, binding.key_display or binding.key, partial(self.run_action, binding.action)
                )
        for palette in PALETTES if self._palette else ():
            yield Entry(f"theme: {palette.name}", "", partial(self._wear, palette))
        for sort in SORTS:
            yield Entry(f"sort by {sort}", "", partial(self._sort, sort))
        frame = self._model.frame
        if frame is None or self._board is None or not self._steers:
            return
        for command, words in choices(frame.arrivals, self._board.header.load.achieved_per_s):
            yield Entry(f"load: {words}", "", partial(self._load, command, frame))
        for source in self._steering.workloads:
            name = printable(source, 60)
            yield Entry(f"workload: {name}", "", partial(self._take_workload, source))
        for series, backend in enumerate(frame.backends):
            words = "let it go on" if backend.held else "send it nothing"
            yield Entry(f"{printable(backend.name, 60)}: {words}", "", partial(self._hold, series))
            yield Entry(f"{printable(backend.name, 60)}: what if", "", partial(self._ask_what_if, series))

    @property
    def _steers(self) -> bool:
        """Whether there is a run to be steered."""
        return any(binding.id == "load-up" for binding in self._keys.bindings)

    def action_help(self) -> None:
        """Keys and words."""
        self.push_screen(HelpScreen(self._keys))

    # --- leaving ---

    async def action_quit(self) -> None:
        """Stop the run and leave; ask first when money is being spent; pressed again, leave at once."""
        words = spending(self._model.frame) if self._ends_run and not self._leaving else ""
        if not words:
            self.action_interrupt()
            return
        offered = [
            binding
            for binding in self._keys.elsewhere["question"]
            if binding.id != "answer-detach" or isinstance(self._link, Detachable)
        ]
        self.push_screen(QuestionScreen("money is being spent", words, offered), self._answered)

    async def _answered(self, answer: str | None) -> None:
        if answer == "stop":
            self.action_interrupt()
        elif answer == "detach":
            await self.action_detach()

    async def action_detach(self) -> None:
        """Leave, and let the run go on."""
        if isinstance(self._link, Detachable):
            self.exit(await self._link.detach())
        else:
            goes_on = f"it goes on without you: {self._keys.named('quit')} leaves"
            self._say("this run ends with its screen" if self._ends_run else goes_on)

    def action_interrupt(self) -> None:
        """Stop the run and leave, unasked; again, leave at once."""
        if self._leaving:
            self.exit(self._model.frame)
            return
        self._leaving = True
        self.draw()
        self.run_worker(self._leave(), name="leave")

    async def _leave(self) -> None:
        self.exit(await self._link.stop() or self._model.frame)
