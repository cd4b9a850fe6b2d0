"""`infertop attach`: watch a running session from a further screen, or stop it."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from ..config import load_keys
from ..usage import UsageError
from ..watched import on_a_screen
from .flags import add_console_flags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ...engine.frame import Frame
    from ...sessions.wire import Status
    from ..keys import Keys

HELP: Final = "watch a running session from a further screen, or stop it"
EPILOG: Final = """\
leaving an attached screen leaves the session running; several screens may watch at once

examples:
  infertop run fleet --detach --duration 8h   start a session without a screen
  infertop attach                             watch the one that runs
  infertop attach 3f2a                        watch one of several
  infertop attach 3f2a --stop                 end it; its summary is printed
  infertop attach --list                      what runs now
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which session, and what to do with it."""
    parser.add_argument("session", metavar="SESSION", nargs="?", help="its id or the beginning (the one that runs)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--stop", action="store_true", help="end the session and print its summary")
    what.add_argument("--list", action="store_true", help="list the sessions that run")
    add_console_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    """Attach, stop or list."""
    import asyncio  # noqa: PLC0415

    from ...engine.inbox import EngineError  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415
    from ...sessions.session import SessionError, statuses  # noqa: PLC0415

    folder = sessions_folder()
    found = asyncio.run(statuses(folder))
    if arguments.list:
        sys.stdout.write(_listed(found))
        return 0
    session = _chosen(found, arguments.session)
    if not arguments.stop and not on_a_screen():
        raise UsageError("attach shows a console and needs a terminal; --stop and --list do not")
    try:
        if arguments.stop:
            frame = asyncio.run(_stop(folder, session))
        else:
            frame = asyncio.run(_watch(folder, session, load_keys(arguments.config)))
    except (EngineError, SessionError) as error:
        sys.stderr.write(f"infertop: {error}\n")
        return 1
    if arguments.stop and frame is not None:
        from ...sessions.table import render  # noqa: PLC0415

        sys.stdout.write(render(frame, 120, colour=False))
    return 0


def _chosen(found: "Sequence[Status]", typed: str | None) -> str:
    """The id of the session meant; raises UsageError."""
    meant = [status.id for status in found if status.id.startswith(typed or "")]
    if len(meant) == 1:
        return meant[0]
    if not found:
        raise UsageError("no session is running; infertop sessions lists those that were")
    if not meant:
        raise UsageError(f"no session {typed!r} is running; these are: {', '.join(each.id for each in found)}")
    raise UsageError(f"{len(meant)} sessions are running: infertop attach {' or '.join(meant)}")


def _listed(found: "Sequence[Status]") -> str:
    from ...backends.printable import printable  # noqa: PLC0415

    if not found:
        return "no session is running\n"
    return "".join(
        f"{status.id}  since {status.started_utc}  {printable(status.title, 60)}"
        f"{'  detached' if status.detached else ''}{f'  {printable(status.problem)}' if status.problem else ''}\n"
        for status in found
    )


async def _stop(folder: "Path", session: str) -> "Frame | None":
    from ...sessions.session import Session  # noqa: PLC0415

    attached = await Session.attach(folder, session)
    return await attached.stop()


async def _watch(folder: "Path", session: str, keys: "Keys | None") -> "Frame | None":
    from ...sessions.session import Session  # noqa: PLC0415

    attached = await Session.attach(folder, session)
    from ..console import watch_console  # noqa: PLC0415

    return await watch_console(attached, keys)
