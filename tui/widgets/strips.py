"""The widget under the whole page: it keeps strips, redraws only what changed, and rendering only indexes."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from ..draw.glyphs import to_ascii
from ..draw.rows import Row, fit_row
from ..panels.page import Piece
from ..theme import Palette, styles

_NO_STYLE: Final = Style()


class Look(NamedTuple):
    """How roles become styles: with the colours of `palette`, and in ASCII when `plain`."""

    palette: Palette | None = None
    plain: bool = False


class _Part(NamedTuple):
    """One row of one piece."""

    row: Row
    strip: Strip


def strip(row: Row, width: int, look: Look) -> Strip:
    """`row` as exactly `width` cells of styled text."""
    style = styles(look.palette)
    segments: list[Segment] = []
    run: list[str] = []
    last = _NO_STYLE
    for text, role in fit_row(row, width):
        wanted = style[role]
        blank = look.palette is not None and text.isspace() and wanted.bgcolor == last.bgcolor
        if wanted is not last and not blank:  # blanks look alike in any colour: fewer changes for the terminal
            if run:
                segments.append(Segment("".join(run), last))
            run, last = [], wanted
        run.append(to_ascii(text) if look.plain else text)
    return Strip([*segments, Segment("".join(run), last)], width)


class PageWidget(Widget):
    """Shows pieces of a page; knows nothing of what they say.

    Attributes:
        lines: what is shown, top row first.
    """

    DEFAULT_CSS = "PageWidget { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[dict[int, _Part]] = []  # of each line, by the column they begin at
        self._shown: tuple[Size, Look] | None = None
        self.lines: list[Strip] = []

    def show(self, pieces: Sequence[Piece], size: Size, palette: Palette | None, *, plain: bool) -> None:
        """Show `pieces` on a page of `size` from now on; only what differs is drawn again."""
        look = Look(palette, plain)
        before = self._parts if self._shown == (size, look) else [{} for _ in range(size.height)]
        self._parts, self._shown = [{} for _ in range(size.height)], (size, look)
        changed: list[Region] = []
        for box, rows in pieces:
            for y, row in enumerate(rows, box.y):
                part = before[y].get(box.x)
                if part is None or part.strip.cell_length != box.width or part.row != row:
                    part = _Part(row, strip(row, box.width, look))
                    changed.append(Region(box.x, y, box.width, 1))
                self._parts[y][box.x] = part
        if any(new.keys() != old.keys() for new, old in zip(self._parts, before, strict=True)):
            self.lines = [self._line(y, size.width, look) for y in range(size.height)]
            self.refresh()
        elif changed:
            for y in {region.y for region in changed}:
                self.lines[y] = self._line(y, size.width, look)
            self.refresh(*changed)

    def _line(self, y: int, width: int, look: Look) -> Strip:
        """Everything that stands on row `y`."""
        ground = styles(look.palette)[""]
        joined: list[Strip] = []
        at = 0
        for x, part in sorted(self._parts[y].items()):
            if x > at:
                joined.append(Strip.blank(x - at, ground))
            joined.append(part.strip)
            at = x + part.strip.cell_length
        if at < width:
            joined.append(Strip.blank(width - at, ground))
        return Strip.join(joined)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips of `crop`; there is no border, padding or tint to add."""
        blank = Strip.blank(self.size.width)
        lines = [self.lines[y] if y < len(self.lines) else blank for y in crop.line_range]
        if crop.column_span == (0, self.size.width):
            return lines
        return [line.crop(*crop.column_span) for line in lines]
