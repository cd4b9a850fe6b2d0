"""The flags of everything that sends load, and what they change in a plan.

Each flag is also a profile key; a flag that is not given leaves the profile's value.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...profiles.durations import DurationError, parse_duration
from ..usage import UsageError

if TYPE_CHECKING:
    from ...engine.plan import ArrivalsPlan, RunPlan

_SLO_LIMITS: Final = {"ttft": "ttft_ms", "tpot": "tpot_ms", "e2e": "e2e_ms", "attainment": "attainment"}

_FLAG_OF_KEY: Final = {
    "workload.source": "--workload",
    "workload.max_tokens": "--max-tokens",
    "workload.prompt_cv": "--prompt-cv",
    "arrivals.concurrency": "--concurrency",
    "arrivals.rate_per_s": "--rate",
    "arrivals.cv": "--arrivals gamma:CV",
    "arrivals.ramp_to_per_s": "--arrivals ramp:TO/SECONDS",
    "slo.ttft_ms": "--slo ttft",
    "slo.tpot_ms": "--slo tpot",
    "slo.e2e_ms": "--slo e2e",
    "slo.attainment": "--slo attainment",
    "run.requests": "--requests",
    "run.warmup": "--warmup",
    "run.seed": "--seed",
    "run.budget_usd": "--budget",
    "run.workers": "--workers",
    "run.ray": "--ray",
}


def add_prompt_flags(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the flags that say what is sent, and from how many processes; returns their group."""
    load = parser.add_argument_group("load")
    load.add_argument(
        "--workload",
        metavar="NAME|FILE",
        help="built-in workload, a file of prompts, or a mix of these: chat:0.7+classification:0.3",
    )
    load.add_argument(
        "--prompt-cv",
        type=float,
        metavar="CV",
        help="how much prompt lengths vary (standard deviation / mean), their mean kept; 0: all equal",
    )
    load.add_argument("--max-tokens", type=int, metavar="N", help="most output tokens an answer may have")
    load.add_argument(
        "--fixed-length",
        action="store_true",
        default=None,
        help="ask for exactly as many tokens as the workload says, where the server can",
    )
    load.add_argument("--seed", type=int, metavar="N", help="the same seed gives the same prompts and times")
    load.add_argument("--timeout", type=seconds, metavar="TIME", help="longest a request may take: 120s")
    load.add_argument(
        "--workers", type=int, metavar="N", help="processes that share the prompts, when one core is not enough (1)"
    )
    load.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="run the workers on a Ray cluster: HOST:6379 from a machine of it, ray://HOST:10001 from elsewhere",
    )
    return load


def add_limit_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags that limit what is spent, and say what a good request is."""
    group.add_argument("--budget", type=float, metavar="USD", help="stop before the spend passes this")
    group.add_argument(
        "--slo",
        type=_slo,
        metavar="LIMITS",
        help="what a good request is, in ms: ttft=500,tpot=50,e2e=8000; attainment=0.99 makes it a gate (exit 3)",
    )


def add_load_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that change what is sent and for how long."""
    load = add_prompt_flags(parser)
    rhythm = load.add_mutually_exclusive_group()
    rhythm.add_argument("--concurrency", type=int, metavar="N", help="keep N requests in flight per backend")
    rhythm.add_argument("--rate", type=float, metavar="R", help="send R requests a second to every backend")
    load.add_argument(
        "--arrivals",
        type=_arrivals,
        metavar="KIND",
        help="with --rate: poisson (default), constant, gamma:CV (bursts) or ramp:TO/SECONDS",
    )
    extent = parser.add_argument_group("extent")
    extent.add_argument("--duration", type=seconds, metavar="TIME", help="stop after this long: 60s, 5m, 1h30m")
    extent.add_argument("--requests", type=int, metavar="N", help="stop after N prompts a backend")
    extent.add_argument("--warmup", type=int, metavar="N", help="prompts a backend answers before measuring")
    add_limit_flags(extent)


def add_output_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that choose what comes out."""
    output = parser.add_argument_group("output")
    output.add_argument("--headless", action="store_true", help="no console: progress on stderr, then a table")
    form = output.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="no console: one JSON document on stdout")
    form.add_argument("--once", action="store_true", help="no console: one picture of it on stdout")
    output.add_argument(
        "--virtual",
        action="store_true",
        help="no console, no waiting: simulated stacks in virtual time, hours of load in seconds; keeps no journal",
    )
    output.add_argument(
        "--lengths-only",
        action="store_true",
        help="with --virtual: do not write the prompts, only draw their lengths; faster, and inputs about 1%% longer",
    )
    output.add_argument(
        "--export", metavar="FILE", help="write FILE at the end, as infertop export: .html, .md, .json, .svg, .txt"
    )
    session = parser.add_argument_group("session (infertop sessions)")
    journal = session.add_mutually_exclusive_group()
    journal.add_argument("--record", metavar="FILE", help="keep the journal in FILE, not among the sessions")
    journal.add_argument("--no-record", action="store_true", help="keep no journal")
    session.add_argument("--keep-text", action="store_true", help="keep prompts and answers in the journal too")
    session.add_argument(
        "--detach", action="store_true", help="run in the background; infertop attach shows it, and stops it"
    )


def add_console_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of everything that shows the console."""
    console = parser.add_argument_group("console")
    console.add_argument("--config", type=Path, metavar="FILE", help="settings of the console, such as its keys")


