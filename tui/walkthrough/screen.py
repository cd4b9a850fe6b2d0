"""The live screen with the strip of a walkthrough between its panels and its footer."""

from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from ..board import Board
from ..draw.glyphs import Tier
from ..keys import Keys
from ..panels.footer import draw_footer
from ..panels.layout import Box, arrange
from ..panels.page import draw_page
from ..screens.live import LiveScreen
from ..theme import Palette
from ..view import View
from ..widgets.strips import PageWidget
from .director import Progress
from .figures import Figure, Splits, figure_of
from .script import Setting
from .strip import draw_strip, strip_height


class WalkthroughScreen(LiveScreen):
    """Shows boards, and under them what `tell` was told last.

    Args:
        keys: whose hints the footer gives.
    """

    def __init__(self, keys: Keys) -> None:
        super().__init__(keys)
        self._told: tuple[Progress, Setting] | None = None
        self._splits = Splits()

    def tell(self, progress: Progress, setting: Setting) -> None:
        """Where the walkthrough is, and what it says."""
        if self._told and (self._told[0].act is not progress.act or self._told[0].elapsed_s > progress.elapsed_s):
            self._splits.clear()
        self._told = progress, setting

    @property
    def _strip_rows(self) -> int:
        size = self.app.size
        return strip_height(self._told[0], size.width, size.height) if self._told else 0

    @property
    def room(self) -> int:
        """Less what the strip takes."""
        return super().room - self._strip_rows

    def share_out(self, backends: int, view: View) -> None:
        """The panels get what the strip leaves."""
        size = self.app.size
        self._backends = backends
        self._layout_now = arrange(size.width, size.height - self._strip_rows, backends, view)
        self.columns = self._layout_now.columns

    def show(self, board: Board | None, view: View, palette: Palette | None) -> None:
        """Draw the board with the strip under it."""
        if board is None or self._layout_now is None or self._told is None or not self.children:
            super().show(board, view, palette)
            return
        (progress, setting), size, rows = self._told, self.app.size, self._strip_rows
        above = size.height - rows - self._layout_now.footer
        layout, hints = replace(self._layout_now, footer=0), self._keys.hints(view.page)
        pieces = draw_page(board, view, size.width, above, layout, hints)
        strip = draw_strip(progress, setting, self._figures(board, setting), view, size.width, rows)
        pieces.append((Box(0, above, size.width, rows), strip))
        if self._layout_now.footer:
            pieces.append((Box(0, size.height - 1, size.width, 1), draw_footer(hints, view, size.width)))
        self.query_one(PageWidget).show(pieces, size, palette, plain=view.tier is Tier.ASCII)

    def _figures(self, board: Board, setting: Setting) -> list[Figure]:
        if setting.split and board.header.workload == setting.stand.workload:
            self._splits.take(board, setting.split)
        wanted = [figure for each in setting.figures if (figure := figure_of(board, each))]
        return [*wanted, *self._splits.figures()]


def walkthrough_screen(keys: Keys) -> WalkthroughScreen:
    """The screen with `keys`."""

    class Bound(WalkthroughScreen):
        """Textual reads bindings off the class."""

        BINDINGS: ClassVar[list[BindingType]] = list(keys.bindings)

    return Bound(keys)
