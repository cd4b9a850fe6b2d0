"""The console: keys to actions, frames to boards, boards to the screen. Wiring only."""

import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.app import App
from textual.screen import Screen

from ..backends.printable import printable
from ..engine.frame import Frame
from ..engine.verdict import verdicts
from .board import Judgement
from .draw.glyphs import Tier, choose_tier
from .feed import Feed, FeedEnded, FrameArrived
from .judging import Judging
from .keys import EVERYWHERE
from .link import EngineLink
from .model import Judge, Model
from .screens.help import HelpScreen
from .screens.live import CardClicked, LiveScreen
from .steering import Ask, Steering
from .theme import PALETTES
from .view import View
from .widgets.textual_theme import textual_theme

_NOTICE_S = 4.0


class InfertopApp(App[Frame | None]):
    """The live console over one engine. Returns the run's final frame.

    Args:
        link: the engine.
        save_profile: saves the session of a frame as a profile and returns its path; raises OSError or ValueError
            with a message for the user.
        workloads: what the workload key goes through.
        tier: glyphs; chosen from the environment when None.
        judge: makes verdicts.
        clock: seconds; how long the picture has been frozen, or the engine silent.
    """

    BINDINGS = EVERYWHERE
    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { background: $background; }"

    def __init__(
        self,
        link: EngineLink,
        *,
        save_profile: Callable[[Frame], str] | None = None,
        workloads: Sequence[str] = (),
        tier: Tier | None = None,
        judge: Judge = verdicts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        no_colour = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if no_colour else None)
        self._link = link
        self._clock = clock
        self._feed = Feed(link, self, clock)
        self._live = LiveScreen()
        self._palette = None if no_colour else PALETTES[0]
        self._view = View(tier=tier or choose_tier(encoding=sys.stdout.encoding or "ascii"))
        self._model = Model()
        self._frozen: Model | None = None
        self._frozen_at = 0.0
        self._steering = Steering(link, workloads, save_profile, clock)
        self._judging = Judging(judge, lambda: (self._frozen or self._model).case(self._view.metric), self._settle)
        self._leaving = False
        self._drawn_trouble = ""

    def get_default_screen(self) -> Screen[None]:
        """The live screen is the ground floor."""
        return self._live

    def on_mount(self) -> None:
        """Start the feed and the judge."""
        for palette in PALETTES:
            self.register_theme(textual_theme(palette))
        self.theme = PALETTES[0].name if self._palette else "ansi-dark"
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

    def on_card_clicked(self, message: CardClicked) -> None:
        """Focus it."""
        if not self._view.expanded:
            self._show(replace(self._view, focus=message.series))

    def draw(self) -> None:
        """Show what is known as the user wants it shown."""
        frozen_s = self._clock() - self._frozen_at if self._frozen else None
        view = replace(self._view, frozen_s=frozen_s, trouble=self._trouble())
        self._live.show((self._frozen or self._model).board(view.metric), view, self._palette)
        self._drawn_trouble = view.trouble

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

    def _say(self, text: str) -> None:
        notice = printable(text)
        self._show(replace(self._view, notice=notice))
        self.set_timer(_NOTICE_S, lambda: self._unsay(notice))

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
        """Another card in focus."""
        self._show(self._view.moved(across + down * self._live.columns, len(self._model.windows())))

    def action_expand(self, on: bool | None = None) -> None:
        """The card in focus fills the screen, or no longer."""
        self._show(replace(self._view, expanded=not self._view.expanded if on is None else on))

    def action_panel(self, number: int) -> None:
        """Show or hide a panel."""
        self._show(self._view.toggled(number))

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
        self._say(f"drawing {self._feed.step(by)} times a second")

    def action_theme(self) -> None:
        """Dark or light."""
        if self._palette is not None:
            self._palette = PALETTES[(PALETTES.index(self._palette) + 1) % len(PALETTES)]
            self.theme = self._palette.name
            self.draw()

    def action_help(self) -> None:
        """Keys and words."""
        self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        """Stop the run and leave; pressed again, leave at once."""
        if self._leaving:
            self.exit(self._model.frame)
            return
        self._leaving = True
        self.draw()
        self.run_worker(self._leave(), name="leave")

    async def _leave(self) -> None:
        self.exit(await self._link.stop() or self._model.frame)
