"""The console: keys to actions, frames to boards, boards to the screen. Wiring only."""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from textual.app import App
from textual.command import CommandPalette
from textual.screen import Screen

from ..backends.printable import printable
from ..engine.commands import Follow, SetConcurrency, SetRate
from ..engine.frame import Frame
from ..engine.verdict import verdicts
from .board import Board, Judgement
from .draw.glyphs import Tier, choose_tier
from .draw.units import clock
from .export.screen import Screen as Sheet
from .feed import Feed, FeedEnded, FrameArrived
from .judging import Judging
from .keys import DEFAULT, EVERYWHERE, Keys
from .link import Detachable, EngineLink
from .load import choices
from .model import Judge, Model
from .ordering import Ordering, sought
from .palette import Entry, provider
from .papers import Papers
from .past import span_reaching
from .screens.help import HelpScreen
from .screens.live import CardClicked, Resized, live_screen
from .screens.question import QuestionScreen
from .screens.seek import SeekScreen
from .spending import spending
from .steering import Ask, Steering
from .theme import PALETTES, Palette, palette_named
from .view import LOOK_COLUMNS, SORTS, Panel, Sort, View
from .viewstate import ViewState
from .widgets.textual_theme import textual_theme

_NOTICE_S = 4.0
_WRITTEN_S = 15.0
"""How long it stands where a file was written."""


