"""`infertop import FILE`: results of other tools as sessions."""

import argparse
import sys
from pathlib import Path
from typing import Final

from ..usage import UsageError

HELP: Final = "make a session of a result of vllm bench serve, AIPerf or GuideLLM"
EPILOG: Final = """\
What the file is, is seen from what is in it. A session can be listed, replayed, exported and compared like any other;
what the file does not say stays unknown. Save vLLM's with --save-detailed: without it there are no requests in it.

examples:
  infertop import openai-2.0qps-Llama-3.1-8B.json --as before
  infertop import artifacts/profile_export.jsonl
  infertop import benchmarks.json --as sweep     several loads: sweep-1, sweep-2, …
  infertop diff before last
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and a name."""
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--as", dest="name", metavar="NAME", default="", help="what to call the session")


def run(arguments: argparse.Namespace) -> int:
    """Write a journal for each run in the file."""
    from ...backends.printable import printable  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415
    from ...sessions.imports.read import read_results  # noqa: PLC0415
    from ...sessions.imports.result import ForeignError  # noqa: PLC0415
    from ...sessions.imports.session import save  # noqa: PLC0415
    from ...sessions.journal.writer import JournalError  # noqa: PLC0415

    path: Path = arguments.file
    try:
        results = read_results(path)
        for number, result in enumerate(results, 1):
            name = f"{arguments.name}-{number}" if arguments.name and len(results) > 1 else arguments.name
            _, facts = save(result, path.name, sessions_folder(), name)
            told = f"{facts.name or facts.title}: {result.finished:,} requests of {result.tool}"
            sys.stdout.write(f"{facts.id}  {printable(told)}\n")
            for note in result.notes:
                sys.stderr.write(f"infertop: {printable(note)}\n")
    except ForeignError as error:
        raise UsageError(str(error)) from None
    except JournalError as error:
        sys.stderr.write(f"infertop: the session cannot be written: {error}\n")
        return 1
    return 0
