"""`infertop sweep PROFILE`: throughput over load, the knee, and the most tokens/s that hold a target."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..usage import UsageError
from .compare import add_server_flags
from .flags import add_console_flags, add_limit_flags, add_prompt_flags, apply_flags, seconds

if TYPE_CHECKING:
    from ...engine.plan import RunPlan
    from ...engine.sweep.plan import SweepPlan
    from ...engine.sweep.runner import Sweeper
    from ...engine.sweep.sweep import Sweep
    from ...sessions.sweep.file import SweepFile
    from ..sweep.link import SweepLink

HELP: Final = "tokens/s over load, the knee, and the most tokens/s that hold a latency target"
EPILOG: Final = """\
PROFILE is a profile's name or a TOML file; targets are as infertop takes them (infertop --help). Without --target
the limits of [slo] must hold for 95 % of the requests; without those, only the knee is looked for. docs/sweep.md
tells how levels are chosen and decided.

examples:
  infertop sweep fleet --virtual                        six simulated families, in virtual time
  infertop sweep fleet --virtual --target 'p95_ttft<300ms' --levels 1..64
  infertop sweep http://gpu1:8000 http://gpu2:8000 --target 'p95_ttft<500ms' --target 'p99_tpot<50ms'
  infertop sweep groq:openai/gpt-oss-120b --rates 1..20 --budget 2.00
  infertop sweep fleet --virtual --json > sweep.json
  infertop sweep --resume last                          go on where the last one was
  infertop sweep --show last -f curves.svg              its screen once more, and a picture of it
  infertop sweep fleet --virtual --levels 1..16 --across 0,0.5,1,2    how each takes prompts of more varied length

exit codes:
  0 ok   1 a backend could not be measured   2 usage   3 --gate: no level holds   4 budget reached   130 interrupted