class InfertopApp(App[Frame | None]):
    """The live console over one engine. Returns the run's final frame.

    Args:
        link: the engine.
        save_profile: saves the session of a frame as a profile and returns its path; raises OSError or ValueError
            with a message for the user.
        papers: writes screenshots and exports; None where nothing may be written.
        ends_run: whether leaving ends the run; not so for one who only looks in.
        workloads: what the workload key goes through.
        keys: bindings and hints.
        state: how the console was left last time.
        tier: glyphs; chosen from the environment when None.
        shades: whether the terminal tells the shades of a colour ramp apart; found out when None.
        judge: makes verdicts.
        clock: seconds; how long the picture has been frozen, or the engine silent.
    """

    BINDINGS = EVERYWHERE
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $background; }
    CommandPalette > Vertical { width: 80; max-width: 100%; border: round $foreground 40%; }
    CommandPalette > Vertical, CommandPalette CommandList, CommandPalette Input, CommandPalette #--input {
        background: $background; }
    CommandPalette SearchIcon { display: none; }
    """

    def __init__(
        self,
        link: EngineLink,
        *,
        save_profile: Callable[[Frame], str] | None = None,
        papers: Papers | None = None,
        ends_run: bool = True,
        workloads: Sequence[str] = (),
        keys: Keys = DEFAULT,
        state: ViewState | None = None,
        tier: Tier | None = None,
        shades: bool | None = None,
        judge: Judge = verdicts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        no_colour = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if no_colour else None)
        self._link = link
        self._clock = clock
        self._keys = keys
        self._state = state or ViewState()
        self._feed = Feed(link, self, clock, self._state.hz)
        self._live = live_screen(keys)
        self._palette = None if no_colour else palette_named(self._state.theme)
        self._view = View(
            tier=tier or choose_tier(encoding=sys.stdout.encoding or "ascii"),
            shades=not no_colour and self.console.color_system in {"256", "truecolor"} if shades is None else shades,
            wanted=self._state.wanted,
        )
        self._model = Model()
        self._frozen: Model | None = None
        self._frozen_at = 0.0
        self._papers = papers
        self._ends_run = ends_run
        self._ordering = Ordering()
        self._board: Board | None = None
        self._steering = Steering(link, workloads, save_profile, clock)
        self._judging = Judging(judge, lambda: (self._frozen or self._model).case(self._view.metric), self._settle)
        self._leaving = False
        self._following = False
        self._drawn_trouble = ""

    def get_default_screen(self) -> Screen[None]:
        """The live screen is the ground floor."""
        return self._live

    def on_mount(self) -> None:
        """Start the feed and the judge."""
        for palette in PALETTES:
            self.register_theme(textual_theme(palette))
        self.theme = self._palette.name if self._palette else "ansi-dark"
        self.draw()
        self.run_worker(self._feed.run(), name="feed")
        self.run_worker(self._judging.run(), name="judge")
        self.set_interval(1.0, self._heartbeat)
        self.call_after_refresh(gc.freeze)  # what lives as long as the app need not be looked through again

    def on_frame_arrived(self, message: FrameArrived) -> None:
        """Take the frame in; show it unless the picture is frozen."""
        if self._model.take(message.frame):
            self._judging.hurry()
        if self._frozen is None:
            self.draw()

    def on_feed_ended(self, _: FeedEnded) -> None:
        """Say why, unless the run just came to its end."""
        self._show(replace(self._view, notice=self._feed.failure or self._view.notice))

    def on_resized(self, _: Resized) -> None:
        """Draw for the new size."""
        self.draw()

    def on_card_clicked(self, message: CardClicked) -> None:
        """Focus it."""
        self._show(replace(self._view, focus=self._shown[message.place]))

    @property
    def _shown(self) -> list[int]:
        """Series numbers of the backends on screen, in their order."""
        return [card.series for card in self._board.cards] if self._board else []

    def draw(self) -> None:
        """Show what is known as the user wants it shown."""
        frozen_s = self._clock() - self._frozen_at if self._frozen else None
        view = replace(self._view, frozen_s=frozen_s, trouble=self._trouble())
        model = self._frozen or self._model
        self._live.share_out(len(sought(model.windows(), view.sought, view.metric)), view)
        board = model.board(view.metric, view.time, (*self._live.seen, view.page))
        self._board = board = self._ordering.arranged(board, view) if board else None
        if self._shown and view.focus not in self._shown:
            self._view = replace(self._view, focus=self._shown[0])
            view = replace(view, focus=self._shown[0])
        self._live.show(board, view, self._palette)
        self._follow(on="stream" in self._live.seen or view.page == "compare")
        self._drawn_trouble = view.trouble

    def _follow(self, *, on: bool) -> None:
        """Have the engine keep answers while they can be read, and only then."""
        if on != self._following and self._model.frame is not None:
            self._following = on
            self._link.send(Follow(on))

    def on_unmount(self) -> None:
        """The run may go on unwatched."""
        self._follow(on=False)

    def _trouble(self) -> str:
        return "STOPPING" if self._leaving else self._feed.trouble()

    def _heartbeat(self) -> None:
        """What moves without a frame: how long the picture is frozen, or that the engine has fallen silent."""
        if self._frozen or self._trouble() != self._drawn_trouble:
            self.draw()

    def _settle(self, judgement: Judgement) -> None:
        (self._frozen or self._model).settle(judgement)
        self.draw()

    def _show(self, view: View) -> None:
        self._view = view
        self.draw()

    def _say(self, text: str, for_s: float = _NOTICE_S) -> None:
        notice = printable(text)
        self._show(replace(self._view, notice=notice))
        self.set_timer(for_s, lambda: self._unsay(notice))

    def _unsay(self, notice: str) -> None:
        if self._view.notice == notice:
            self._show(replace(self._view, notice=""))

    def action_freeze(self) -> None:
        """Hold the picture still, or let it go on; the run never stops."""
        self._frozen = None if self._frozen else self._model.clone()
        self._frozen_at = self._clock()
        self.draw()

    def action_metric(self, by: int) -> None:
        """Another metric in front."""
        self._judging.hurry()
        self._show(self._view.cycled(by))

    def action_focus_card(self, across: int, down: int) -> None:
        """Another card in focus; on a page, another backend, or other rows of it."""
        if self._view.page == "board":
            self._show(self._view.moved(across + down * self._live.columns, self._shown))
        elif down:
            self._scroll(down)
        elif self._view.page == "depth":
            self._show(replace(self._view.moved(across, self._shown), scroll=0))
        else:
            self._show(replace(self._view, versus=self._next_to(self._view.versus, across, self._view.focus)))

    def action_scroll(self, screens: int) -> None:
        """Some screens further down a page, or up."""
        self._scroll(screens * max(self.size.height - 4, 1))

    def _scroll(self, by: int) -> None:
        if self._board and self._view.page != "board":
            most = self._live.overflow(self._board, self._view)
            self._show(replace(self._view, scroll=min(max(self._view.scroll + by, 0), most)))

    def _next_to(self, series: int | None, by: int, besides: int) -> int | None:
        """The series number `by` places on from `series` on screen, round and round, leaving out `besides`."""
        others = [each for each in self._shown if each != besides]
        if not others:
            return None
        at = others.index(series) + by if series in others else 0
        return others[at % len(others)]

    def action_expand(self) -> None:
        """The page of the backend in focus, and back."""
        self._show(replace(self._view, expanded=not self._view.expanded, versus=None, scroll=0))

    def action_compare(self) -> None:
        """The page of two backends, and back."""
        versus = None
        if self._view.page != "compare":
            versus = self._next_to(None, 0, self._view.focus)
            if versus is None:
                self._say("there is no other backend to compare it with")
        self._show(replace(self._view, versus=versus, expanded=False, scroll=0))

    def action_compare_first(self) -> None:
        """Of two compared, another first one."""
        versus = self._view.versus
        if versus is not None:
            focus = self._next_to(self._view.focus, 1, versus)
            self._show(replace(self._view, focus=self._view.focus if focus is None else focus))

    def action_step_back(self) -> None:
        """From a page to the panels, from a moment to now, from some backends to all: one at a time."""
        view = self._view
        if view.page != "board":
            self._show(replace(view, expanded=False, versus=None, scroll=0))
        elif view.moment_s is not None:
            self._show(replace(view, moment_s=None, notice=""))
        else:
            self._show(replace(view, sought=""))

    def action_seek(self) -> None:
        """Only some of the backends."""
        label = "only backends with (a word; or <400: p95 under 400 ms)"
        self.push_screen(SeekScreen(label, self._view.sought, self._seek))

    def _seek(self, text: str) -> None:
        self._show(replace(self._view, sought=printable(text, 60)))

    def action_sort(self, by: int) -> None:
        """Another order."""
        self._sort(self._view.sorted_by(by).sort)

    def _sort(self, sort: Sort) -> None:
        self._show(replace(self._view, sort=sort))
        self._say(f"sorted by {sort}" if sort != "profile" else "in the order of the profile")

    def action_hold(self) -> None:
        """Send nothing to the backend in focus, or go on."""
        self._hold(self._view.focus)

    def _hold(self, series: int) -> None:
        if self._model.frame is not None and series < len(self._model.frame.backends):
            self._say(self._steering.hold(self._model.frame.backends[series]))

    def action_look(self, by: int) -> None:
        """At what was earlier where time runs across, or later; at the end of it, now."""
        if self._board is None:
            return
        now_s = self._board.header.at_ns // 1_000_000_000
        from_s = now_s if self._view.moment_s is None else self._view.moment_s
        moment_s = max(from_s + by * LOOK_COLUMNS * self._view.span_s, 0)
        if moment_s >= now_s:
            self._show(replace(self._view, moment_s=None, notice=""))
        else:
            words = f"looking at {clock(moment_s * 1_000_000_000)}   (shift+← → further, esc now)"
            self._show(replace(self._view, moment_s=moment_s, notice=words))

    def action_event(self, by: int) -> None:
        """At the event before or after where time runs across; after the last, now."""
        board, view = self._board, self._view
        if board is None:
            return
        cards = {card.series: card for card in board.cards}
        events = [event for event in board.events if event.series is None or event.series in cards]
        at_s = float("inf") if view.moment_s is None else view.moment_s
        before = [event for event in events if event.at_ns // 1_000_000_000 < at_s]
        after = [event for event in events if event.at_ns // 1_000_000_000 > at_s]
        if by < 0 and not before:
            self._say("there is no event before")
            return
        if by > 0 and not after:
            self._show(replace(view, moment_s=None))
            self._say("this is now")
            return
        event = before[-1] if by < 0 else after[0]
        moment_s = event.at_ns // 1_000_000_000
        if view.page == "depth":
            view = replace(view, expanded=False, scroll=0)
        if view.page == "board" and "heat" not in self._live.seen:
            view = view.toggled("heat", self._live.seen)
        who = f"{cards[event.series].name}: " if event.series is not None else ""
        span_s = max(view.span_s, span_reaching(board.header.at_ns // 1_000_000_000 - moment_s))
        focus = view.focus if event.series is None else event.series
        notice = f"{clock(event.at_ns)}  {who}{event.text}   (N before, n after, esc now)"
        self._show(replace(view, moment_s=moment_s, span_s=span_s, focus=focus, notice=notice))

    def action_panel(self, panel: Panel) -> None:
        """Bring a panel to the front, or take it away when it has room already."""
        self._show(self._view.toggled(panel, self._live.seen))
        self._state.wanted = self._view.wanted
        self._state.save()

    def action_only(self) -> None:
        """The panel in front alone, or with the others again."""
        self._show(replace(self._view, only=not self._view.only))

    @property
    def _steers(self) -> bool:
        """Whether there is a run to be steered."""
        return any(binding.id == "load-up" for binding in self._keys.bindings)

    def action_zoom(self, by: int) -> None:
        """More time on the axes, or less."""
        self._show(self._view.zoomed(by))
        self._say(f"a column is {self._view.span_s} s wide")

    def action_ask(self, what: Ask) -> None:
        """Ask something of the run."""
        if self._model.frame is not None:
            self._say(self._steering.ask(what, self._model.frame))

    def action_reset(self) -> None:
        """Count the figures from now on."""
        self._model.reset()
        self._judging.hurry()
        self._say("figures start anew; the run goes on")

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
        self.draw()

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

    def action_palette(self) -> None:
        """Everything there is to do, by name."""
        self.push_screen(
            CommandPalette([provider(self._entries)], placeholder="what to do: type some of its letters")
        )

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
        if frame is None or not self._steers:
            return
        for command, words in choices(frame.arrivals):
            yield Entry(f"load: {words}", "", partial(self._load, command, frame))
        for source in self._steering.workloads:
            name = printable(source, 60)
            yield Entry(f"workload: {name}", "", partial(self._take_workload, source))
        for series, backend in enumerate(frame.backends):
            words = "let it go on" if backend.held else "send it nothing"
            yield Entry(f"{printable(backend.name, 60)}: {words}", "", partial(self._hold, series))

    def action_help(self) -> None:
        """Keys and words."""
        self.push_screen(HelpScreen(self._keys))

    def _load(self, command: SetConcurrency | SetRate, frame: Frame) -> None:
        self._say(self._steering.set_load(command, frame))

    def _take_workload(self, source: str) -> None:
        self._say(self._steering.set_workload(source))

    async def action_quit(self) -> None:
        """Stop the run and leave; ask first when money is being spent; pressed again, leave at once."""
        words = spending(self._model.frame) if self._ends_run and not self._leaving else ""
        if not words:
            self.action_interrupt()
            return
        choices = [("q,enter", "stop the run and leave with its summary", "stop")]
        if isinstance(self._link, Detachable):
            choices.append(("d,D", "leave it running: infertop attach shows it again", "detach"))
        self.push_screen(QuestionScreen("money is being spent", words, choices), self._answered)

    async def _answered(self, answer: str | None) -> None:
        if answer == "stop":
            self.action_interrupt()
        elif answer == "detach":
            await self.action_detach()

    def action_interrupt(self) -> None:
        """Stop the run and leave, unasked; again, leave at once."""
        if self._leaving:
            self.exit(self._model.frame)
            return
        self._leaving = True
        self.draw()
        self.run_worker(self._leave(), name="leave")

    def remember(self, frames: Iterable[Frame]) -> None:
        """Take in what was before this screen came, oldest first; before it runs."""
        for frame in frames:
            self._model.take(frame)

    async def action_detach(self) -> None:
        """Leave, and let the run go on."""
        if isinstance(self._link, Detachable):
            self.exit(await self._link.detach())
        else:
            self._say("this run ends with its screen" if self._ends_run else "it goes on without you: q leaves")

    async def _leave(self) -> None:
        self.exit(await self._link.stop() or self._model.frame)
