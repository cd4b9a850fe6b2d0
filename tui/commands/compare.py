"""`infertop` without a command word: compare the targets given, or what is found, or the simulated fleet."""

import argparse
from typing import TYPE_CHECKING, Final

from .flags import add_load_flags, add_output_flags, apply_flags

if TYPE_CHECKING:
    from ...engine.plan import RunPlan

HELP: Final = "htop for inference hardware: the same prompts to several LLM backends, compared live"
EPILOG: Final = """\
targets are URLs of OpenAI-compatible servers, provider:model, and stacks of the simulated fleet

examples:
  infertop                                       local servers that answer, else the simulated fleet
  infertop http://gpu1:8000 http://gpu2:30000    two servers, each one's first model
  infertop groq:openai/gpt-oss-120b cerebras:gpt-oss-120b --budget 0.50
  infertop sim:h200 sim:groq --rate 5 --headless --duration 10s
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """TARGETs and the shared flags."""
    parser.add_argument("targets", metavar="TARGET", nargs="*", help="URL, provider:model or sim:stack")
    servers = parser.add_argument_group("servers given by URL")
    servers.add_argument("--model", default="", metavar="NAME", help="model to ask for (default: the first listed)")
    servers.add_argument("--key", type=_key, metavar="env:NAME|file:PATH", help="where the API key is")
    add_load_flags(parser)
    add_output_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare."""
    from .start import start  # noqa: PLC0415

    return start(apply_flags(_plan(arguments), arguments), arguments)


def _plan(arguments: argparse.Namespace) -> "RunPlan":
    from ...engine.plan import RunPlan  # noqa: PLC0415
    from .find import found_plan  # noqa: PLC0415
    from .start import profile_plan  # noqa: PLC0415
    from .targets import backend_plans  # noqa: PLC0415

    targets = arguments.targets
    if not targets:
        return found_plan() or profile_plan("fleet")
    simulated = profile_plan("fleet").backends if any(target.startswith("sim:") for target in targets) else ()
    backends = backend_plans(targets, simulated, model=arguments.model, key=arguments.key or "")
    return RunPlan(title=" vs ".join(backend.name for backend in backends), backends=backends)


def _key(reference: str) -> str:
    kind, _, name = reference.partition(":")
    if kind not in {"env", "file"} or not name:
        # The reference is not repeated: it may be the key itself.
        raise argparse.ArgumentTypeError("a key is never given on the command line; write env:NAME or file:PATH")
    return reference
