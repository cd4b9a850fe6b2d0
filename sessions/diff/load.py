"""The runs that a person means: sessions, summaries, results of other tools, lists and patterns of them."""

import glob
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import msgspec

from ...backends.printable import printable
from ..figures import duration
from ..imports.read import read_results
from ..imports.result import ForeignError
from ..imports.session import frames_of
from ..journal.facts import Facts
from ..journal.reader import RecordingError, open_recording
from ..journal.schema import SUFFIX
from ..library import find, listings
from ..summary import SCHEMA, Document
from .result import RunResult, from_document, from_frames

_PATTERN: Final = frozenset("*?[")
_MOST_RUNS: Final = 100
_MOST_SUMMARY_BYTES: Final = 64 << 20


class LoadError(ValueError):
    """A run cannot be had; the text says which and why, in one safe line."""


def load_all(folder: Path, typed: Sequence[str]) -> list[RunResult]:
    """The runs that `typed` names, each a session, a file, a list with commas, or a pattern.

    Args:
        folder: of the user's sessions.
        typed: as a person wrote them.

    Raises:
        LoadError: one of them cannot be found or read.
    """
    words = [word for each in typed for word in _listed(each)]
    found = list(dict.fromkeys(place for word in words for place in _places(folder, word)))
    if not found:
        raise LoadError("no run is named")
    if len(found) > _MOST_RUNS:
        raise LoadError(f"{len(found)} runs on one side; {_MOST_RUNS} is the most")
    return [_load(folder, each) for each in found]


def _listed(word: str) -> list[str]:
    """Parts between commas, unless there is a file of that very name."""
    return [word] if Path(word).exists() else [part.strip() for part in word.split(",") if part.strip()]


def _places(folder: Path, word: str) -> list[str]:
    if not _PATTERN & set(word) or Path(word).exists():
        return [word]
    paths = sorted(path for path in glob.glob(str(Path(word).expanduser())) if Path(path).is_file())  # noqa: PTH207
    named = [
        str(each.path)
        for each in listings(folder)
        if each.facts and each.facts.name and fnmatchcase(each.facts.name, word)
    ]
    if not paths and not named:
        raise LoadError(f"{printable(word, 80)!r} matches no file and no session's name")
    return [*paths, *named]


def _load(folder: Path, word: str) -> RunResult:
    try:
        path = find(folder, word) if not Path(word).is_file() or word.endswith(SUFFIX) else Path(word)
        return _session(path) if path.suffix == SUFFIX else _file(path)
    except (RecordingError, ForeignError) as error:
        raise LoadError(str(error)) from None


def _session(path: Path) -> RunResult:
    with open_recording(path) as recording:
        facts = recording.facts
        made = from_frames(_label(facts, facts.id), facts, recording.frames())
    if made is None:
        raise LoadError(f"{printable(str(path))}: it holds no frame: it ended before the run began")
    return made


def _label(facts: Facts, origin: str) -> str:
    name = printable(facts.name or facts.title, 60)
    when = printable(facts.started_utc.replace("T", " ")[:16], 16)
    tool = f", {printable(facts.source, 40)}" if facts.source else ""
    return f"{name} ({printable(origin, 60)}, {when}{tool})"


def _file(path: Path) -> RunResult:
    """A summary of ours, or a result of another tool."""
    summary = _summary(path)
    if summary is not None:
        return from_document(_summary_label(path, summary), summary)
    results = read_results(path)
    if len(results) > 1:
        raise LoadError(
            f"{printable(str(path))}: it holds {len(results)} results at different loads: import it "
            f"(infertop import) and compare the sessions"
        )
    facts, frames = frames_of(results[0], path.name)
    made = from_frames(_label(facts, path.name), facts, frames)
    assert made is not None, "an import has a frame"
    return made


def _summary(path: Path) -> Document | None:
    try:
        if path.stat().st_size > _MOST_SUMMARY_BYTES:
            return None
        data = path.read_bytes()
    except OSError as error:
        raise LoadError(f"{printable(str(path))}: {error.strerror}") from None
    if f'"{SCHEMA}"'.encode() not in data[:4096]:
        return None
    try:
        return msgspec.json.decode(data, type=Document)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise LoadError(f"{printable(str(path))}: no summary of infertop: {printable(str(error))}") from None


def _summary_label(path: Path, summary: Document) -> str:
    when = printable(summary.run.started_utc.replace("T", " ")[:16], 16)
    title = printable(summary.run.title, 60)
    return f"{title} ({printable(path.name, 40)}, {when}, {duration(summary.run.duration_s)})"
