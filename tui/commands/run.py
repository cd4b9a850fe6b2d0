"""`infertop run PROFILE`: a saved session profile, live or headless."""

import argparse
from typing import Final

from .flags import add_load_flags, add_output_flags, apply_flags

HELP: Final = "run a session profile, live in the console or headless"
EPILOG: Final = """\
examples:
  infertop run fleet                                   the simulated fleet in the console
  infertop run fleet --headless --duration 10s         a table at the end
  infertop run fleet --json --requests 200 > run.json  one JSON document
  infertop run ./mine.toml --rate 20 --slo ttft=500,attainment=0.99
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """PROFILE and the shared flags."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile's name, or a TOML file")
    add_load_flags(parser)
    add_output_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the profile with the flags applied."""
    from .start import profile_plan, start  # noqa: PLC0415

    return start(apply_flags(profile_plan(arguments.profile), arguments), arguments)
