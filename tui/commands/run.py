"""`infertop run PROFILE`: a saved session profile, live or headless."""

import argparse
from typing import Final

from ..usage import UsageError
from .flags import (
    add_console_flags,
    add_load_flags,
    add_output_flags,
    add_preflight_flags,
    add_trust_flags,
    apply_flags,
)

HELP: Final = "run a session profile, live in the console or headless"
EPILOG: Final = """\
examples:
  infertop run fleet                                   the simulated fleet in the console
  infertop run fleet --headless --duration 10s         a table at the end
  infertop run fleet --json --requests 200 > run.json  one JSON document
  infertop run fleet --virtual --duration 8h           eight hours of it, simulated in virtual time
  infertop run fleet --only h200,groq-lpu              two of its backends
  infertop run ./mine.toml --rate 20 --slo ttft=500,attainment=0.99
  infertop run --again last                            what was run last, once more
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """PROFILE and the shared flags."""
    parser.add_argument("profile", metavar="PROFILE", nargs="?", help="a profile's name, or a TOML file")
    parser.add_argument("--again", metavar="SESSION", help="run a recorded session's profile as it was")
    parser.add_argument(
        "--only", type=_names, metavar="NAME,NAME", help="these of its backends; blanks may be typed as dashes"
    )
    add_load_flags(parser)
    add_output_flags(parser)
    add_console_flags(parser)
    add_trust_flags(parser)
    add_preflight_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the profile with the flags applied."""
    from .start import profile_plan, recorded_plan, start  # noqa: PLC0415
    from .targets import only  # noqa: PLC0415

    if bool(arguments.profile) == bool(arguments.again):
        raise UsageError("run what? give a PROFILE, or --again SESSION")
    if arguments.profile and arguments.profile.startswith(("sim:", "http://", "https://")):
        raise UsageError("a profile is a name or a file; addresses are compared without 'run': infertop sim:h200")
    plan = recorded_plan(arguments.again) if arguments.again else profile_plan(arguments.profile)
    if arguments.only:
        plan = only(plan, arguments.only)
    return start(apply_flags(plan, arguments), arguments)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name.strip()]
