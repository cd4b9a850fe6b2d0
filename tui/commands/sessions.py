"""`infertop sessions`: list, search, show, name, annotate and delete recorded sessions."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from ..usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ...sessions.library import Listing

HELP: Final = "list, search, show, name and delete recorded sessions"
EPILOG: Final = """\
SESSION is "last", the beginning of an id, a name, or the path of a file

examples:
  infertop sessions                          all of them, newest first
  infertop sessions search groq              those that have to do with groq
  infertop sessions open                     choose one from a list, and replay it
  infertop sessions show last                what was run, where, and what came out
  infertop sessions rename last "before fp8" a name keeps a session from being deleted for room
  infertop sessions delete 3f2a --yes        delete one without being asked
  infertop sessions prune --keep 20          delete all unnamed ones but the newest 20
  infertop run --again last                  run the same again
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions; listing is the default."""
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", parser_class=argparse.ArgumentParser
    )
    actions.add_parser("list", help="all sessions, newest first (default)")
    search = actions.add_parser("search", help="those whose title, name, note, backends, models or workload say TEXT")
    search.add_argument("text", metavar="TEXT")
    show = actions.add_parser("show", help="what was run, where, and what came out")
    _add_session(show)
    rename = actions.add_parser("rename", help="give a session a name")
    _add_session(rename)
    rename.add_argument("name", metavar="NAME", help='"" takes the name away')
    note = actions.add_parser("note", help="write a note to a session")
    _add_session(note)
    note.add_argument("text", metavar="TEXT", help='"" takes the note away')
    delete = actions.add_parser("delete", help="delete sessions")
    delete.add_argument("sessions", metavar="SESSION", nargs="+")
    delete.add_argument("--yes", action="store_true", help="without being asked")
    prune = actions.add_parser("prune", help="delete unnamed sessions, the oldest first")
    prune.add_argument("--keep", type=int, metavar="N", default=0, help="but the newest N")
    prune.add_argument("--yes", action="store_true", help="without being asked")
    actions.add_parser("open", help="choose one from a list, and replay it")
    path = actions.add_parser("path", help="print the file of a session, or the folder of all")
    path.add_argument("session", metavar="SESSION", nargs="?")


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", help='"last", an id or its beginning, a name, or a file')


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 2 when a session is unknown or its file is no recording."""
    from ...sessions.folder import sessions_folder  # noqa: PLC0415
    from ...sessions.journal.reader import RecordingError  # noqa: PLC0415
    from ...sessions.journal.writer import JournalError, amend  # noqa: PLC0415
    from ...sessions.library import find, listings  # noqa: PLC0415

    folder = sessions_folder()
    try:
        match arguments.action:
            case "search":
                sys.stdout.write(_table(each for each in listings(folder) if each.matches(arguments.text)))
            case "show":
                sys.stdout.write(_shown(find(folder, arguments.session)))
            case "rename":
                amend(find(folder, arguments.session), name=arguments.name)
            case "note":
                amend(find(folder, arguments.session), note=arguments.text)
            case "delete":
                return _delete([find(folder, each) for each in arguments.sessions], yes=arguments.yes)
            case "prune":
                unnamed = [each.path for each in listings(folder) if each.may_go]
                return _delete(unnamed[max(arguments.keep, 0) :], yes=arguments.yes)
            case "open":
                return _open(list(listings(folder)))
            case "path":
                sys.stdout.write(f"{find(folder, arguments.session) if arguments.session else folder}\n")
            case _:
                sys.stdout.write(_table(listings(folder)))
    except (RecordingError, JournalError) as error:
        sys.stderr.write(f"infertop: {error}\n")
        return 2
    return 0


def _open(found: "Sequence[Listing]") -> int:
    """Let a person choose one, and replay it."""
    from .replay import replay  # noqa: PLC0415

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("open shows a list to choose from and needs a terminal: infertop sessions, infertop replay")
    from ..config import load_keys  # noqa: PLC0415
    from ..keys import DEFAULT  # noqa: PLC0415
    from ..screens.pick import PickApp  # noqa: PLC0415  textual takes half a second
    from ..viewstate import ViewState, default_path  # noqa: PLC0415

    path = PickApp(found, ViewState(default_path()).theme, keys=load_keys(None) or DEFAULT).run()
    return 0 if path is None else replay(path)


