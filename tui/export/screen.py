"""The console's picture of a snapshot without a console: the same panels, as rows, as text, and as SVG."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Final

from rich.cells import cell_len
from rich.style import Style

from ...backends.printable import printable
from ...engine.frame import Frame
from ...engine.verdict import verdicts
from ...sessions.export.snapshot import Snapshot
from ...sessions.journal.reader import Recording
from ..draw.glyphs import Tier
from ..draw.rows import Row, row_text
from ..model import Model
from ..panels.layout import arrange
from ..panels.page import composed, draw_page
from ..past import SPANS_S
from ..replay_reel import as_replayed
from ..theme import DARK, Palette, styles
from ..view import Panel, View

RECENT_S: Final = 400
"""Before the moment shown, frames are taken in one by one for this long, which is what one-second columns reach back;
those further back as rarely as the panels that look there allow."""

_APART_S: Final = 5.0
_MOST_EARLIER: Final = 1500

_CELL_WIDTH: Final = 8.4
_CELL_HEIGHT: Final = 18.0
_MARGIN: Final = 14.0


@dataclass(frozen=True, slots=True)
class Screen:
    """How the console is drawn.

    Attributes:
        columns, rows: its size in cells.
        palette: its colours.
        replayed: whether it shows what was recorded, and says so.
        view: how somebody has arranged it; None as at a first start.
    """

    columns: int = 120
    rows: int = 40
    palette: Palette = DARK
    replayed: bool = False
    view: View | None = None


DEFAULT: Final = Screen()


def drawn(model: Model, screen: Screen, without: Collection[Panel] = (), *, judge: bool = True) -> list[Row]:
    """The picture of what `model` shows: `screen.rows` rows of `screen.columns` cells.

    Args:
        model: which has taken in a frame.
        screen: how to draw it.
        without: panels to leave out.
        judge: whether to judge the backends anew, which takes longest; else the last verdicts stand.
    """
    assert model.frame is not None
    run_s = model.frame.at_ns / 1e9
    view = screen.view or View(
        focus=-1, span_s=next((span for span in SPANS_S if run_s <= span * screen.columns), SPANS_S[-1])
    )
    wanted = tuple(panel for panel in view.wanted if panel not in without)
    view = replace(view, tier=Tier.BRAILLE, wanted=wanted, replay="REPLAY" if screen.replayed else "", notice="")
    if judge:
        model.settle(model.case(view.metric).judged(verdicts))
    board = model.board(view.metric, view.time, (*wanted, view.page))
    assert board is not None
    layout = arrange(screen.columns, screen.rows, len(board.cards), view)
    pieces = draw_page(board, view, screen.columns, screen.rows, layout, ())
    return composed(pieces, screen.columns, screen.rows)


def picture(snapshot: Snapshot, screen: Screen) -> list[Row]:
    """The picture at the snapshot's moment; raises RecordingError."""
    model = Model()
    if snapshot.recording is not None:
        moments = [at_ns for at_ns in snapshot.recording.moments() if at_ns < snapshot.frame.at_ns]
        for frame in frames(snapshot.recording, earlier(moments, snapshot.frame.at_ns)):
            model.take(shown(frame, screen))
    model.take(shown(snapshot.frame, screen))
    return drawn(model, screen)


def shown(frame: Frame, screen: Screen) -> Frame:
    """`frame`, labelled as what it is on that screen."""
    return as_replayed(frame) if screen.replayed else frame


def frames(recording: Recording, numbers: Sequence[int]) -> Iterator[Frame]:
    """The frames with those numbers, which rise."""
    rest = list(numbers)
    while rest:
        first = rest[0]
        together = next((at for at, (a, b) in enumerate(pairwise(rest), 1) if b != a + 1), len(rest))
        yield from recording.frames(first, first + together)
        rest = rest[together:]


