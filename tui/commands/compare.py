"""`infertop` without a command word: compare the targets given, or what is found, or the simulated fleet."""

import argparse
import os
from typing import TYPE_CHECKING, Final

from ...backends.credentials import FORMS, is_reference
from .flags import (
    add_console_flags,
    add_load_flags,
    add_output_flags,
    add_preflight_flags,
    add_trust_flags,
    apply_flags,
)

if TYPE_CHECKING:
    from ...engine.plan import RunPlan

HELP: Final = "htop for inference hardware: the same prompts to several LLM backends, compared live"
EPILOG: Final = """\
targets are URLs of servers (what answers there is recognised), provider:model, names of your own file of backends
(backends.toml, see docs/backends.md), and stacks of the simulated fleet

examples:
  infertop                                       local servers that answer, else the simulated fleet
  infertop http://gpu1:8000 http://gpu2:30000    two servers, each one's first model
  infertop http://gpu1:8000 --price 4xh200@coreweave
  infertop groq:openai/gpt-oss-120b cerebras:gpt-oss-120b --budget 0.50
  infertop sim:h200 sim:groq --rate 5 --headless --duration 10s
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """TARGETs and the shared flags."""
    parser.add_argument(
        "targets", metavar="TARGET", nargs="*", help="URL, provider:model, a name of yours or sim:stack"
    )
    add_server_flags(parser)
    add_load_flags(parser)
    add_output_flags(parser)
    add_console_flags(parser)
    add_trust_flags(parser)
    add_preflight_flags(parser)


def add_server_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags about servers that are given by their URLs."""
    servers = parser.add_argument_group("servers given by URL")
    servers.add_argument("--model", default="", metavar="NAME", help="model to ask for (default: the first listed)")
    servers.add_argument("--key", type=_key, metavar="REFERENCE", help=f"where the API key is: {FORMS}")
    servers.add_argument(
        "--price",
        action="append",
        default=[],
        metavar="CHIPS",
        help="what it runs on, priced by the book: 4xh200@coreweave; once for all of them, or once for each in order",
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare."""
    from .start import start  # noqa: PLC0415

    return start(apply_flags(targets_plan(arguments), arguments), arguments)


def targets_plan(arguments: argparse.Namespace) -> "RunPlan":
    """The plan that compares the targets given, or what is found, or the fleet; raises UsageError."""
    from msgspec.structs import replace  # noqa: PLC0415

    from ...engine.plan import RunPlan  # noqa: PLC0415
    from .chips import with_prices  # noqa: PLC0415
    from .find import found_plan  # noqa: PLC0415
    from .start import profile_plan  # noqa: PLC0415
    from .targets import backend_plans, is_name, named_backends  # noqa: PLC0415

    targets = arguments.targets
    if not targets:
        plan = found_plan() or profile_plan("fleet")
        return replace(plan, backends=with_prices(plan.backends, arguments.price))
    simulated = profile_plan("fleet").backends if any(target.startswith("sim:") for target in targets) else ()
    backends = backend_plans(
        targets,
        simulated,
        model=arguments.model,
        key=arguments.key or "",
        named=named_backends() if any(map(is_name, targets)) else (),
        environment=os.environ,
    )
    title = " vs ".join(backend.name for backend in backends)
    return RunPlan(title=title, backends=with_prices(backends, arguments.price))


def _key(reference: str) -> str:
    if not is_reference(reference):
        # The reference is not repeated: it may be the key itself.
        raise argparse.ArgumentTypeError(f"a key is never given on the command line; write {FORMS}")
    return reference