def _table(found: "Iterable[Listing]") -> str:
    rows = [_row(each) for each in found]
    if not rows:
        return "no session yet; every run is recorded unless it is told not to be (--no-record)\n"
    head = ("ID", "STARTED", "LASTED", "SIZE", "WHAT", "TITLE", "ENDED")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in (head, *rows))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(each: "Listing") -> "Sequence[str]":
    from ...backends.printable import printable  # noqa: PLC0415
    from ...sessions.figures import duration  # noqa: PLC0415

    if each.facts is None:
        return (each.session, "", "", _bytes(each.size), "", printable(each.problem, 100), "")
    facts = each.facts
    backends = len(facts.plan.backends)
    what = f"{each.labels} ×{backends}" if backends else each.labels
    title = printable(facts.name or facts.title, 48)
    return (
        printable(each.session, 12),
        _local(facts.started_utc),
        duration(each.duration_ns / 1e9),
        _bytes(each.size),
        printable(what, 16),
        title,
        printable(each.ending, 60),
    )


def _local(utc: str) -> str:
    from datetime import datetime  # noqa: PLC0415

    try:
        return f"{datetime.fromisoformat(utc).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return "?"


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def _shown(path: "Path") -> str:
    from ...backends.printable import printable  # noqa: PLC0415
    from ...sessions.journal.reader import RecordingError, open_recording  # noqa: PLC0415
    from ...sessions.library import listing  # noqa: PLC0415
    from ...sessions.table import render  # noqa: PLC0415

    with open_recording(path) as recording:
        facts = recording.facts
        said = {
            "session": facts.id,
            "name": facts.name,
            "note": facts.note,
            "title": facts.title,
            "started": _local(facts.started_utc),
            "ended": listing(path, running=False).ending,
            "machine": ", ".join(f"{key} {value}" for key, value in facts.machine.items()),
            "infertop": facts.infertop,
            "imported": facts.source and f"from {facts.source}",
            "requests": f"{recording.count_requests():,} recorded",
            "file": f"{path} ({_bytes(path.stat().st_size)})",
        }
        lines = [f"{key:9} {printable(value, 1000)}\n" for key, value in said.items() if value]
        lines += [f"{_clock(event.at_ns)}  {printable(event.text, 200)}\n" for event in recording.events()]
        try:
            lines += ["\n", render(recording.last_frame(), 120, colour=False)]
        except RecordingError as error:
            lines += [f"{error}\n"]
        profile = "".join(f"    {printable(line, 1000)}\n" for line in facts.profile.splitlines())
        return "".join([*lines, "\nthe profile as it was:\n\n" if profile else "", profile])


def _clock(at_ns: int) -> str:
    from ...sessions.figures import duration  # noqa: PLC0415

    return f"{duration(at_ns / 1e9):>9}"


def _delete(paths: "Sequence[Path]", *, yes: bool) -> int:
    from ...sessions.folder import is_running, session_of  # noqa: PLC0415
    from ...sessions.journal.rotation import delete  # noqa: PLC0415

    for path in paths:
        if is_running(path.parent, session_of(path)):
            sys.stderr.write(f"infertop: session {session_of(path)} is running: infertop attach {session_of(path)}\n")
            return 2
    if not paths:
        sys.stderr.write("infertop: nothing to delete\n")
        return 0
    if not yes and not _agreed(f"delete {len(paths)} session{'s' if len(paths) > 1 else ''} for good?"):
        return 1
    for path in paths:
        try:
            delete(path)
        except OSError as error:
            sys.stderr.write(f"infertop: {path}: {error.strerror}\n")
            return 1
        sys.stdout.write(f"deleted {path.name}\n")
    return 0


def _agreed(question: str) -> bool:
    """Whether a person at the terminal says yes; without a terminal nobody does."""
    if not sys.stdin.isatty():
        sys.stderr.write(f"infertop: {question} say so with --yes\n")
        return False
    sys.stderr.write(f"infertop: {question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
