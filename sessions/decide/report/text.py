"""A report as text for a terminal or a log: no control codes, wrapped to a width."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from ....backends.printable import printable
from .blocks import Bar, Block, Curves, Points, Section, Table, Words
from .curves import conclusion, curve_table

_MOST = 2000
"""Characters of one text."""

_LEAST_LAST = 24
"""Cells of a last column of words, however narrow the page."""


def written(title: str, sections: Iterable[Section], width: int) -> str:
    """The report in lines of at most `width` cells; a table too wide for that is told row by row."""
    return "\n".join([title, "=" * min(cell_len(title), width), "", *lines(sections, width)]).rstrip() + "\n"


def lines(sections: Iterable[Section], width: int) -> Iterator[str]:
    """The sections, line by line."""
    for section in sections:
        yield section.title.upper()
        if section.why:
            yield from wrapped(section.why, width)
        yield ""
        for block in section.blocks:
            yield from block_lines(block, width)
            yield ""


def block_lines(block: Block, width: int) -> Iterator[str]:
    """One block."""
    match block:
        case Words():
            yield from wrapped(f"! {block.text}" if block.tone == "warn" else block.text, width)
        case Points():
            if block.title:
                yield from wrapped(f"{block.title}:", width)
            for line in block.lines:
                yield from wrapped(line, width, "  - ")
        case Table():
            yield from _table(block, width)
        case Bar():
            yield from wrapped(
                f"{block.title}: " + ", ".join(f"{whose} {label}" for whose, _, label in block.parts), width
            )
        case Curves():
            yield from wrapped(conclusion(block.of), width)
            if block.of.what == "volume":
                yield from _table(curve_table(block.of), width)


def wrapped(text: str, width: int, bullet: str = "") -> list[str]:
    """`text` in lines, the first behind `bullet`."""
    return textwrap.wrap(
        printable(text, _MOST), max(width, 20), initial_indent=bullet, subsequent_indent=" " * len(bullet)
    ) or [bullet]


def _table(block: Table, width: int) -> Iterator[str]:
    if block.title:
        yield from wrapped(f"{block.title}:", width)
    rows = [tuple(printable(cell, _MOST) for cell in row) for row in (block.head, *block.rows)]
    widths = [max(cell_len(row[at]) for row in rows) for at in range(len(block.head))]
    last = len(widths) - 1
    spare = width - sum(widths[:last]) - 2 * last
    if widths[last] > spare and not block.is_figure(last):
        widths[last] = max(spare, _LEAST_LAST)
    if sum(widths) + 2 * last > width:
        for row in rows[1:]:
            yield from _stacked(block.head, row, block.words, width)
        return
    for row in rows:
        yield from _row(row, widths, block)


def _stacked(head: Sequence[str], row: Sequence[str], words: int, width: int) -> Iterator[str]:
    """One row of a table too wide for the page: what it is about, and its cells one after another."""
    yield from wrapped(" · ".join(filter(None, row[:words])), width)
    cells = [
        f"{of} {said}".strip() for of, said in zip(head[words:], row[words:], strict=True) if said not in {"", "–"}
    ]
    if cells:
        yield from wrapped("; ".join(cells), width, "    ")


def _row(row: Sequence[str], widths: Sequence[int], block: Table) -> Iterator[str]:
    """One row; its last cell goes on below where it is long."""
    *most, end = row
    last = len(most)
    parts = [end.rjust(widths[last])] if block.is_figure(last) else textwrap.wrap(end, widths[last]) or [""]
    before = "  ".join(_cell(cell, widths[at], right=block.is_figure(at)) for at, cell in enumerate(most))
    indent = " " * cell_len(before)
    for at, part in enumerate(parts):
        yield f"{before if at == 0 else indent}  {part}".rstrip()


def _cell(text: str, width: int, *, right: bool) -> str:
    pad = " " * max(width - cell_len(text), 0)
    return f"{pad}{text}" if right else set_cell_size(text, width)
