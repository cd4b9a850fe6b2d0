"""`infertop doctor`: how exactly this machine measures, and what else decides how infertop works here."""

import argparse
import os
import shutil
import sys
from typing import Final

HELP: Final = "check this machine: client accuracy at rising load, terminal, keys, local servers"
EPILOG: Final = """\
examples:
  infertop doctor                            about half a minute
  infertop doctor --quick                    about ten seconds, two loads only
  infertop doctor --json | jq .measurable    one document (docs/doctor.md)

Sends load to a server of its own on 127.0.0.1, and nowhere else. Keys are named, their values never looked at.

exit codes: 0 usable   1 the client cannot be trusted even at the lowest load   130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Length and form."""
    parser.add_argument("--quick", action="store_true", help="fewer and shorter loads")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Examine, report."""
    import asyncio  # noqa: PLC0415  not for --help

    from ...engine.selftest.process import SelfTestError  # noqa: PLC0415
    from ..doctor.examine import examine  # noqa: PLC0415
    from ..doctor.report import to_json  # noqa: PLC0415
    from ..doctor.table import render  # noqa: PLC0415

    try:
        report = asyncio.run(examine(_say, quick=arguments.quick))
    except (SelfTestError, OSError) as error:
        _say("")
        sys.stderr.write(f"infertop: {error}\n")
        return 1
    _say("")
    if arguments.json:
        sys.stdout.buffer.write(to_json(report))
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(render(report, shutil.get_terminal_size((100, 24)).columns, colour=colour))
    return 1 if report.grade == "cannot" else 0


def _say(text: str) -> None:
    """One line on stderr, rewritten in place; nothing where nobody reads along."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()
