"""The user's recorded sessions: finding one by what a person types, and what a list of them says."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..backends.printable import printable
from .folder import is_running, session_of
from .journal.facts import STOPPED, Facts
from .journal.reader import RecordingError, open_recording
from .journal.schema import SUFFIX

LAST: Final = "last"
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Listing:
    """One recording in a list.

    Attributes:
        facts: None where the file cannot be read.
        problem: why it cannot be; "" if it can.
        duration_ns: run time of its newest frame.
        size: bytes.
        running: whether its session still runs.
    """

    path: Path
    facts: Facts | None
    problem: str
    duration_ns: int
    size: int
    running: bool

    @property
    def session(self) -> str:
        """Its id."""
        return self.facts.id if self.facts else session_of(self.path)

    @property
    def labels(self) -> str:
        """LIVE, SIM, or the tool it was imported from."""
        if self.facts is None:
            return ""
        return self.facts.source or "+".join(self.facts.labels) or "?"

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.facts is None:
            return ""
        if self.running:
            return "running"
        if not self.facts.finished:
            return "cut off"
        return STOPPED.get(self.facts.stop_reason, self.facts.stop_reason)

    @property
    def may_go(self) -> bool:
        """Whether it may be deleted to make room: it is over, and nobody gave it a name."""
        return not self.running and self.facts is not None and not self.facts.name

    def matches(self, text: str) -> bool:
        """Whether `text` occurs in anything that names it, upper and lower case alike."""
        if self.facts is None:
            return text.casefold() in self.path.name.casefold()
        facts = self.facts
        backends = [word for each in facts.plan.backends for word in (each.name, each.model, each.hardware, each.url)]
        said = (facts.id, facts.title, facts.name, facts.note, facts.started_utc, facts.plan.workload.source)
        return any(text.casefold() in word.casefold() for word in (*said, *backends))


def recordings(folder: Path) -> list[Path]:
    """Files of the sessions in `folder`, newest first."""
    return sorted(folder.glob(f"*{SUFFIX}"), reverse=True)


def listings(folder: Path) -> Iterator[Listing]:
    """All sessions in `folder`, newest first."""
    for path in recordings(folder):
        yield listing(path, running=is_running(folder, session_of(path)))


def listing(path: Path, *, running: bool) -> Listing:
    """What is to be said of the recording at `path`."""
    facts, duration_ns, problem = None, 0, ""
    try:
        with open_recording(path) as recording:
            facts, duration_ns = recording.facts, recording.duration_ns()
    except RecordingError as error:
        problem = str(error).removeprefix(f"{printable(str(path), 300)}: ")
    return Listing(path, facts, problem, duration_ns, size(path), running)


def size(path: Path) -> int:
    """Bytes of a recording with its log."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def find(folder: Path, typed: str) -> Path:
    """The recording that a person means: a path, "last", a name, or the beginning of an id or of a file's name.

    Raises:
        RecordingError: nothing is called so, or several are.
    """
    if os.sep in typed or typed.endswith(SUFFIX):
        path = Path(typed).expanduser()
        if path.is_file():
            return path
        raise RecordingError(f"{printable(typed, 300)}: no such file")
    files = recordings(folder)
    if typed == LAST and files:
        return files[0]
    found = [path for path in files if session_of(path).startswith(typed) or path.name.startswith(typed)]
    if typed and len(found) == 1:
        return found[0]
    found = [path for path in files if _is_called(path, typed)] or found
    if typed and len(found) == 1:
        return found[0]
    if not found or not typed:
        raise RecordingError(f"no session is called {printable(typed, 60)!r}: infertop sessions lists them")
    some = ", ".join(session_of(path) for path in found[:_MOST_NAMED])
    raise RecordingError(f"{printable(typed, 60)!r} may be any of {len(found)} sessions: {some}")


def _is_called(path: Path, name: str) -> bool:
    try:
        with open_recording(path) as recording:
            return recording.facts.name.casefold() == name.casefold()
    except RecordingError:
        return False
