"""Rows: what every panel draws, before anybody knows about colours or terminals.

A row is a tuple of spans, a span is text and the *role* of that text ("dim", "warn", "series3 strong"); a theme
turns roles into styles. Widths are terminal cells, so wide characters count two.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from .glyphs import MARKERS

Align = Literal["left", "right"]

_WORD: Final = re.compile(rf" *(?:[{MARKERS}] )?[^ ]+| +")


class Span(NamedTuple):
    """A run of text in one role; the empty role is ordinary text."""

    text: str
    role: str = ""


Row = tuple[Span, ...]

BLANK: Row = ()


def series(index: int, *, strong: bool = False) -> str:
    """The role of the `index`-th backend's colour."""
    return f"series{index} strong" if strong else f"series{index}"


_cells: Final = lru_cache(maxsize=8192)(cell_len)


def row_width(row: Row) -> int:
    """Cells that `row` takes."""
    return sum([len(text) if text.isascii() else _cells(text) for text, _ in row])


def row_text(row: Row) -> str:
    """`row` without its roles."""
    return "".join(span.text for span in row)


def fit(text: str, width: int, align: Align = "left") -> str:
    """`text` in exactly `width` cells, an ellipsis where it was cut."""
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else _cells(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    spare = width - length
    if align == "right":
        return " " * spare + text
    return text + " " * spare


def fit_row(row: Row, width: int) -> Row:
    """`row` in exactly `width` cells: cut with an ellipsis or padded with blanks."""
    length = row_width(row)
    if length <= width:
        return (*row, Span(" " * (width - length))) if length < width else row
    kept: list[Span] = []
    left = width
    for span in row:
        size = _cells(span.text)
        if size >= left:
            text = span.text if size == left else fit(span.text + " ", left)
            kept.append(Span(text, span.role))
            break
        kept.append(span)
        left -= size
    return tuple(kept)


def spread(left: Row, right: Row, width: int) -> Row:
    """`left` at the left edge, `right` at the right one, blanks between; `left` is cut first."""
    room = width - row_width(right)
    if room < 0:
        return fit_row(right, width)
    body = fit_row(left, min(row_width(left), room))
    gap = room - row_width(body)
    return (*body, Span(" " * gap), *right) if gap else (*body, *right)


def join(parts: Iterable[Row], separator: Span) -> Row:
    """The rows of `parts` one after another in one row; empty ones are left out."""
    made: list[Span] = []
    for part in parts:
        if part:
            if made:
                made.append(separator)
            made.extend(part)
    return tuple(made)


def flow(parts: Sequence[Row], width: int, separator: Span) -> list[Row]:
    """`parts` laid into as few rows of at most `width` cells as hold them; only a part wider than a row is broken."""
    rows: list[Row] = []
    current: Row = BLANK
    for part in parts:
        longer = join((current, part), separator)
        if current and row_width(longer) > width:
            rows.append(current)
            current = part
        else:
            current = longer
        *whole, current = wrap(current, width)
        rows += whole
    return [*rows, current] if current else rows


def wrap(row: Row, width: int) -> list[Row]:
    """`row` broken at blanks into rows of at most `width` cells; a marker stays with its name, long words are cut."""
    if row_width(row) <= width:
        return [row]
    rows: list[Row] = []
    current: list[Span] = []
    left = width
    for span in row:
        for word in _WORD.findall(span.text):
            if cell_len(word) > left and current:
                rows.append(tuple(current))
                current, left = [], width
            kept = word if current else word.lstrip()
            current.append(Span(kept, span.role))
            left -= cell_len(kept)
    rows.append(tuple(current))
    return [fit_row(each, width) if row_width(each) > width else each for each in rows]


def fit_rows(rows: Sequence[Row], count: int) -> list[Row]:
    """Exactly `count` rows: cut at the end or filled with blank ones."""
    return [*rows[:count], *([BLANK] * (count - len(rows)))]
