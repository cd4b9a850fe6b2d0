"""The sweep screen: keys to views, documents to boards, boards to the screen. Wiring only."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen

from ...engine.sweep.sweep import Sweep
from ...sessions.export.files import ExportError, Part, write_parts
from ..draw.glyphs import Tier, choose_tier
from ..export.screen import svg
from ..palette import Entry, EntryPalette, provider
from ..theme import PALETTES, palette_named
from ..viewstate import ViewState
from ..widgets.letters import letters
from ..widgets.steady_size import SteadySize
from ..widgets.strips import PageWidget
from ..widgets.textual_theme import textual_theme
from .board import SweepBoard
from .help import SweepHelpScreen
from .keys import HINTS, KEYS
from .link import SweepLink
from .model import board
from .panels.legend import ordered
from .panels.page import draw_page
from .view import CHARTS, RIVALS, SORTS, Chart, Rival, Sort, SweepView

_NOTICE_S: Final = 4.0


class SweepArrived(Message):
    """A document to show; a newer one takes the place of one that still waits."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__()
        self.sweep = sweep

    def can_replace(self, message: Message) -> bool:
        """Newest wins."""
        return isinstance(message, SweepArrived)


class SweepScreen(SteadySize, Screen[None]):
    """One widget for the whole page, and the keys; those of the screens over it are their own."""

    BINDINGS: ClassVar[list[BindingType]] = list(KEYS)
    CSS = "SweepScreen { overflow: hidden hidden; }"

    def compose(self) -> ComposeResult:
        """The page."""
        yield PageWidget()


