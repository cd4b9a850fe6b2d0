"""The console's picture: frames in, boards out, shown as a person has arranged it. What keys do to it is in `app`."""

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from textual.app import App
from textual.filter import LineFilter
from textual.screen import Screen

from ..backends.printable import printable
from ..engine.commands import Follow
from ..engine.frame import Frame
from ..engine.verdict import verdicts
from .board import Board, Judgement
from .draw.glyphs import Tier, choose_tier
from .feed import Feed, FeedEnded, FrameArrived
from .judging import Judging
from .keys import DEFAULT, Keys
from .link import EngineLink
from .model import Judge, Model
from .ordering import Ordering, sought
from .screens.live import Resized, live_screen
from .theme import PALETTES, palette_named
from .view import View
from .viewstate import ViewState
from .widgets.letters import letters
from .widgets.textual_theme import textual_theme

_NOTICE_S: Final = 4.0


class PictureApp(App[Frame | None]):
    """Keeps the live screen showing the newest frame, or the one it was frozen at.

    Args:
        link: the engine.
        keys: bindings and hints.
        state: how the console was left last time.
        tier: glyphs; chosen from the environment when None.
        shades: whether the terminal tells the shades of a colour ramp apart; found out when None.
        judge: makes verdicts.
        clock: seconds; how long the picture has been frozen, or the engine silent.
    """

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
        keys: Keys = DEFAULT,
        state: ViewState | None = None,
        tier: Tier | None = None,
        shades: bool | None = None,
        judge: Judge = verdicts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        no_colour = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if no_colour else None)
        self.animation_level = "none"  # scrolling by twenty frames is slow over a network
        self._link = link
        self._clock = clock
        self._keys = keys
        self.set_keymap(keys.keymap)
        self._state = state or ViewState()
        self._feed = Feed(link, self, clock, self._state.hz)
        self._live = live_screen(keys)
        self._palette = None if no_colour else palette_named(self._state.theme)
        self._view = View(
            tier=tier or choose_tier(encoding=sys.stdout.encoding or "ascii"),
            shades=not no_colour and self.console.color_system in {"256", "truecolor"} if shades is None else shades,
            wanted=self._state.wanted,
            only=self._state.only,
            span_s=self._state.span_s,
        )
        self._model = Model()
        self._frozen: Model | None = None
        self._frozen_at = 0.0
        self._ordering = Ordering()
        self._board: Board | None = None
        self._judging = Judging(judge, lambda: (self._frozen or self._model).case(self._view.metric), self._settle)
        self._leaving = False
        self._following = False
        self._drawn_trouble = ""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ASCII where there is no more."""
        return [*super().get_line_filters(), *letters(self._view.tier)]

    def get_default_screen(self) -> Screen[None]:
        """The live screen is the ground floor."""
        return self._live

    def on_mount(self) -> None:
        """Start the feed and the judge."""
        for palette in PALETTES:
            self.register_theme(textual_theme(palette))
        self.theme = self._palette.name if self._palette else "ansi-dark"
        self._paint_page()
        self.draw()
        self.run_worker(self._feed.run(), name="feed")
        self.run_worker(self._judging.run(), name="judge")
        self.set_interval(1.0, self._heartbeat)
        self.call_after_refresh(gc.freeze)  # what lives as long as the app need not be looked through again

    def _paint_page(self) -> None:
        """In a browser, give what is left of the page beside whole cells the picture's ground."""
        if self.is_web and self._driver is not None and self._palette is not None:
            self._driver.write(f"\x1b]11;{self._palette.ground}\x1b\\")

    def on_unmount(self) -> None:
        """The run may go on unwatched."""
        self._follow(on=False)

    def remember(self, frames: Iterable[Frame]) -> None:
        """Take in what was before this screen came, oldest first; before it runs."""
        for frame in frames:
            self._model.take(frame)

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

    def _trouble(self) -> str:
        return "STOPPING" if self._leaving else self._feed.trouble()

    def _heartbeat(self) -> None:
        """What moves without a frame: how long the picture is frozen, or that the engine has fallen silent."""
        if self._frozen or self._trouble() != self._drawn_trouble:
            self.draw()

    def _settle(self, judgement: Judgement) -> None:
        """Show it with the next frame, or at once where none will come."""
        (self._frozen or self._model).settle(judgement)
        if self._frozen or not self._feed.flowing:
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
