"""Sentences whose figures are looked up in the summary document, so that no export can state another one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ...backends.printable import printable
from ..summary import Document

Form = Callable[[float], str]
"""How a figure is written (`sessions.figures`)."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the summary.

    Attributes:
        path: where it stands: "backends.0.ttft_ms.p95".
        form: how it is written.
    """

    path: str
    form: Form


@dataclass(frozen=True, slots=True)
class Name:
    """The backend in that place of the summary."""

    place: int


Sentence = tuple["str | Figure | Name", ...]


def look_up(summary: Document, path: str) -> Any:
    """What stands at `path` in the summary; None where it, or something on the way, is null."""
    found: Any = summary
    for part in path.split("."):
        if found is None:
            return None
        if isinstance(found, msgspec.Struct):
            found = getattr(found, part)
        elif isinstance(found, dict):
            found = found.get(part)
        else:
            found = found[int(part)]
    return found


def plain(said: Sentence, summary: Document) -> str:
    """The sentence as text; names are as they were written, so not safe to draw."""
    return "".join(_plain(piece, summary) for piece in said)


def _plain(piece: str | Figure | Name, summary: Document) -> str:
    match piece:
        case Figure(path, form):
            value = look_up(summary, path)
            return "–" if value is None else form(value)
        case Name(place):
            return printable(summary.backends[place].name, 60)
        case _:
            return piece
