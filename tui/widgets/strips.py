"""The widget under every panel: it keeps strips, redraws only lines that changed, and `render_line` only indexes."""

from collections.abc import Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ..draw.glyphs import to_ascii
from ..draw.rows import Row, fit_row
from ..theme import Palette, styles


@lru_cache(maxsize=2048)
def strip(row: Row, width: int, palette: Palette | None, *, plain: bool) -> Strip:
    """`row` as exactly `width` cells of styled text, in ASCII when `plain`; cached by all of that."""
    style = styles(palette)
    segments: list[Segment] = []
    look = Style()
    for text, role in fit_row(row, width):
        wanted = style[role]
        if palette is None or not text.isspace() or wanted.bgcolor != look.bgcolor:
            look = wanted  # blanks look alike in any colour: fewer changes for the terminal
        segments.append(Segment(to_ascii(text) if plain else text, look))
    return Strip(Segment.simplify(segments), width)


class StripWidget(Widget):
    """Shows rows; knows nothing of what they say."""

    DEFAULT_CSS = "StripWidget { width: 1fr; height: 0; }"

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.display = False
        self._strips: list[Strip] = []

    def show(self, rows: Sequence[Row], width: int, palette: Palette | None, *, plain: bool) -> None:
        """Show `rows` from now on; only lines that differ are drawn again."""
        before = self._strips
        self._strips = [strip(row, width, palette, plain=plain) for row in rows]
        if len(before) != len(self._strips):
            self.styles.height = len(self._strips)
            self.display = bool(self._strips)
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._strips, strict=True)) if old is not new]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """The strip of line `y`."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
