"""`infertop demo`: a walkthrough on the simulated fleet, scene by scene."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from ..usage import UsageError
from ..watched import on_a_screen
from .flags import add_console_flags

if TYPE_CHECKING:
    from ...engine.plan import RunPlan
    from ..keys import Keys
    from ..walkthrough.script import Script

HELP: Final = "a walkthrough on the simulated fleet: scenes with captions, no network, no keys"
EPILOG: Final = """\
keys: n next, b back, space pause, f free roam (every key of the console works; f again goes on), q quit

examples:
  infertop demo                        the built-in tour: five scenes, under four minutes
  infertop demo --from 3               beginning with its third scene
  infertop demo --list                 the walkthroughs there are, yours too
  infertop demo ./mine.toml            a walkthrough of your own (docs/walkthrough.md)
  infertop demo --check ./mine.toml    is it in order? prints its script
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which walkthrough, and what to do with it."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="a walkthrough's name, or a TOML file (tour)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="list the walkthroughs")
    what.add_argument("--check", metavar="FILE", help="check a walkthrough and print its script")
    parser.add_argument("--from", dest="start", type=int, default=1, metavar="N", help="begin with scene N")
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed sends the same prompts and times")
    add_console_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    """Play, list or check."""
    from ...profiles.problems import ProfileError  # noqa: PLC0415

    try:
        return _run(arguments)
    except ProfileError as error:
        raise UsageError(str(error)) from None


def _run(arguments: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415

    from msgspec.structs import replace  # noqa: PLC0415

    from ...engine.inbox import EngineError  # noqa: PLC0415
    from ...profiles.scenes import load_walkthrough  # noqa: PLC0415
    from ...profiles.schema import to_plan  # noqa: PLC0415
    from ...profiles.walkthrough_library import DEFAULT, find_walkthrough  # noqa: PLC0415
    from ...sessions.exit_codes import ExitCode  # noqa: PLC0415
    from ..config import load_keys  # noqa: PLC0415
    from ..walkthrough.script import script_of  # noqa: PLC0415

    if arguments.list:
        return _list()
    path = find_walkthrough(arguments.check or arguments.name or DEFAULT)
    walkthrough = load_walkthrough(path)
    plan = to_plan(walkthrough, path.stem)
    if arguments.seed is not None:
        plan = replace(plan, seed=arguments.seed)
    script = script_of(walkthrough, plan)
    if not 1 <= arguments.start <= len(script):
        raise UsageError(f"--from {arguments.start}: there are scenes 1 to {len(script)}")
    if arguments.check or not on_a_screen():
        return _tell(plan.title, script)
    try:
        asyncio.run(_play(plan, script, arguments.start - 1, load_keys(arguments.config)))
    except EngineError as error:
        sys.stderr.write(f"infertop: {error}\n")
        return ExitCode.FAILED
    return ExitCode.OK


async def _play(plan: "RunPlan", script: "Script", start: int, keys: "Keys | None") -> None:
    from ...sessions.session import Session  # noqa: PLC0415
    from ...sessions.wire import Order  # noqa: PLC0415

    session = await Session.start(Order(plan=plan, record=False))  # it loads while textual does
    from ..console import walk_console  # noqa: PLC0415

    await walk_console(session, plan, script, start, keys)


def _list() -> int:
    from ...profiles.walkthrough_library import listed_walkthroughs, walkthroughs_folder  # noqa: PLC0415

    found = listed_walkthroughs()
    width = max(len(each.name) for each in found)
    for each in found:
        scenes = f"{each.scenes} scenes" if each.scenes else ""
        sys.stdout.write(f"{each.name:{width}}  {scenes:9}  {each.description}\n")
    sys.stdout.write(f"\nyours go into {walkthroughs_folder()}\n")
    return 0


def _tell(title: str, script: "Script") -> int:
    """Print the script as text."""
    import textwrap  # noqa: PLC0415

    from ...backends.printable import printable  # noqa: PLC0415
    from ..draw.units import clock  # noqa: PLC0415
    from ..walkthrough.script import lasts_s  # noqa: PLC0415

    def at(seconds: float) -> str:
        return clock(round(seconds) * 1_000_000_000)

    sys.stdout.write(f"{printable(title)}: {len(script)} scenes, {at(lasts_s(script))}, on simulated backends\n")
    for number, act in enumerate(script, 1):
        sys.stdout.write(f"\n{number}. {act.title} ({at(act.lasts_s)})\n")
        said = ""
        for cue in act.cues:
            if cue.setting.caption != said:
                said = cue.setting.caption
                sys.stdout.write(textwrap.indent(textwrap.fill(f"{at(cue.at_s)}  {said}", 90), "   ") + "\n")
    return 0