def earlier(moments: Sequence[int], end_ns: int) -> list[int]:
    """Numbers of the frames to take in for a picture at `end_ns`: those of the last while, some of those before."""
    recent_ns = end_ns - RECENT_S * 1_000_000_000
    apart_ns = max(_APART_S * 1e9, recent_ns / _MOST_EARLIER)
    chosen: list[int] = []
    last_ns = -apart_ns
    for number, at_ns in enumerate(moments):
        if at_ns >= recent_ns or at_ns - last_ns >= apart_ns:
            chosen.append(number)
            last_ns = at_ns
    return chosen


def as_text(snapshot: Snapshot, screen: Screen) -> Iterator[str]:
    """The picture without colours, a line a row."""
    for row in picture(snapshot, screen):
        yield f"{row_text(row).rstrip()}\n"


def as_svg(snapshot: Snapshot, screen: Screen) -> Iterator[str]:
    """The picture in colours."""
    looks = styles(screen.palette)
    lines = [[(text, looks[role]) for text, role in row] for row in picture(snapshot, screen)]
    yield from svg(lines, screen.columns, screen.palette.ground, snapshot.title)


def svg(lines: Sequence[Sequence[tuple[str, Style]]], columns: int, ground: str, title: str) -> Iterator[str]:
    """Rows of styled text as a picture; needs nothing but a monospaced font that the viewer has.

    Args:
        lines: top row first.
        columns: cells of a row.
        ground: colour behind it all, as #rrggbb.
        title: not safe to draw.
    """
    width = columns * _CELL_WIDTH + 2 * _MARGIN
    height = len(lines) * _CELL_HEIGHT + 2 * _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="ui-monospace, Menlo, Consolas, &quot;DejaVu Sans Mono&quot;, monospace" '
        f'font-size="14">\n<title>{escape(printable(title))}: infertop</title>\n'
        f'<rect width="100%" height="100%" rx="8" fill="{ground}"/>\n'
    )
    for y, line in enumerate(lines):
        yield "".join(_line(line, _MARGIN + y * _CELL_HEIGHT, ground)) + "\n"
    yield "</svg>\n"


def _line(line: Sequence[tuple[str, Style]], y: float, ground: str) -> Iterator[str]:
    column = 0
    for text, look in line:
        cells = cell_len(text)
        yield from _span(text, _MARGIN + column * _CELL_WIDTH, y, cells * _CELL_WIDTH, look, ground)
        column += cells


_BLOCKS: Final = {"▀": (0.0, 0.5), "▄": (0.5, 0.5), "█": (0.0, 1.0)}
"""Drawn as areas, for fonts leave gaps between them: where they begin, and how high they are."""


def _span(text: str, x: float, y: float, width: float, look: Style, ground: str) -> Iterator[str]:
    behind = hexadecimal(look.bgcolor) or ground
    ink = hexadecimal(look.color) or ground
    if behind != ground:
        yield _area(x, y, width, _CELL_HEIGHT, behind)
    if text and text[0] in _BLOCKS and text == text[0] * len(text):
        top, share = _BLOCKS[text[0]]
        yield _area(x, y + top * _CELL_HEIGHT, width, share * _CELL_HEIGHT, ink)
        return
    weight = ' font-weight="700"' if look.bold else ""
    for before, piece in _pieces(text):
        wide = cell_len(piece) * _CELL_WIDTH
        yield (
            f'<text x="{x + before * _CELL_WIDTH:.1f}" y="{y + 13.5:.1f}" textLength="{wide:.1f}" '
            f'lengthAdjust="spacingAndGlyphs" fill="{ink}"{weight}>{escape(piece)}</text>'
        )


def _area(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}" '
        'shape-rendering="crispEdges"/>'
    )


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """(cells before it, piece) of every part of `text` between two or more blanks."""
    before = 0
    for part in text.split("  "):
        piece = part.strip(" ")
        if piece:
            yield before + len(part) - len(part.lstrip(" ")), piece
        before += cell_len(part) + 2


def hexadecimal(colour: object) -> str:
    """A rich colour as #rrggbb; "" for none."""
    triplet = getattr(colour, "triplet", None)
    return triplet.hex if triplet else ""