"""

_NOT_HERE: Final = ("concurrency", "rate", "arrivals", "requests", "duration", "warmup")
"""What the sweep decides itself."""

_LEVELS: Final = (1.0, 256.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to sweep, over which levels, and what comes out."""
    parser.add_argument("what", metavar="PROFILE|TARGET", nargs="*", help="a profile, or one or more targets")
    sweep = parser.add_argument_group("sweep")
    axis = sweep.add_mutually_exclusive_group()
    axis.add_argument(
        "--levels", type=_levels, metavar="LOW..HIGH", help="requests in flight: the batch to make (1..256)"
    )
    axis.add_argument("--rates", type=_rates, metavar="LOW..HIGH", help="requests a second (Poisson) instead")
    sweep.add_argument(
        "--target",
        action="append",
        type=_target,
        metavar="LIMIT",
        help="what a level must hold: 'p95_ttft<500ms', 'p99_tpot<50ms', 'p50_e2e<8s'; may be given several times",
    )
    sweep.add_argument("--precision", type=_share, metavar="SHARE", help="how near the best level is found (3%%)")
    sweep.add_argument("--visit", type=seconds, metavar="TIME", help="longest a visit to a level may last (2m)")
    sweep.add_argument("--max-requests", type=int, metavar="N", help="stop before more are sent in all")
    sweep.add_argument("--together", action="store_true", help="all backends under load at once, not one by one")
    sweep.add_argument("--gate", action="store_true", help="exit 3 where a backend holds the targets at no level")
    sweep.add_argument("--resume", metavar="SWEEP", help='go on with a sweep: "last", its id, or its file')
    sweep.add_argument("--show", metavar="SWEEP", help='a sweep that was made: "last", its id, or its file')
    sweep.add_argument(
        "--across",
        type=_several,
        metavar="W,W,…",
        help="sweep once under each workload (chat,rag) or --prompt-cv (0,0.5,1); say how each backend takes it",
    )
    load = add_prompt_flags(parser)
    add_limit_flags(load)
    add_server_flags(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--headless", action="store_true", help="no screen: progress on stderr, then tables")
    output.add_argument("--json", action="store_true", help="no screen: one JSON document on stdout")
    output.add_argument("--virtual", action="store_true", help="simulated stacks in virtual time: no waiting")
    output.add_argument(
        "--lengths-only",
        action="store_true",
        help="with --virtual: do not write the prompts, only draw their lengths",
    )
    output.add_argument(
        "--export",
        "-f",
        action="append",
        type=Path,
        metavar="FILE",
        help="write FILE at the end: .csv, .md, .json, .svg or .txt",
    )
    add_console_flags(parser)
    parser.set_defaults(**dict.fromkeys(_NOT_HERE))


def run(arguments: argparse.Namespace) -> int:
    """Sweep, or go on with a sweep."""
    import asyncio  # noqa: PLC0415
    import sys  # noqa: PLC0415

    from ...engine.virtual import VirtualError  # noqa: PLC0415
    from ...engine.workloads import WorkloadError  # noqa: PLC0415
    from ...sessions.exit_codes import ExitCode  # noqa: PLC0415
    from ...sessions.export.files import ExportError  # noqa: PLC0415
    from ...sessions.sweep.ending import exit_code  # noqa: PLC0415
    from ..watched import on_a_screen  # noqa: PLC0415

    _check_exports(arguments.export or ())
    if arguments.across:
        return _across(arguments)
    if arguments.show:
        return _show(arguments)
    sweeper, file, plan = _resumed(arguments) if arguments.resume else _new(arguments)
    on_screen = on_a_screen(stderr=True) and not (arguments.headless or arguments.json)
    try:
        if on_screen:
            sweep = _on_screen(sweeper, virtual=plan.virtual)
        else:
            from ..sweeping import run_sweep  # noqa: PLC0415

            sweep = asyncio.run(run_sweep(sweeper, sys.stderr))
    except (VirtualError, WorkloadError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        sys.stderr.write(f"infertop: {file.path}: {error.strerror or error}\n")
        return ExitCode.FAILED
    finally:
        file.close()
    _print(sweep, as_json=arguments.json)
    if sweep.state != "done" or any(curve.failed for curve in sweep.curves):
        sys.stderr.write(f"infertop: infertop sweep --resume {file.session} goes on where this one was\n")
    try:
        _export(sweep, arguments.export or ())
    except ExportError as error:
        sys.stderr.write(f"infertop: --export: {error}\n")
        return ExitCode.FAILED
    return exit_code(sweep, gate=arguments.gate)


def _across(arguments: argparse.Namespace) -> int:
    from .sweeps import across  # noqa: PLC0415

    if arguments.resume or arguments.show or arguments.export:
        raise UsageError("--across makes several sweeps: leave out --resume, --show and --export")
    plan = _plan(arguments)
    _check(plan)
    return across(plan, arguments)


def _show(arguments: argparse.Namespace) -> int:
    """The screen, tables and exports of a sweep that was made."""
    import sys  # noqa: PLC0415

    from ...sessions.exit_codes import ExitCode  # noqa: PLC0415
    from ...sessions.export.files import ExportError  # noqa: PLC0415
    from ..sweep.link import Finished  # noqa: PLC0415
    from ..watched import on_a_screen  # noqa: PLC0415
    from .sweeps import kept_sweep  # noqa: PLC0415

    if arguments.what or arguments.resume:
        raise UsageError("--show sends nothing: leave out what to sweep, and --resume")
    sweep = kept_sweep(arguments.show)
    if on_a_screen(stderr=True) and not (arguments.headless or arguments.json):
        _followed(Finished(sweep))
    _print(sweep, as_json=arguments.json)
    try:
        _export(sweep, arguments.export or ())
    except ExportError as error:
        sys.stderr.write(f"infertop: --export: {error}\n")
        return ExitCode.FAILED
    return ExitCode.OK


def _check(plan: "SweepPlan") -> None:
    """Say what should be known before anything is sent; raises UsageError where a key is missing."""
    import sys  # noqa: PLC0415

    from .start import check_keys, warnings  # noqa: PLC0415

    if not plan.virtual:
        for line in warnings(plan.plan):
            sys.stderr.write(f"infertop: {line}\n")
        check_keys(plan.plan)


def _new(arguments: argparse.Namespace) -> "tuple[Sweeper, SweepFile, SweepPlan]":
    from ...engine.sweep.runner import Sweeper  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415
    from ...sessions.sweep.file import SweepFile, SweepFileError  # noqa: PLC0415

    plan = _plan(arguments)
    _check(plan)
    try:
        file = SweepFile.new(sessions_folder(), plan)
    except SweepFileError as error:
        raise UsageError(str(error)) from None
    return Sweeper(plan, file.keep, started_utc=file.started_utc), file, plan


def _resumed(arguments: argparse.Namespace) -> "tuple[Sweeper, SweepFile, SweepPlan]":
    """The sweep of a file, with what may be changed on the way: its budget, and how many requests."""
    from msgspec.structs import replace  # noqa: PLC0415

    from ...engine.sweep.runner import Sweeper  # noqa: PLC0415
    from ...sessions.folder import sessions_folder  # noqa: PLC0415
    from ...sessions.sweep.file import SweepFile, SweepFileError, find, read  # noqa: PLC0415
    from .start import check_keys  # noqa: PLC0415

    if arguments.what or arguments.levels or arguments.rates or arguments.target or arguments.virtual:
        raise UsageError("--resume goes on with a sweep as it was: leave out what it is of, its levels and targets")
    try:
        path = find(sessions_folder(), arguments.resume)
        kept = read(path).to_go_on()
        file = SweepFile.again(path, kept.started_utc)
    except SweepFileError as error:
        raise UsageError(f"--resume: {error}") from None
    plan = kept.plan
    if arguments.budget is not None:
        plan = replace(plan, plan=replace(plan.plan, budget_usd=arguments.budget))
    if arguments.max_requests is not None:
        plan = replace(plan, most_requests=arguments.max_requests)
    if not plan.virtual:
        check_keys(plan.plan)
    sweeper = Sweeper(plan, file.keep, visited=kept.visited, lost_usd=kept.lost_usd, started_utc=kept.started_utc)
    return sweeper, file, plan


def _plan(arguments: argparse.Namespace) -> "SweepPlan":
    from msgspec.structs import replace  # noqa: PLC0415

    from ...engine.plan import SloPlan  # noqa: PLC0415
    from ...engine.sweep.plan import SweepPlan  # noqa: PLC0415
    from ...engine.sweep.targets import slo_of, targets_of  # noqa: PLC0415
    from ...profiles.schema import with_prompts_from  # noqa: PLC0415
    from .start import Form, with_limits  # noqa: PLC0415

    if arguments.lengths_only and not arguments.virtual:
        raise UsageError("--lengths-only belongs to --virtual: a server needs the prompts themselves")
    plan = apply_flags(_of_what(arguments), arguments)
    if not arguments.virtual:
        plan = with_limits(plan, Form.CONSOLE)
    targets = tuple(arguments.target or targets_of(plan.slo))
    if replace(plan.slo, attainment=None) == SloPlan():
        plan = replace(plan, slo=slo_of(targets))
    low, high = arguments.rates or arguments.levels or _LEVELS
    given: dict[str, Any] = {
        "precision": arguments.precision,
        "longest_visit_s": arguments.visit,
        "most_requests": arguments.max_requests,
    }
    made = SweepPlan(
        plan=replace(plan, workload=with_prompts_from(Path.cwd(), plan.workload)),
        axis="rate" if arguments.rates else "concurrency",
        low=low,
        high=high,
        targets=targets,
        together=arguments.together,
        virtual=arguments.virtual,
        lengths_only=arguments.lengths_only,
        **{key: value for key, value in given.items() if value is not None},
    )
    return replace(made, longest_visit_s=arguments.visit) if arguments.virtual else made


def _of_what(arguments: argparse.Namespace) -> "RunPlan":
    """The plan of the one profile, or of the targets, that were typed."""
    from .compare import targets_plan  # noqa: PLC0415
    from .start import profile_plan  # noqa: PLC0415
    from .targets import is_name, named_backends  # noqa: PLC0415

    words = arguments.what
    if not words:
        raise UsageError("sweep what? give a PROFILE (infertop sweep fleet --virtual), targets, or --resume SWEEP")
    one = words[0]
    if len(words) == 1 and (one.endswith(".toml") or (is_name(one) and one not in _names(named_backends()))):
        return profile_plan(one)
    arguments.targets = words
    return targets_plan(arguments)


def _names(backends: Any) -> set[str]:
    return {backend.name for backend in backends}


# --- what comes out ---


def _on_screen(sweeper: "Sweeper", *, virtual: bool) -> "Sweep":
    """Follow it on its screen; the last document."""
    from ..sweep.link import Aside  # noqa: PLC0415

    return _followed(Aside(sweeper) if virtual else sweeper) or sweeper.document(over=True)


def _followed(link: "SweepLink") -> "Sweep | None":
    """Show a sweep until its screen is left; the last document."""
    from ..sweep.app import SweepApp  # noqa: PLC0415
    from ..viewstate import ViewState, default_path  # noqa: PLC0415

    app = SweepApp(link, state=ViewState(default_path()))
    sweep = app.run()
    if app.failure is not None:
        raise app.failure
    return sweep


def _print(sweep: "Sweep", *, as_json: bool) -> None:
    import os  # noqa: PLC0415
    import shutil  # noqa: PLC0415
    import sys  # noqa: PLC0415

    if as_json:
        from ...sessions.sweep.document import document, to_json  # noqa: PLC0415

        sys.stdout.buffer.write(to_json(document(sweep)))
        return
    from ...sessions.sweep.table import render  # noqa: PLC0415

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    sys.stdout.write(render(sweep, shutil.get_terminal_size((120, 24)).columns, colour=colour))


def _check_exports(files: "tuple[Path, ...] | list[Path]") -> None:
    """Raise UsageError for what cannot be written, before anything is sent."""
    for file in files:
        if file.suffix not in {".csv", ".md", ".json", ".svg", ".txt"}:
            raise UsageError(f"--export {file}: a sweep is written as .csv, .md, .json, .svg or .txt")
        if file.exists():
            raise UsageError(f"--export {file}: exists already")
        if not file.absolute().parent.is_dir():
            raise UsageError(f"--export {file}: there is no folder {file.absolute().parent}")


def _export(sweep: "Sweep", files: "tuple[Path, ...] | list[Path]") -> None:
    from ...sessions.export.files import write  # noqa: PLC0415
    from ...sessions.sweep.export import part  # noqa: PLC0415
    from ..sweep.picture import FORMATS as PICTURES  # noqa: PLC0415
    from ..sweep.picture import part as picture  # noqa: PLC0415

    for file in files:
        form = file.suffix.removeprefix(".")
        write(file, (picture if form in PICTURES else part)(sweep, form).chunks)


# --- what is typed ---


def _range(text: str) -> tuple[float, float]:
    low, dots, high = text.partition("..")
    try:
        found = float(low), float(high if dots else low)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no range; write LOW..HIGH, as 1..64") from None
    if not 0 < found[0] <= found[1] <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r}: the lower end must be above 0, and no higher than the upper one")
    return found


def _rates(text: str) -> tuple[float, float]:
    return _range(text)


def _levels(text: str) -> tuple[float, float]:
    low, high = _range(text)
    if low != int(low) or high != int(high):
        raise argparse.ArgumentTypeError(f"{text!r}: requests in flight are whole numbers, as 1..64")
    return low, high


def _several(text: str) -> list[str]:
    found = [part.strip() for part in text.split(",")]
    if len(found) < 2 or not all(found):
        raise argparse.ArgumentTypeError(f"{text!r}: give two or more, joined by commas, as 0,0.5,1 or chat,rag")
    return found


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; write 3% or 0.03") from None
    if not 0.001 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range; 0.1% to 100% are possible")
    return share


def _target(text: str) -> Any:
    from ...engine.sweep.targets import TargetError, parse_target  # noqa: PLC0415

    try:
        return parse_target(text)
    except TargetError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None
