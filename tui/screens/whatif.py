"""What if a backend were another: turn its knobs, see what the model says, and have it so."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from ...engine.commands import WhatIfCommand
from ...engine.frame import BackendFrame
from ..draw.glyphs import Tier
from ..elsewhere import ELSEWHERE
from ..keys import Keys
from ..panels.footer import draw_footer
from ..panels.layout import Box
from ..panels.page import Piece, scrolled
from ..panels.whatif import draw_what_if, knob_row
from ..theme import Palette
from ..view import View
from ..whatif import Effect, commands, draft_of, effect, knobs, turned
from ..widgets.steady_size import SteadySize
from ..widgets.strips import PageWidget

_WORDS = (
    (("what-if-next", "what-if-previous"), "knob"),
    (("what-if-less", "what-if-more"), "turn"),
    (("what-if-apply",), "apply"),
    (("what-if-leave",), "leave"),
    (("what-if-undo",), "undo"),
)


class WhatIfScreen(SteadySize, ModalScreen[list[WhatIfCommand]]):
    """Returns the commands that make it so; none where nothing shall change.

    Args:
        backend: as it is.
        keys: what keys are called.
        palette: colours; None in a terminal without.
        tier: glyphs.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(ELSEWHERE["what-if"])

    CSS = "WhatIfScreen { background: $background; }"

    def __init__(self, backend: BackendFrame, keys: Keys, palette: Palette | None, tier: Tier) -> None:
        super().__init__()
        self._now = self._then = draft_of(backend)
        self._hints: Sequence[tuple[str, str]] = [(keys.named(*ids), words) for ids, words in _WORDS]
        self._palette = palette
        self._tier = tier
        self._at = 0
        self._notice = ""

    def compose(self) -> ComposeResult:
        """One page."""
        yield PageWidget()

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def _draw(self) -> None:
        size = self.app.size
        room = max(size.height - 1, 0)
        rows = draw_what_if(self._now, self._then, self._at, size.width)
        off = max(knob_row(self._at) - room + 2, 0)
        page = scrolled(rows, off, Box(0, 0, size.width, room))
        footer = draw_footer(self._hints, View(notice=self._notice), size.width)
        pieces: list[Piece] = [(Box(0, 0, size.width, room), page), (Box(0, room, size.width, 1), footer)]
        self.query_one(PageWidget).show(pieces, size, self._palette, plain=self._tier is Tier.ASCII)

    def action_point(self, by: int) -> None:
        """At another knob."""
        self._at = (self._at + by) % len(knobs(self._then))
        self._notice = ""
        self._draw()

    def action_turn(self, by: int) -> None:
        """The knob pointed at, a step on or back."""
        self._then = turned(self._then, knobs(self._then)[self._at].title, by)
        self._notice = ""
        self._draw()

    def action_undo(self) -> None:
        """All knobs as they are."""
        self._then, self._notice = self._now, ""
        self._draw()

    def action_apply(self) -> None:
        """Have it so, if it can be."""
        if self._then.base and not isinstance(effect(self._then), Effect):
            self._notice = "it does not fit: nothing was changed"
            self._draw()
        else:
            self.dismiss(commands(self._now, self._then))

    def action_leave(self) -> None:
        """Leave all as it is."""
        self.dismiss([])
