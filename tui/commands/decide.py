"""`infertop decide`: which hardware for which part of the traffic, at what cost, and how sure."""

import argparse
import shutil
import sys
from typing import TYPE_CHECKING, Final

from ..usage import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ...profiles.demand import Demand
    from ...sessions.decide.decision import Decision
    from ...sessions.decide.making import Request

HELP: Final = "which hardware for which part of the traffic, at what cost, and how sure"
EPILOG: Final = """\
DEMAND is a TOML file or a built-in demand's name: classes of traffic, limits, constraints, options (docs/decide.md).
On a terminal the questions are asked first, with the demand's answers in place; enter decides. FILE is a session or a
sweep whose backends bear the names of the options: what was measured stands in place of what is simulated.

examples:
  infertop decide                                        the questions, on a terminal
  infertop decide chat-and-classification --headless     the built-in example, answered
  infertop decide chat-and-classification --headless -o report.html --force
  infertop decide chat-and-classification --json --no-save > decision.json
  infertop decide mine.toml last                         with what the last session measured
  infertop decide mine.toml --sweep gpus.sweep.jsonl --save spring
  infertop decide --revisit last                         the last decision at today's prices
  infertop decide --revisit spring --session last --json

exit codes:
  0 decided   1 failed   2 usage   3 nothing serves the demand as it is asked (told what is in the way)
"""
_DEFAULT: Final = "chat-and-classification"
_WIDTH: Final = 120
_FORMATS: Final = (".html", ".md", ".json", ".txt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """DEMAND, what was measured, and where the answer goes."""
    parser.add_argument("demand", metavar="DEMAND", nargs="?", help=f"a demand's name, or a TOML file ({_DEFAULT})")
    parser.add_argument("files", metavar="FILE", nargs="*", help="sessions and sweeps that measured its options")
    parser.add_argument(
        "--session", action="append", default=[], metavar="SESSION", help="a session (may be repeated)"
    )
    parser.add_argument("--sweep", action="append", default=[], metavar="SWEEP", help="a sweep (may be repeated)")
    parser.add_argument("--headless", action="store_true", help="no questions: decide, and print the answer")
    parser.add_argument(
        "--json", action="store_true", help="print the decision as one JSON document, and nothing else"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report: .html, .md, .txt or .json")
    parser.add_argument("--save", metavar="NAME", help="keep the decision under this name, or in this .json file")
    parser.add_argument("--no-save", action="store_true", help="do not keep the decision")
    parser.add_argument("--revisit", metavar="DECISION", help='decide a kept one again and say what changed ("last")')
    parser.add_argument("--force", action="store_true", help="overwrite files")


def run(arguments: argparse.Namespace) -> int:
    """Ask or decide; 3 when nothing serves the demand."""
    if arguments.save and arguments.no_save:
        raise UsageError("--save and --no-save contradict each other")
    _check_output(arguments)
    _check_save(arguments)
    if arguments.revisit:
        return _revisit(arguments)
    asks = not (arguments.headless or arguments.json or arguments.output)
    if asks and sys.stdin.isatty() and sys.stdout.isatty():
        return _ask(arguments)
    request = _request(arguments, _demand(arguments.demand or _DEFAULT))
    decision = _made(request)
    _print_decision(decision, arguments)
    return _keep(decision, arguments)


def _demand(name: str) -> "Demand":
    from ...profiles.demand_files import find, load  # noqa: PLC0415
    from ...profiles.problems import ProfileError  # noqa: PLC0415

    try:
        return load(find(name))
    except ProfileError as error:
        raise UsageError(str(error)) from None


def _request(arguments: argparse.Namespace, demand: "Demand") -> "Request":
    from ...sessions.decide.making import Request, is_session  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415

    folder = sessions_folder()
    sessions, sweeps = list(arguments.session), list(arguments.sweep)
    for word in arguments.files:
        (sessions if is_session(word, folder) else sweeps).append(word)
    return Request(demand=demand, folder=str(folder), sessions=tuple(sessions), sweeps=tuple(sweeps))


def _made(request: "Request") -> "Decision":
    from ...sessions.decide.making import MakingError, make  # noqa: PLC0415

    try:
        return make(request, _tell)
    except MakingError as error:
        raise UsageError(str(error)) from None


def _tell(words: str) -> None:
    """Progress, on the standard error."""
    sys.stderr.write(f"\r\x1b[K{words}" if sys.stderr.isatty() else f"{words}\n")
    sys.stderr.flush()


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _print_decision(decision: "Decision", arguments: argparse.Namespace) -> None:
    from ...sessions.decide.report.writing import written  # noqa: PLC0415
    from ...sessions.decide.saved import to_json  # noqa: PLC0415

    _clear()
    if arguments.json:
        sys.stdout.write(to_json(decision).decode())
    elif not arguments.output:
        sys.stdout.write(written(decision, ".txt", _width()))
    if arguments.output:
        _write(arguments, written(decision, _suffix(arguments.output), _WIDTH))


def _width() -> int:
    return shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH


def _check_output(arguments: argparse.Namespace) -> None:
    from pathlib import Path  # noqa: PLC0415

    if not arguments.output:
        return
    if _suffix(arguments.output) not in _FORMATS:
        raise UsageError(f"-o {arguments.output}: no report ends so; end it with {', '.join(_FORMATS)}")
    if Path(arguments.output).expanduser().exists() and not arguments.force:
        raise UsageError(f"-o {arguments.output}: exists already; --force overwrites it")


def _check_save(arguments: argparse.Namespace) -> None:
    """Before the work, not after it."""
    if not arguments.save:
        return
    path = _place(arguments.save)
    if path.exists() and not arguments.force:
        raise UsageError(f"--save {arguments.save}: {path} exists already; --force overwrites it")


def _place(name: str) -> "Path":
    from ...sessions.decide.saved import SavedError, path_of  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415

    try:
        return path_of(name, sessions_folder())
    except SavedError as error:
        raise UsageError(f"--save {error}") from None


def _suffix(file: str) -> str:
    from pathlib import Path  # noqa: PLC0415

    return Path(file).suffix.lower()


def _write(arguments: argparse.Namespace, text: str) -> None:
    from pathlib import Path  # noqa: PLC0415

    from ...sessions.export.files import ExportError, write  # noqa: PLC0415

    try:
        path = write(Path(arguments.output).expanduser(), [text], force=arguments.force)
    except ExportError as error:
        raise UsageError(str(error)) from None
    sys.stderr.write(f"report: {path}\n")


def _keep(decision: "Decision", arguments: argparse.Namespace) -> int:
    """Save it unless told not to, and say where; the exit code."""
    if not arguments.no_save:
        sys.stderr.write(f"kept: {_kept(decision, arguments.save, force=arguments.force)} (--revisit last)\n")
    return 0 if decision.split is not None else 3


def _kept(decision: "Decision", name: "str | None", *, force: bool = False) -> "Path":
    from datetime import UTC, datetime  # noqa: PLC0415

    from ...sessions.decide.saved import SavedError, file_name, save  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415

    path = _place(name) if name else sessions_folder() / file_name(decision, datetime.now(UTC))
    try:
        return save(decision, path, overwrite=force)
    except SavedError as error:
        raise UsageError(str(error)) from None


def _revisit(arguments: argparse.Namespace) -> int:
    from ...sessions.decide import revisit  # noqa: PLC0415
    from ...sessions.decide.making import MakingError  # noqa: PLC0415
    from ...sessions.decide.report.writing import written_revisit  # noqa: PLC0415
    from ...sessions.decide.saved import SavedError, find, load  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415

    if arguments.demand:
        arguments.files.insert(0, arguments.demand)  # the demand is the saved one's: what follows was measured
    try:
        before = load(find(arguments.revisit, sessions_folder()))
        made = revisit.again(before, _request(arguments, before.demand), _tell)
    except (SavedError, MakingError) as error:
        raise UsageError(str(error)) from None
    _clear()
    if arguments.json:
        sys.stdout.write(revisit.to_json(made).decode())
    elif not arguments.output:
        sys.stdout.write(written_revisit(made, ".txt", _width()))
    if arguments.output:
        _write(arguments, written_revisit(made, _suffix(arguments.output), _WIDTH))
    return _keep(made.after, arguments)


def _ask(arguments: argparse.Namespace) -> int:
    """The questions and the answer, on the screen; a summary is left behind."""
    from ...sessions.decide.report.answer import answers, headline  # noqa: PLC0415
    from ...sessions.decide.report.text import wrapped  # noqa: PLC0415
    from ..decide.console import decide_console  # noqa: PLC0415

    request = _request(arguments, _demand(arguments.demand or _DEFAULT))
    decision = decide_console(request)
    if decision is None:
        return 0
    lines = [*wrapped(headline(decision), _width())]
    lines += [line for said in answers(decision) for line in wrapped(said, _width(), "  - ")]
    sys.stdout.write("\n".join(lines) + "\n")
    return _keep(decision, arguments)
