"""`infertop profiles`: list, show, make and check session profiles."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..usage import UsageError

if TYPE_CHECKING:
    from ...engine.plan import ArrivalsPlan, RunPlan

HELP: Final = "list, show, make, edit and check session profiles"
EPILOG: Final = """\
examples:
  infertop profiles                          what there is
  infertop profiles show fleet               the text of one, comments and all
  infertop profiles new mine --from fleet    a copy of your own to change
  infertop profiles edit fleet               a form; saves as a new profile of yours
  infertop profiles check mine ./other.toml  find every mistake
  infertop profiles path                     where yours are
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions; listing is the default."""
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", parser_class=argparse.ArgumentParser
    )
    actions.add_parser("list", help="names, where they come from and what they do (default)")
    show = actions.add_parser("show", help="print a profile")
    show.add_argument("name", metavar="NAME", help="a profile's name, or a TOML file")
    new = actions.add_parser("new", help="copy a profile into your folder")
    new.add_argument("name", metavar="NAME", help="what to call the copy")
    new.add_argument("--from", dest="origin", metavar="NAME", default="fleet", help="what to copy (fleet)")
    edit = actions.add_parser("edit", help="change one in a form, and save it as a new one of yours")
    edit.add_argument("name", metavar="NAME", nargs="?", default="fleet", help="what to begin with (fleet)")
    check = actions.add_parser("check", help="find every mistake; exit code 2 if there is one")
    check.add_argument("names", metavar="FILE", nargs="+", help="a TOML file, or a profile's name")
    actions.add_parser("path", help="print the folder that holds your profiles")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 2 when a profile is unknown or wrong."""
    from ...profiles.problems import ProfileError  # noqa: PLC0415

    try:
        match arguments.action:
            case "show":
                sys.stdout.write(_text(arguments.name))
            case "new":
                sys.stdout.write(f"{_copy(arguments.origin, arguments.name)}\n")
            case "edit":
                return _edit(arguments.name)
            case "check":
                return 2 if [name for name in arguments.names if not _is_fine(name)] else 0
            case "path":
                sys.stdout.write(f"{_folder()}\n")
            case _:
                sys.stdout.write(_table())
    except ProfileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _folder() -> Path:
    from ...profiles.library import user_folder  # noqa: PLC0415

    return user_folder()


def _table() -> str:
    from ...backends.printable import printable  # noqa: PLC0415
    from ...profiles.library import listings  # noqa: PLC0415

    rows = [("NAME", "FROM", "WHAT IT DOES")]
    rows += [(printable(entry.name, 64), entry.origin, entry.problem or entry.description) for entry in listings()]
    name_width, origin_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "".join(f"{name:{name_width}}  {origin:{origin_width}}  {what}\n" for name, origin, what in rows)


def _text(name: str) -> str:
    from ...backends.printable import printable  # noqa: PLC0415
    from ...profiles.library import find  # noqa: PLC0415
    from ...profiles.load import read  # noqa: PLC0415

    lines = read(find(name)).expandtabs(4).splitlines()
    return "".join(f"{line if line.isprintable() else printable(line, 1000)}\n" for line in lines)


def _copy(origin: str, name: str) -> Path:
    from ...profiles.library import find, write  # noqa: PLC0415
    from ...profiles.load import read  # noqa: PLC0415

    return write(read(find(origin)), name)


def _edit(name: str) -> int:
    """Let a person change a profile and save it; names the new file."""
    from ...profiles.library import find  # noqa: PLC0415
    from ...profiles.load import load  # noqa: PLC0415

    path = find(name)
    profile = load(path)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("edit shows a form and needs a terminal: infertop profiles new makes a copy to edit")
    from ..config import load_keys  # noqa: PLC0415
    from ..keys import DEFAULT  # noqa: PLC0415
    from ..screens.form import FormApp  # noqa: PLC0415  textual takes half a second
    from ..viewstate import ViewState, default_path  # noqa: PLC0415

    keys = load_keys(None) or DEFAULT
    saved = FormApp(profile, path.stem, path.parent, ViewState(default_path()).theme, keys).run()
    if saved is not None:
        sys.stdout.write(f"{saved}\ninfertop run {saved.stem}\n")
    return 0


def _is_fine(name: str) -> bool:
    from ...backends.printable import printable  # noqa: PLC0415
    from ...engine.prompts import PromptStream  # noqa: PLC0415
    from ...engine.workloads import WorkloadError  # noqa: PLC0415
    from ...profiles.library import plan_of  # noqa: PLC0415
    from ...profiles.problems import ProfileError  # noqa: PLC0415

    try:
        plan = plan_of(name)
        PromptStream(plan.seed, plan.workload)
    except ProfileError as error:
        sys.stderr.write(f"{error}\n")
        return False
    except WorkloadError as error:
        sys.stderr.write(f"{printable(name)}: workload.source: {error}\n")
        return False
    sys.stdout.write(f"{printable(name)}: ok ({_in_short(plan)})\n")
    return True


def _in_short(plan: "RunPlan") -> str:
    from ...engine.workloads.builtin import BUILTIN  # noqa: PLC0415
    from ...engine.workloads.lengths import spread, with_cv  # noqa: PLC0415
    from ...engine.workloads.mix import in_short  # noqa: PLC0415

    count = len(plan.backends)
    prompts = in_short(plan.workload)
    if made := BUILTIN.get(plan.workload.source):
        cv = plan.workload.prompt_cv
        prompts += f", input tokens {spread(made.input_tokens if cv is None else with_cv(made.input_tokens, cv))}"
    return f"{count} backend{'s' if count > 1 else ''}; {prompts}; {_load(plan.arrivals)}"


def _load(arrivals: "ArrivalsPlan") -> str:
    match arrivals.kind:
        case "closed":
            return f"closed loop of {arrivals.concurrency}"
        case "ramp":
            return f"ramp from {arrivals.rate_per_s:g} to {arrivals.ramp_to_per_s:g} requests/s"
        case kind:
            return f"{kind}, {arrivals.rate_per_s:g} requests/s"
