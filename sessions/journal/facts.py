"""What is known of a session besides its figures: what was run, where, by whom it was named."""

import os
import platform
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from ...engine.plan import BackendPlan, RunPlan
from .schema import SCHEMA

STOPPED: Final = {
    "": "",
    "requests": "every prompt was sent",
    "duration": "time was up",
    "budget": "the budget was reached",
    "told": "stopped by hand",
    "interrupted": "interrupted",
    "parent gone": "whoever watched went away",
    "unreachable": "no backend could be reached",
}
"""Why a run ended, in words, by `engine.commands.StopReason`; other reasons are in words already."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one session.

    Attributes:
        id: short, unique, made at random.
        title: the profile's, or what was compared.
        name: what its owner called it; "" for most.
        note: what its owner wrote about it.
        started_utc: ISO 8601, when the session was started.
        ended_utc: when its journal was closed; "" while it runs, and where the process that wrote it was killed.
        infertop: version that recorded it.
        schema: of its tables.
        plan: what was run; holds no secret, and URLs without user, password and query.
        profile: the same as TOML; "" if it cannot be said in a profile.
        machine: the machine it was measured from: os, cpu, cores, python, memory.
        labels: of its backends, each once ("LIVE", "SIM"); () until it has ended.
        source: the tool whose result this is, "" for a run of our own.
        stated: of such a result, figures it states without the requests behind them, by backend and by name of
            `diff.metrics.METRICS`.
        finished: whether the journal was closed properly.
        stop_reason: why the run ended (`engine.commands.StopReason`), or what went wrong in words; "" while it runs.
    """

    id: str
    title: str
    name: str = ""
    note: str = ""
    started_utc: str
    ended_utc: str = ""
    infertop: str
    schema: int = SCHEMA
    plan: RunPlan
    profile: str = ""
    machine: dict[str, str] = {}
    labels: tuple[str, ...] = ()
    source: str = ""
    stated: dict[str, dict[str, float]] = {}
    finished: bool = False
    stop_reason: str = ""


def redacted(plan: RunPlan) -> RunPlan:
    """`plan` with nothing in its URLs but where they lead; keys are references already."""
    return replace(plan, backends=tuple(map(_redacted, plan.backends)))


def _redacted(backend: BackendPlan) -> BackendPlan:
    return replace(backend, url=_bare(backend.url), metrics_url=_bare(backend.metrics_url))


def _bare(url: str) -> str:
    if "//" not in url:
        return url
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return ""


def this_machine() -> dict[str, str]:
    """What a reader should know of the machine that measured; neither its name nor its owner."""
    known = {
        "os": f"{platform.system()} {platform.release()}",
        "cpu": _cpu(),
        "cores": str(os.cpu_count() or ""),
        "memory": _memory(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }
    return {key: value for key, value in known.items() if value}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (ValueError, OSError):
        return ""
