"""The formats that need no screen, by name; a new one is a file here and a line below."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ...backends.printable import printable
from ..summary import to_json
from . import markdown, spreadsheet, vllm
from .files import Part
from .page.document import page
from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        suffixes: ends of the names of files in it.
        parts: a snapshot to its files; their chunks raise RecordingError while they are made.
        recorded: whether it is made from a recording only.
    """

    suffixes: tuple[str, ...]
    parts: Callable[[Snapshot], Iterator[Part]]
    recorded: bool = False


def _html(snapshot: Snapshot) -> Iterator[Part]:
    yield Part("html", page(snapshot))


def _markdown(snapshot: Snapshot) -> Iterator[Part]:
    yield Part("md", markdown.page(snapshot))


def _json(snapshot: Snapshot) -> Iterator[Part]:
    yield Part("json", iter([to_json(snapshot.summary).decode()]))


def _requests(snapshot: Snapshot) -> Iterator[Part]:
    yield Part("requests.csv", spreadsheet.requests(snapshot))


def _series(snapshot: Snapshot) -> Iterator[Part]:
    yield Part("series.csv", spreadsheet.time_series(snapshot))


def _csv(snapshot: Snapshot) -> Iterator[Part]:
    yield from _requests(snapshot)
    yield from _series(snapshot)


def _vllm(snapshot: Snapshot) -> Iterator[Part]:
    taken: set[str] = set()
    for name, made in vllm.results(snapshot):
        word = "-".join("".join(c if c.isalnum() else " " for c in printable(name, 40)).split()).lower() or "backend"
        while word in taken:
            word += "-2"
        taken.add(word)
        yield Part(f"{word}.vllm.json", iter([vllm.to_text(made)]), private=True)


FORMATS: Final = {
    "html": Format(("html",), _html),
    "md": Format(("md",), _markdown),
    "json": Format(("json",), _json),
    "csv": Format(("requests.csv", "series.csv"), _csv, recorded=True),
    "csv:requests": Format(("requests.csv",), _requests, recorded=True),
    "csv:series": Format(("series.csv",), _series, recorded=True),
    "vllm": Format(("vllm.json",), _vllm),
}
