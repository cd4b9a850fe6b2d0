"""The live screen: the panels one under the other, as `panels.layout` shares the space out."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip

from ..board import Board
from ..draw.glyphs import Tier
from ..draw.rows import Span
from ..keys import Keys
from ..panels.footer import draw_footer
from ..panels.layout import Box, Layout, arrange, backend_at
from ..panels.page import Piece, draw_page, long_page
from ..theme import Palette
from ..view import Panel, View
from ..widgets.steady_size import SteadySize
from ..widgets.strips import PageWidget


class CardClicked(Message):
    """The card at `place` among those shown was clicked."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


class Resized(Message):
    """The screen has another size: what was shown has to be drawn anew."""

    def can_replace(self, message: Message) -> bool:
        """Once is enough."""
        return isinstance(message, Resized)


class LiveScreen(SteadySize, Screen[None]):
    """Shows boards.

    Args:
        keys: whose hints the footer gives.

    Attributes:
        columns: cards side by side, 1 for a table.
    """

    CSS = "LiveScreen { overflow: hidden hidden; }"

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self.columns = 1
        self._keys = keys
        self._layout_now: Layout | None = None
        self._backends = 0
        self._page = PageWidget()

    def compose(self) -> ComposeResult:
        """One widget for the whole page: a line costs the same however many panels stand on it."""
        yield self._page

    @property
    def seen(self) -> frozenset[Panel]:
        """Panels that have room."""
        return frozenset(self._layout_now.boxes) if self._layout_now else frozenset()

    def share_out(self, backends: int, view: View) -> None:
        """Share the space out; `seen` and `columns` tell how."""
        size = self.app.size
        self._backends = backends
        self._layout_now = arrange(size.width, size.height, backends, view)
        self.columns = self._layout_now.columns

    def show(self, board: Board | None, view: View, palette: Palette | None) -> None:
        """Draw `board` as it was arranged, or a word of patience while there is none."""
        if not self.children:
            return
        size, hints = self.app.size, self._keys.hints(view.page)
        if board is None or self._layout_now is None:
            pieces = _waiting(view, size, hints)
        else:
            pieces = draw_page(board, view, size.width, size.height, self._layout_now, hints)
        self._page.show(pieces, size, palette, plain=view.tier is Tier.ASCII)

    def overflow(self, board: Board, view: View) -> int:
        """Rows of the page that `view` shows which have no room."""
        room = self.room
        return max(len(long_page(board, view, self.app.size.width, room)) - room, 0)

    @property
    def room(self) -> int:
        """Rows between header and footer."""
        layout = self._layout_now
        return self.app.size.height - (layout.header + layout.footer if layout else 0)

    def picture(self) -> list[Strip]:
        """What the page shows now, a strip a row."""
        return self._page.lines

    def on_mount(self) -> None:
        """Draw what was shown before there was anything to draw on."""
        self.post_message(Resized())

    def on_resize(self) -> None:
        """Draw the same for the new size."""
        self.post_message(Resized())

    def on_click(self, event: Click) -> None:
        """Focus the card under the mouse."""
        if self._layout_now is None:
            return
        place = backend_at(self._layout_now, self._backends, event.screen_x, event.screen_y)
        if place is not None:
            self.post_message(CardClicked(place))


def live_screen(keys: Keys) -> LiveScreen:
    """The live screen with `keys`."""

    class Bound(LiveScreen):
        """Textual reads bindings off the class."""

        BINDINGS: ClassVar[list[BindingType]] = list(keys.bindings)

    return Bound(keys)


def _waiting(view: View, size: Size, hints: Sequence[tuple[str, str]]) -> list[Piece]:
    word = Span(view.trouble, "bad") if view.trouble else Span("waiting for the engine …", "dim")
    return [
        (Box(0, 0, size.width, 1), [(Span(" infertop   ", "brand"), word)]),
        (Box(0, size.height - 1, size.width, 1), draw_footer(hints, view, size.width)),
    ]
