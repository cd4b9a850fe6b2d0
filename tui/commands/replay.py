"""`infertop replay SESSION`: the console over a recorded session."""

import argparse
from typing import TYPE_CHECKING, Final

from ..config import load_keys
from ..usage import UsageError
from ..watched import on_a_screen
from .flags import add_console_flags

if TYPE_CHECKING:
    from pathlib import Path

HELP: Final = "show a recorded session in the console again"
EPILOG: Final = """\
SESSION is "last", the beginning of an id, a name, or the path of a file; infertop sessions lists them

examples:
  infertop replay last
  infertop replay 3f2a --speed 4
  infertop replay ./run.itop --paused
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SESSION and how to play it."""
    parser.add_argument("session", metavar="SESSION", nargs="?", default="last", help="which one (last)")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="0.25 to 60 times real time (1)")
    add_console_flags(parser)
    parser.add_argument("--paused", action="store_true", help="begin at the first frame and wait")


def run(arguments: argparse.Namespace) -> int:
    """Play it; needs neither network nor keys."""
    from ...sessions.folder import sessions_folder  # noqa: PLC0415
    from ...sessions.journal.reader import RecordingError  # noqa: PLC0415
    from ...sessions.library import find  # noqa: PLC0415

    try:
        path = find(sessions_folder(), arguments.session)
    except RecordingError as error:
        raise UsageError(str(error)) from None
    return replay(path, arguments.config, speed=arguments.speed, paused=arguments.paused)


def replay(path: "Path", config: "Path | None" = None, *, speed: float = 1.0, paused: bool = False) -> int:
    """Play the recording at `path`; raises UsageError."""
    from ...sessions.journal.reader import RecordingError, open_recording  # noqa: PLC0415

    try:
        with open_recording(path) as recording:
            recording.last_frame()
            if not on_a_screen():
                raise UsageError(f"replay shows a console and needs a terminal: infertop sessions show {path.stem}")
            from ..console import replay_console  # noqa: PLC0415

            replay_console(recording, speed=speed, paused=paused, keys=load_keys(config))
    except RecordingError as error:
        raise UsageError(str(error)) from None
    return 0


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.25 <= speed <= 60:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number from 0.25 to 60")
    return speed
