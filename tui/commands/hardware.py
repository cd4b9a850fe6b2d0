"""`infertop hardware`: the catalogue of accelerators and simulated stacks, and how far the simulation is off."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from ..usage import UsageError

if TYPE_CHECKING:
    from ..hardware.document import Accuracy, Catalogue

HELP: Final = "accelerators and simulated stacks: facts, what fits, and how accurate the simulation is"
EPILOG: Final = """\
examples:
  infertop hardware                                every accelerator, and its usual stack
  infertop hardware amd                            those whose facts hold a word
  infertop hardware h100x4/llama-3.3-70b/fp8       one stack in full: does it fit, how fast, how sure
  infertop hardware --accuracy                     the simulation against published measurements
  infertop hardware --sources --json               facts, sources and assumptions as JSON

A stack is ACCELERATOR[xCHIPS][/MODEL][/PRECISION], then /replicas=N, /batch=N, /efficiency=SHARE as wanted. What is
left out is the usual. Compare it with: infertop sim:h100x4/llama-3.3-70b/fp8 sim:mi300x
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to show and in which form."""
    parser.add_argument("filter", metavar="FILTER", nargs="*", help="only what holds these words; or one stack")
    parser.add_argument("--accuracy", action="store_true", help="errors by family and metric, in and out of the fit")
    parser.add_argument("--sources", action="store_true", help="where the facts are from, and what is assumed")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Look it up and print it; raises UsageError where nothing is found or a stack does not fit."""
    from ..hardware.document import accuracy, catalogue, to_json  # noqa: PLC0415
    from ..hardware.table import render_accuracy, render_catalogue  # noqa: PLC0415

    words = arguments.filter
    found: Catalogue | Accuracy
    if arguments.accuracy:
        found = accuracy(words)
        if not found.figures:
            raise UsageError(f"no published point holds {' '.join(words)!r}; infertop hardware --accuracy shows all")
        text = render_accuracy(found)
    else:
        found = _one_stack(words[0]) if len(words) == 1 and "/" in words[0] else catalogue(words)
        if not found.stacks:
            found = _one_stack(words[0]) if len(words) == 1 else found
        if not found.stacks:
            raise UsageError(f"no accelerator holds {' '.join(words)!r}; infertop hardware shows all")
        text = render_catalogue(found, sources=arguments.sources)
    if arguments.json:
        sys.stdout.buffer.write(to_json(found))
    else:
        sys.stdout.write(text)
    return 0


def _one_stack(word: str) -> "Catalogue":
    """The stack that `word` spells out, with its accelerator; raises UsageError."""
    from ...backends.fleet.accelerators import accelerators  # noqa: PLC0415
    from ...backends.fleet.stacks import StackError, find_stack  # noqa: PLC0415
    from ..hardware.document import Catalogue, sheet  # noqa: PLC0415

    try:
        stack = find_stack(word.removeprefix("sim:"))
    except StackError as error:
        raise UsageError(str(error)) from None
    return Catalogue(accelerators=(accelerators()[stack.accelerator],), stacks=(sheet(stack),))
