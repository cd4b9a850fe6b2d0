"""A report as Markdown, for a wiki or a pull request."""

from collections.abc import Iterable, Iterator

from ...export.markdown import safe
from .blocks import Bar, Block, Curves, Points, Section, Table, Words
from .curves import conclusion, curve_table

_MOST = 2000
"""Characters of one text."""


def written(title: str, sections: Iterable[Section], foot: str) -> str:
    """The whole document."""
    parts = [f"# {_safe(title)}"]
    for section in sections:
        parts.append(f"## {_safe(section.title)}")
        if section.why:
            parts.append(f"*{_safe(section.why)}*")
        parts += [part for block in section.blocks for part in block_parts(block)]
    return "\n\n".join([*parts, f"*{_safe(foot)}*"]) + "\n"


def block_parts(block: Block) -> Iterator[str]:
    """One block, in paragraphs."""
    match block:
        case Words(text, "lead"):
            yield f"**{_safe(text)}**"
        case Words(text, "warn"):
            yield f"> {_safe(text)}"
        case Words(text):
            yield _safe(text)
        case Points(points, title):
            if title:
                yield f"**{_safe(title)}**"
            yield "\n".join(f"- {_safe(line)}" for line in points)
        case Bar(title, shares):
            yield f"- {_safe(title)}: " + ", ".join(f"{_safe(whose)} {label}" for whose, _, label in shares)
        case Curves(of):
            yield _safe(conclusion(of))
            if of.what == "volume":
                yield from _table(curve_table(of))
        case Table():
            yield from _table(block)


def _table(block: Table) -> Iterator[str]:
    if block.title:
        yield f"**{_safe(block.title)}**"
    rule = "|".join("--:" if block.is_figure(at) else "---" for at in range(len(block.head)))
    rows = (f"| {' | '.join(map(_safe, row))} |" for row in (block.head, *block.rows))
    head, *rest = rows
    yield "\n".join([head, f"|{rule}|", *rest])


def _safe(text: str) -> str:
    return safe(text, _MOST)