class SweepApp(App[Sweep | None]):
    """The screen over one sweep. Returns its last document; it stays when the sweep is over.

    Args:
        link: the sweep.
        folder: where pictures go.
        state: theme of the console as it was left.
        tier: glyphs; chosen from the environment when None.

    Attributes:
        failure: what the sweep raised; the screen is left then.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "leave", "quit", id="interrupt", priority=True, show=False)
    ]
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
        link: SweepLink,
        *,
        folder: Path = Path(),
        state: ViewState | None = None,
        tier: Tier | None = None,
    ) -> None:
        no_colour = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if no_colour else None)
        self.failure: Exception | None = None
        self._link = link
        self._folder = folder
        self._state = state or ViewState()
        self._palette = None if no_colour else palette_named(self._state.theme)
        self._view = SweepView(tier=tier or choose_tier(encoding=sys.stdout.encoding or "ascii"))
        self._sweep: Sweep | None = None
        self._board: SweepBoard | None = None
        self._leaving = False
        self._over = False
        self._page = SweepScreen()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ASCII where there is no more."""
        return [*super().get_line_filters(), *letters(self._view.tier)]

    # --- what there is to show ---

    def get_default_screen(self) -> Screen[None]:
        """The page."""
        return self._page

    def on_mount(self) -> None:
        """Follow the sweep."""
        for palette in PALETTES:
            self.register_theme(textual_theme(palette))
        self.theme = self._palette.name if self._palette else "ansi-dark"
        self.draw()
        self.run_worker(self._follow(), name="feed")

    async def _follow(self) -> None:
        try:
            async for sweep in self._link.documents():
                self._sweep = sweep
                self.post_message(SweepArrived(sweep))
        except Exception as error:  # noqa: BLE001 - whoever started the screen tells of it, in words of his own
            self.failure = error
        self._over = True
        if self._leaving or self.failure is not None:
            self.exit(self._sweep)

    def on_sweep_arrived(self, message: SweepArrived) -> None:
        """Show it."""
        self._board = board(message.sweep)
        self.draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.draw()

    def draw(self) -> None:
        """Show what there is to show."""
        if self._page.children and self.size.height > 0:
            pieces = draw_page(self._board, self._view, self.size.width, self.size.height, HINTS)
            self._widget.show(pieces, self.size, self._palette, plain=self._view.tier is Tier.ASCII)

    @property
    def _widget(self) -> PageWidget:
        return self._page.query_one(PageWidget)

    def _show(self, view: SweepView) -> None:
        self._view = view
        self.draw()

    def _say(self, words: str) -> None:
        """A notice in place of the keys, for a while."""
        self._show(replace(self._view, notice=words))
        self.set_timer(_NOTICE_S, partial(self._hush, words))

    def _hush(self, words: str) -> None:
        if self._view.notice == words:
            self._show(replace(self._view, notice=""))

    @property
    def _shown(self) -> Sequence[int]:
        """Series numbers of the backends, in the order they stand in."""
        return [run.series for run in ordered(self._board, self._view)] if self._board else []

    # --- keys ---

    def action_turn(self, by: int) -> None:
        """Another chart in front."""
        self._show(self._view.turned(by))

    def action_heights(self) -> None:
        """Even or logarithmic heights."""
        self._show(replace(self._view, even=not self._view.even))

    def action_rival(self) -> None:
        """What is set against the speed of one user."""
        self._show(replace(self._view.against(1), front="pareto"))

    def action_legend(self) -> None:
        """The list of backends, or one line."""
        self._show(replace(self._view, legend=not self._view.legend))

    def action_scroll(self, by: int) -> None:
        """The points, some rows on."""
        stops = (
            next((len(run.stops) for run in self._board.runs if run.series == self._view.focus), 0)
            if self._board
            else 0
        )
        wanted = self._view.scroll + by * max(self.size.height // 4, 1)
        self._show(replace(self._view, scroll=min(max(wanted, -stops), stops)))

    def action_theme(self) -> None:
        """Dark or light."""
        if self._palette is not None:
            self._palette = PALETTES[(PALETTES.index(self._palette) + 1) % len(PALETTES)]
            self.theme = self._state.theme = self._palette.name
            self._state.save()
            self.draw()

    def action_select(self, by: int) -> None:
        """Another backend."""
        self._show(self._view.moved(by, self._shown))

    def action_pick(self, series: int) -> None:
        """The backend of that number."""
        if series in self._shown:
            self._show(replace(self._view, focus=series, scroll=0))

    def action_alone(self) -> None:
        """Charts of the selected backend alone, or of all."""
        self._show(replace(self._view, alone=not self._view.alone))

    def action_sort(self, by: int) -> None:
        """Another order of the backends."""
        self._sort(self._view.sorted_by(by).sort)

    def _sort(self, sort: Sort) -> None:
        self._show(replace(self._view, sort=sort))
        self._say(f"sorted by {sort}" if sort != "profile" else "in the order of the profile")

    def action_picture(self) -> None:
        """The screen as SVG and as text."""
        lines = self._widget.lines
        styled = [[(segment.text, segment.style or Style()) for segment in line] for line in lines]
        title = self._sweep.title if self._sweep else "sweep"
        ground = (self._palette or PALETTES[0]).ground
        parts = (
            Part("svg", svg(styled, self.size.width, ground, title)),
            Part("txt", (f"{line.text.rstrip()}\n" for line in lines)),
        )
        try:
            files = write_parts(parts, self._folder, f"infertop-sweep-{datetime.now().astimezone():%Y%m%d-%H%M%S}")
            self._say(f"picture: {' and '.join(file.name for file in files)}")
        except ExportError as error:
            self._say(f"no picture: {error}")

    def action_palette(self) -> None:
        """Everything there is to do, by name."""
        self.push_screen(EntryPalette([provider(self._entries)], placeholder="what to do: type some of its letters"))

    def _entries(self) -> Iterator[Entry]:
        for binding in KEYS:
            if binding.id != "palette" and not binding.action.startswith("app.pick"):
                yield Entry(
                    binding.description, binding.key_display or binding.key, partial(self.run_action, binding.action)
                )
        for chart in CHARTS:
            yield Entry(f"chart: {chart}", "", partial(self._front, chart))
        for rival in RIVALS:
            yield Entry(f"pareto: {rival} over tok/s/user", "", partial(self._against, rival))
        for sort in SORTS:
            yield Entry(f"sort by {sort}", "", partial(self._sort, sort))
        for run in self._board.runs if self._board else ():
            yield Entry(f"backend: {run.name}", str(run.series + 1), partial(self.action_pick, run.series))

    def _front(self, chart: Chart) -> None:
        self._show(replace(self._view, front=chart))

    def _against(self, rival: Rival) -> None:
        self._show(replace(self._view, rival=rival, front="pareto"))

    def action_help(self) -> None:
        """Keys and words."""
        self.push_screen(SweepHelpScreen())

    def action_leave(self) -> None:
        """Stop the sweep and leave; again, leave at once."""
        if self._over or self._leaving:
            self.exit(self._sweep)
            return
        self._leaving = True
        self._link.stop("stopped from its screen")
        self._show(replace(self._view, notice="stopping: the visit under way is given up …"))
