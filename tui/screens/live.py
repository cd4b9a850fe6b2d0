"""The live screen: the panels one under the other, as `panels.layout` shares the space out."""

from textual.app import ComposeResult
from textual.events import Click
from textual.message import Message
from textual.screen import Screen

from ..board import Board
from ..draw.glyphs import Tier
from ..draw.rows import Row, Span, fit_rows
from ..keys import BINDINGS, HINTS
from ..panels.footer import draw_footer
from ..panels.layout import Layout, arrange, backend_at
from ..panels.page import ORDER, draw_page
from ..theme import Palette
from ..view import View
from ..widgets.strips import StripWidget


class CardClicked(Message):
    """The card of backend `series` was clicked."""

    def __init__(self, series: int) -> None:
        super().__init__()
        self.series = series


class LiveScreen(Screen[None]):
    """Shows boards; remembers the latest, to draw it anew at another size.

    Attributes:
        columns: cards side by side, 1 for a table.
    """

    BINDINGS = BINDINGS
    CSS = "LiveScreen { overflow: hidden hidden; }"

    def __init__(self) -> None:
        super().__init__()
        self.columns = 1
        self._layout_now: Layout | None = None
        self._backends = 0
        self._shown: tuple[Board | None, View, Palette | None] | None = None

    def compose(self) -> ComposeResult:
        """One widget per panel."""
        for panel in ORDER:
            yield StripWidget(panel)

    def show(self, board: Board | None, view: View, palette: Palette | None) -> None:
        """Draw `board`, or a word of patience while there is none."""
        self._shown = board, view, palette
        if not self.children:
            return
        width, rows = self.app.size
        if board is None:
            parts = _waiting(view, width, rows)
        else:
            self._backends = len(board.cards)
            layout = self._layout_now = arrange(width, rows, self._backends, view)
            self.columns = layout.columns
            parts = draw_page(board, view, width, layout, HINTS)
        with self.app.batch_update():
            for panel in ORDER:
                widget = self.get_child_by_id(panel, StripWidget)
                widget.show(parts.get(panel, []), width, palette, plain=view.tier is Tier.ASCII)

    def on_mount(self) -> None:
        """Draw what was shown before there was anything to draw on."""
        self.on_resize()

    def on_resize(self) -> None:
        """Draw the same board for the new size."""
        if self._shown is not None:
            self.show(*self._shown)

    def on_click(self, event: Click) -> None:
        """Focus the card under the mouse."""
        region = self.get_child_by_id("cards").region
        if self._layout_now is None or not region.contains_point(event.screen_offset):
            return
        x, y = event.screen_offset - region.offset
        series = backend_at(self._layout_now, region.width, self._backends, x, y)
        if series is not None:
            self.post_message(CardClicked(series))


def _waiting(view: View, width: int, rows: int) -> dict[str, list[Row]]:
    word = Span(view.trouble, "bad") if view.trouble else Span("waiting for the engine …", "dim")
    return {
        "header": fit_rows([(Span(" infertop   ", "brand"), word)], rows - 1),
        "footer": draw_footer(HINTS, view, width),
    }