def add_trust_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags about whom to believe."""
    trust = parser.add_argument_group("trust")
    trust.add_argument(
        "--insecure",
        action="store_true",
        help="take any certificate: whoever stands between can read and answer; better: SSL_CERT_FILE=ca.pem",
    )


def add_preflight_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags about the screen before a run that costs."""
    before = parser.add_argument_group("before the console sends anything")
    ask = before.add_mutually_exclusive_group()
    ask.add_argument("--yes", action="store_true", help="start without showing what it will cost")
    ask.add_argument(
        "--preflight", action="store_true", help="show what will run and what was found, though nothing is billed"
    )


def apply_flags(plan: "RunPlan", flags: argparse.Namespace) -> "RunPlan":
    """`plan` with every given flag in place of the profile's value; raises UsageError if that makes no sense."""
    from msgspec.structs import replace  # noqa: PLC0415

    from ...profiles.checks import sense_problems  # noqa: PLC0415
    from ...profiles.schema import from_plan  # noqa: PLC0415

    workload = _given(
        source=flags.workload,
        max_tokens=flags.max_tokens,
        fixed_length=flags.fixed_length,
        prompt_cv=flags.prompt_cv,
    )
    run = _given(
        requests=flags.requests,
        duration_s=flags.duration,
        warmup=flags.warmup,
        seed=flags.seed,
        timeout_s=flags.timeout,
        budget_usd=flags.budget,
        workers=flags.workers,
        ray=flags.ray,
    )
    changed = replace(
        plan,
        workload=replace(plan.workload, **workload),
        arrivals=_with_arrivals(plan.arrivals, flags),
        slo=replace(plan.slo, **(flags.slo or {})),
        **run,
    )
    problems = [f"{_FLAG_OF_KEY.get(where, where)}: {what}" for where, what in sense_problems(from_plan(changed))]
    if problems:
        raise UsageError("\n  ".join(problems))
    return changed


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _with_arrivals(plan: "ArrivalsPlan", flags: argparse.Namespace) -> "ArrivalsPlan":
    """A rate opens a closed loop (Poisson unless --arrivals says otherwise); a concurrency closes an open one."""
    from msgspec.structs import replace  # noqa: PLC0415

    if flags.concurrency is not None:
        if flags.arrivals:
            raise UsageError("--arrivals shapes an open loop: give it with --rate, not with --concurrency")
        return replace(plan, kind="closed", concurrency=flags.concurrency)
    if plan.kind == "closed":
        if flags.rate is None:
            if flags.arrivals:
                raise UsageError("--arrivals needs --rate R (requests a second)")
            return plan
        plan = replace(plan, kind="poisson")
    return replace(plan, **(flags.arrivals or {}), **_given(rate_per_s=flags.rate))


def seconds(text: str) -> float:
    """A time as a flag takes it: 90s, 5m, 1h30m."""
    try:
        return parse_duration(text)
    except DurationError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def _arrivals(text: str) -> dict[str, Any]:
    """The changes to an `ArrivalsPlan` that poisson, constant, gamma:CV or ramp:TO/SECONDS asks for."""
    kind, _, detail = text.partition(":")
    if kind in {"poisson", "constant"} and not detail:
        return {"kind": kind}
    if kind == "gamma" and detail:
        return {"kind": kind, "cv": _number(detail)}
    target, _, duration = detail.partition("/")
    if kind == "ramp" and target and duration:
        return {"kind": kind, "ramp_to_per_s": _number(target), "ramp_s": seconds(duration)}
    raise argparse.ArgumentTypeError(
        f"{text!r} is no arrival process; write poisson, constant, gamma:CV (gamma:2) or ramp:TO/SECONDS (ramp:40/60)"
    )


def _slo(text: str) -> dict[str, float]:
    """The changes to an `SloPlan` that "ttft=500,tpot=50,attainment=0.99" asks for."""
    limits: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name not in _SLO_LIMITS:
            raise argparse.ArgumentTypeError(
                f"{part!r} is no limit; write ttft=MS, tpot=MS, e2e=MS or attainment=SHARE, joined by commas"
            )
        limits[_SLO_LIMITS[name]] = _number(value)
    return limits
