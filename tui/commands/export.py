"""`infertop export SESSION`: a recorded session as files for others."""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...profiles.durations import DurationError, parse_duration
from ..usage import UsageError

if TYPE_CHECKING:
    from ...engine.frame import Frame
    from ...engine.plan import RunPlan
    from ...sessions.export.files import Part
    from ...sessions.journal.reader import Recording
    from ..export.screen import Screen

HELP: Final = "a session as files for others: HTML, Markdown, CSV, JSON, SVG, a film"
EPILOG: Final = """\
SESSION is "last", the beginning of an id, a name, or the path of a file; infertop sessions lists them

formats:
  html          one page for everybody: charts, cost, verdicts, how it was measured; opens offline, prints
  md            Markdown for a pull request or a wiki
  json          the summary document, as --json prints it
  csv           a row a request, and a row a second and backend; csv:requests and csv:series are one of them
  svg, txt      a picture of the console
  cast          a film of the console (asciicast v3)
  vllm          results as of vllm bench serve, a file a backend

examples:
  infertop export                             the last session as a page, into this folder
  infertop export last -f html,csv -o report/
  infertop export last -o report.html --force
  infertop export last -f md -o - | head -20
  infertop export 3f2a -f svg,txt --at 90s --size 160x50 --theme light
"""

_THEMES: Final = ("dark", "light")
_LEAST_CELLS, _MOST_CELLS = 20, 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SESSION, formats and where to."""
    parser.add_argument("session", metavar="SESSION", nargs="?", default="last", help="which one (last)")
    parser.add_argument(
        "-f", "--format", type=_names, metavar="NAME,NAME", help="formats (by the name after -o, else html)"
    )
    parser.add_argument(
        "-o", "--output", metavar="WHERE", help="a folder, a file for one format, or - for the standard output (.)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite files")
    parser.add_argument("--at", type=_seconds, metavar="TIME", help="as it stood then: 90s, 5m (the end)")
    parser.add_argument(
        "--size", type=_size, default=(120, 40), metavar="CxR", help="svg, txt, cast: cells of the console (120x40)"
    )
    parser.add_argument("--theme", choices=_THEMES, default="dark", help="svg, cast: colours of the console (dark)")


def run(arguments: argparse.Namespace) -> int:
    """Write the files and name them; 2 when something typed cannot be done."""
    from ...sessions.export.files import ExportError  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415
    from ...sessions.journal.reader import RecordingError, open_recording  # noqa: PLC0415
    from ...sessions.library import find  # noqa: PLC0415
    from ..export.screen import Screen  # noqa: PLC0415
    from ..theme import palette_named  # noqa: PLC0415

    columns, rows = arguments.size
    screen = Screen(columns, rows, palette_named(f"infertop-{arguments.theme}"), replayed=True)
    try:
        with open_recording(find(sessions_folder(), arguments.session)) as recording:
            _export(recording, arguments, screen)
    except (RecordingError, ExportError) as error:
        raise UsageError(str(error)) from None
    return 0


def _export(recording: "Recording", arguments: argparse.Namespace, screen: "Screen") -> None:
    from ...sessions.export.files import write, write_parts  # noqa: PLC0415
    from ...sessions.export.snapshot import Snapshot  # noqa: PLC0415
    from ..export.formats import parts  # noqa: PLC0415

    at_s = arguments.at
    frame = recording.last_frame() if at_s is None else recording.frame_at(round(at_s * 1e9))
    snapshot = Snapshot(frame, recording)
    names = chosen(arguments.format, arguments.output)
    made = list(parts(snapshot, names, screen))
    where = Path(arguments.output or ".").expanduser()
    if arguments.output == "-":
        sys.stdout.writelines(only(made).chunks)
        return
    if arguments.output and _is_file(arguments.output):
        part = only(made)
        written = [write(where, part.chunks, force=arguments.force, private=part.private)]
    else:
        written = list(write_parts(made, where, snapshot.stem, force=arguments.force))
    for path in written:
        sys.stdout.write(f"{path}\n")


def chosen(names: list[str] | None, output: str | None) -> list[str]:
    """The formats asked for: by name, else by the end of the file's name, else a page; raises UsageError."""
    if names:
        return names
    return [_format_of(output, "-o")] if output and _is_file(output) else ["html"]


def _format_of(file: str, flag: str) -> str:
    from ..export.formats import format_of  # noqa: PLC0415

    name = format_of(file)
    if name is None:
        wanted = "end it with .html, .md, .json, .svg or .txt" + (", or say which with -f" if flag == "-o" else "")
        raise UsageError(f"{flag} {file}: no format ends so; {wanted}")
    return name


def check_export(arguments: argparse.Namespace) -> None:
    """Raise UsageError if what a run ends with cannot be written to the file of its flag --export."""
    from ..export.formats import is_recorded  # noqa: PLC0415

    file = Path(arguments.export).expanduser()
    name = _format_of(arguments.export, "--export")
    if arguments.detach:
        raise UsageError("--export needs the end of the run: leave --detach out, and infertop export it then")
    if is_recorded(name) and (arguments.no_record or arguments.virtual):
        raise UsageError(f"--export {arguments.export}: {name} is made from a recording, and this run keeps none")
    if file.exists():
        raise UsageError(f"--export {arguments.export}: exists already")
    if not file.parent.is_dir():
        raise UsageError(f"--export {arguments.export}: there is no folder {file.parent}")


def export_end(frame: "Frame", file: str, plan: "RunPlan", recording: str) -> None:
    """Write `file`, its format by its name: the end of a run of `plan`, with its `recording` if there is one.

    Raises:
        ExportError: it cannot be written.
        RecordingError: the recording cannot be read.
    """
    from ...sessions.export.files import write  # noqa: PLC0415
    from ...sessions.export.snapshot import Snapshot  # noqa: PLC0415
    from ...sessions.journal.reader import open_recording  # noqa: PLC0415
    from ..export.formats import parts  # noqa: PLC0415
    from ..export.screen import DEFAULT  # noqa: PLC0415

    with open_recording(recording) if recording else nullcontext() as opened:
        (part,) = parts(Snapshot(frame, opened, plan), [_format_of(file, "--export")], DEFAULT)
        write(Path(file).expanduser(), part.chunks, private=part.private)


def only(made: "list[Part]") -> "Part":
    """The one file that there is to write; raises UsageError when there are several."""
    if len(made) != 1:
        endings = ", ".join(part.suffix for part in made)
        raise UsageError(f"-o names one file, and there are {len(made)} to write ({endings}): give a folder")
    return made[0]


def _is_file(output: str) -> bool:
    """Whether `output` is meant as a file: it ends like one, and is no folder."""
    if output == "-" or output.endswith("/"):
        return False
    return bool(Path(output).suffix) and not Path(output).expanduser().is_dir()


def _names(text: str) -> list[str]:
    from ..export.formats import NAMES  # noqa: PLC0415

    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"{name!r} is no format; there are {', '.join(NAMES)}")
    return names


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except DurationError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def _size(text: str) -> tuple[int, int]:
    columns, _, rows = text.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r}: write columns and rows: 120x40")
    size = int(columns), int(rows)
    if not all(_LEAST_CELLS <= each <= _MOST_CELLS for each in size):
        raise argparse.ArgumentTypeError(f"{text!r}: from {_LEAST_CELLS} to {_MOST_CELLS} cells each way")
    return size
