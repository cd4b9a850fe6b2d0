"""Every format of export by name, and writing a snapshot in some of them."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from ...engine.frame import Frame
from ...engine.plan import RunPlan
from ...sessions.export.files import ExportError, Part, write_parts
from ...sessions.export.registry import FORMATS, Format
from ...sessions.export.snapshot import Snapshot
from ...sessions.journal.reader import open_recording
from .cast import film
from .screen import DEFAULT, Screen, as_svg, as_text


def formats(screen: Screen) -> dict[str, Format]:
    """All of them; those that show the screen show it as `screen` says."""

    def svg(snapshot: Snapshot) -> Iterator[Part]:
        yield Part("svg", as_svg(snapshot, screen), private=True)

    def txt(snapshot: Snapshot) -> Iterator[Part]:
        yield Part("txt", as_text(snapshot, screen), private=True)

    def cast(snapshot: Snapshot) -> Iterator[Part]:
        yield Part("cast", film(snapshot, screen))

    return FORMATS | {
        "svg": Format(("svg",), svg),
        "txt": Format(("txt",), txt),
        "cast": Format(("cast",), cast, recorded=True),
    }


NAMES: Final = tuple(formats(DEFAULT))


def format_of(file: str) -> str | None:
    """The format of one file that the end of a file's name stands for; None where it stands for none."""
    for name, each in formats(DEFAULT).items():
        if len(each.suffixes) == 1 and file.lower().endswith(f".{each.suffixes[0]}"):
            return name
    return None


def is_recorded(name: str) -> bool:
    """Whether that format is made from a recording only."""
    return formats(DEFAULT)[name].recorded


def parts(snapshot: Snapshot, names: Iterable[str], screen: Screen) -> Iterator[Part]:
    """The files of `snapshot` in the formats called `names`, each once.

    Raises:
        ExportError: a format needs a recording, and there is none.
    """
    known = formats(screen)
    made: set[str] = set()
    for name in names:
        if known[name].recorded and snapshot.recording is None:
            raise ExportError(f"{name} is made from a recording, and this run has none")
        for part in known[name].parts(snapshot):
            if part.suffix not in made:
                made.add(part.suffix)
                yield part


def write_snapshot(
    frame: Frame, names: Iterable[str], folder: Path, *, recording: Path | None = None, plan: RunPlan | None = None,
    screen: Screen = DEFAULT, force: bool = False,
) -> list[Path]:  # fmt: skip
    """Write what `frame` shows into `folder`, a run that goes on or one that is over; returns the files.

    Takes a second or so: not for a thread that draws.

    Args:
        frame: the newest, or the one shown.
        names: of formats.
        folder: made if it is not there.
        recording: the file of the session's journal, complete or not; without one there is nothing over time.
        plan: what is run, where no recording says so.
        screen: for formats that show it.
        force: whether files that are there already are overwritten.

    Raises:
        ExportError: a file cannot be written, or a format needs a recording.
        RecordingError: the recording cannot be read.
    """
    with open_recording(recording) if recording else nullcontext() as opened:
        snapshot = Snapshot(frame, opened, plan)
        return list(write_parts(parts(snapshot, names, screen), folder, snapshot.stem, force=force))
