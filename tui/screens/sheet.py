"""A screen of its own that is one page of rows: before a run, or without one."""

import os
import sys
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from ..draw.glyphs import Tier, choose_tier
from ..draw.rows import Row
from ..keys import Keys
from ..panels.footer import draw_footer
from ..panels.layout import Box
from ..panels.page import Piece
from ..theme import PALETTES, palette_named
from ..view import View
from ..widgets.steady_size import SteadyScreen
from ..widgets.strips import PageWidget
from ..widgets.textual_theme import textual_theme

Result = TypeVar("Result")


class SheetApp(App[Result]):
    """Shows `page`, and under it the keys.

    Args:
        keys: in force.
        hints: (key, word) for the footer.
        theme: a palette's name.
        tier: glyphs; chosen from the environment when None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "leave", "leave", priority=True)]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, keys: Keys, hints: Sequence[tuple[str, str]], theme: str, tier: Tier | None) -> None:
        no_colour = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if no_colour else None)
        self._hints = hints
        self.set_keymap(keys.keymap)
        self._palette = None if no_colour else palette_named(theme)
        self._tier = tier or choose_tier(encoding=sys.stdout.encoding or "ascii")

    def page(self, width: int, room: int) -> list[Row]:
        """Exactly `room` rows of at most `width` cells."""
        raise NotImplementedError

    def get_default_screen(self) -> SteadyScreen:
        """Its one screen."""
        return SteadyScreen()

    def compose(self) -> ComposeResult:
        """One page."""
        yield PageWidget()

    def on_mount(self) -> None:
        """In the user's colours."""
        for palette in PALETTES:
            self.register_theme(textual_theme(palette))
        self.theme = self._palette.name if self._palette else "ansi-dark"
        self.draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.draw()

    def draw(self) -> None:
        """Show what there is to show."""
        width, height = self.size
        room = max(height - 2, 0)
        pieces: list[Piece] = [
            (Box(0, 0, width, room), self.page(width, room)),
            (Box(0, height - 1, width, 1), draw_footer(self._hints, View(), width)),
        ]
        self.query_one(PageWidget).show(pieces, self.size, self._palette, plain=self._tier is Tier.ASCII)

    def action_leave(self) -> None:
        """Nothing was chosen."""
        self.exit(None)
