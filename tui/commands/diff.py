"""`infertop diff`: two runs, or repeats of two things, compared; and gates that fail it."""

import argparse
import shutil
import sys
from typing import TYPE_CHECKING, Final

from ..usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...sessions.diff.compare import Diff
    from ...sessions.diff.gate import Gate

HELP: Final = "compare two runs, or repeats of two things, and fail when one got worse"
EPILOG: Final = """\
A run is a session (last, an id, a name, a file), a summary (infertop run … --json), or a result of vllm bench serve,
AIPerf or GuideLLM. Several runs of a side, with commas or patterns, are repeats: they show the noise between runs.

conditions for --fail-on (they fail only where the whole 95 % interval is beyond):
  p95_ttft>10%       worse by more than 10 %          tok_s>5%         less by more than 5 %
  p95_ttft>+50ms     worse by more than 50 ms         error_rate>+1pp  one point more fail
  p95_ttft>500ms     b is above 500 ms                attainment<0.99  b is below 0.99

examples:
  infertop diff before last
  infertop diff before last --fail-on 'p95_ttft>10%' --fail-on 'tok_s>5%'
  infertop diff --a 'main-*' --b 'fp8-*' --format md
  infertop diff --baseline main last --fail-on 'attainment<0.99' --format junit
  infertop diff old.json new.json --map 'H200 x4=H200 x4 fp8'

exit codes:
  0 compared, no gate failed   2 usage   3 a gate failed
"""
FORMATS: Final = ("text", "md", "json", "junit")
_WIDTH: Final = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sides, gates and the form of the output."""
    parser.add_argument("runs", nargs="*", metavar="A B", help="what is compared with, and what is compared")
    parser.add_argument("--a", action="append", default=[], metavar="RUN", help="a run of side a (may be repeated)")
    parser.add_argument("--b", action="append", default=[], metavar="RUN", help="a run of side b (may be repeated)")
    parser.add_argument("--baseline", metavar="RUN", help="side a, kept under a name; what is typed is side b then")
    parser.add_argument("--map", action="append", default=[], metavar="OLD=NEW", help="backend OLD of a is NEW in b")
    parser.add_argument(
        "--fail-on", action="append", default=[], metavar="CONDITION", help="exit with 3 if it is met (see below)"
    )
    parser.add_argument("--strict", action="store_true", help="a condition that cannot be judged fails too")
    parser.add_argument(
        "--run-noise",
        type=_share,
        metavar="PERCENT",
        help="standard deviation between runs, for lack of repeats (1%%)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="text, md for a pull request, json, junit")


def run(arguments: argparse.Namespace) -> int:
    """Compare; 3 when a gate failed."""
    typed_a, typed_b = _sides(arguments)
    renamed = dict(_renamed(word) for word in arguments.map)

    from ...sessions.diff.compare import DiffError, diff  # noqa: PLC0415
    from ...sessions.diff.load import LoadError, load_all  # noqa: PLC0415
    from ...sessions.diff.pool import RUN_NOISE  # noqa: PLC0415
    from ...sessions.exit_codes import ExitCode  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415

    gates = _gates(arguments.fail_on)
    folder = sessions_folder()
    try:
        made = diff(
            load_all(folder, typed_a),
            load_all(folder, typed_b),
            renamed=renamed,
            gates=gates,
            run_noise=RUN_NOISE if arguments.run_noise is None else arguments.run_noise,
            strict=arguments.strict,
        )
    except (DiffError, LoadError) as error:
        raise UsageError(str(error)) from None
    sys.stdout.write(_renderer(arguments.format)(made))
    return ExitCode.OK if made.passed else ExitCode.GATE


def _sides(arguments: argparse.Namespace) -> "tuple[list[str], list[str]]":
    a, b, runs = list(arguments.a), list(arguments.b), list(arguments.runs)
    if arguments.baseline:
        a.append(arguments.baseline)
    if runs and not a:
        a.append(runs.pop(0))
    if runs and b:
        raise UsageError(f"{runs[0]}: is it of side a or of b? Several runs of a side are --a X --a Y, or X,Y")
    b += runs[:1]
    if len(runs) > 1:
        raise UsageError(f"{runs[1]}: a third run; repeats are written --a X --a Y, or X,Y")
    if not a or not b:
        raise UsageError("diff needs two sides: infertop diff before last")
    return a, b


def _renamed(word: str) -> tuple[str, str]:
    old, sign, new = word.partition("=")
    if not (old and sign and new):
        raise UsageError(f"--map {word!r}: write OLD=NEW, the backend's name in a and in b")
    return old, new


def _gates(typed: "Sequence[str]") -> "list[Gate]":
    from ...sessions.diff.gate import GateError, parse_gate  # noqa: PLC0415

    try:
        return [parse_gate(each) for each in typed]
    except GateError as error:
        raise UsageError(f"--fail-on {error}") from None


def _renderer(form: str) -> "Callable[[Diff], str]":
    match form:
        case "md":
            from ...sessions.diff.markdown import render  # noqa: PLC0415

            return render
        case "junit":
            from ...sessions.diff.junit import render as junit  # noqa: PLC0415

            return junit
        case "json":
            from ...sessions.diff.compare import to_json  # noqa: PLC0415

            return to_json
        case _:
            from ...sessions.diff.text import render as text  # noqa: PLC0415

            width = shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH
            return lambda made: text(made, width)


def _share(text: str) -> float:
    try:
        value = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        value = -1.0
    if not 0 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r}: write a percentage from 0 to 50, such as 2%")
    return value
