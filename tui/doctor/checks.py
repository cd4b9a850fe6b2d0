"""What was found, judged line by line. Pure; the limits are those of docs/doctor.md."""

from collections.abc import Iterator, Sequence
from typing import Final

from ...backends.printable import printable
from ...engine.selftest.report import Finding, Grade, Load
from ...sessions.figures import number
from ...sessions.trust import LAG_NS
from .report import Check, Key, Machine, ScreenEffect, Server, Terminal

SPARE_DESCRIPTORS: Final = 64
"""What a process needs besides one descriptor a request."""

_MANY_STREAMS: Final = 512
_COMFORTABLE: Final = (80, 24)
_COLOURS: Final = {"truecolor": "16 million", "256": "256", "standard": "16", "none": "none"}


def requests_at_once(machine: Machine) -> int | None:
    """How many the limit on open files leaves room for; None without a limit."""
    return None if machine.open_files < 0 else max(0, machine.open_files - SPARE_DESCRIPTORS)


def affordable(loads: Sequence[Load], machine: Machine) -> tuple[Load, ...]:
    """Those of `loads` that the limit on open files leaves room for; client and server have one each."""
    most = requests_at_once(machine)
    return tuple(load for load in loads if most is None or load.streams <= most)


def machine_checks(machine: Machine, loads: Sequence[Finding]) -> Iterator[Check]:
    """What the engine runs on."""
    yield Check("machine", "system", f"{machine.python}, {machine.platform}")
    if machine.uvloop:
        yield Check("machine", "event loop", f"uvloop {machine.uvloop}")
    else:
        yield Check(
            "machine", "event loop", "asyncio's own", "careful", "uvloop is not installed: twice the CPU a token"
        )
    stamps = {finding.stamp for finding in loads} - {""}
    if stamps == {"kernel"}:
        yield Check("machine", "receive stamps", "the kernel's")
    elif stamps:
        remark = "the system gives no receive times: a busy client blurs its figures"
        yield Check("machine", "receive stamps", "infertop's own", "careful", remark)
    if machine.cores > 1:
        yield Check("machine", "cores", str(machine.cores))
    else:
        yield Check("machine", "cores", str(machine.cores), "careful", "screen and engine share it")
    most = requests_at_once(machine)
    if most is None:
        yield Check("machine", "open files", "no limit")
    elif most >= _MANY_STREAMS:
        yield Check("machine", "open files", f"{machine.open_files:,}")
    else:
        remark = f"at most {most:,} requests at once; more with: ulimit -n 4096"
        yield Check("machine", "open files", f"{machine.open_files:,}", "careful", remark)


def screen_checks(screen: ScreenEffect | None, trouble: str) -> Iterator[Check]:
    """Whether drawing disturbs measuring."""
    if screen is None:
        yield Check("screen", "drawing", "not tried", "careful", trouble)
        return
    lag = f"loop lag p99 {number(screen.on_ms.p99)} ms with it, {number(screen.off_ms.p99)} ms without"
    if disturbs(screen):
        yield Check("screen", "drawing", lag, "careful", "it disturbs what it shows: --headless measures better")
    else:
        yield Check("screen", "drawing", lag)


def disturbs(screen: ScreenEffect) -> bool:
    """Whether lag with the screen is above the limit, and more than twice that without by more than runs differ."""
    spread_ms = max(max(runs) - min(runs) for runs in (screen.off_runs_p99_ms, screen.on_runs_p99_ms))
    added_ms = screen.on_ms.p99 - screen.off_ms.p99
    return screen.on_ms.p99 > LAG_NS / 1e6 and added_ms > max(spread_ms, screen.off_ms.p99)


def terminal_checks(terminal: Terminal) -> Iterator[Check]:
    """What the console can look like."""
    term = printable(terminal.term, 40) or "TERM is not set"
    if terminal.interactive:
        yield Check("terminal", "terminal", term)
    else:
        yield Check(
            "terminal", "terminal", "none here", "careful", "the console needs one; --headless, --json do not"
        )
    if terminal.columns is not None and terminal.rows is not None:
        size = f"{terminal.columns} × {terminal.rows}"
        if terminal.columns >= _COMFORTABLE[0] and terminal.rows >= _COMFORTABLE[1]:
            yield Check("terminal", "size", size)
        else:
            yield Check("terminal", "size", size, "careful", "panels are left out below 80 × 24")
    colours = _COLOURS.get(terminal.colours, terminal.colours)
    if terminal.no_color:
        yield Check("terminal", "colours", colours, "ok", "NO_COLOR is set: none are used; signs tell backends apart")
    elif terminal.colours in {"truecolor", "256"}:
        yield Check("terminal", "colours", colours)
    else:
        remark = f"TERM={term}, COLORTERM={printable(terminal.colorterm, 20) or 'not set'}; signs tell backends apart"
        yield Check("terminal", "colours", colours, "careful", remark)
    grade: Grade = "careful" if terminal.tier == "ascii" else "ok"
    yield Check("terminal", "glyphs", terminal.tier, grade, printable(terminal.tier_reason, 80))
    wrong = [f"{name} {cells}" for name, cells in terminal.cells.items() if cells != 1]
    if wrong:
        remark = "pictures will be ragged: set INFERTOP_GLYPHS=ascii"
        yield Check("terminal", "cells a glyph", ", ".join(wrong), "careful", remark)
    elif terminal.cells:
        yield Check("terminal", "cells a glyph", "1 each", "ok", f"asked for {', '.join(terminal.cells)}")


def key_checks(keys: Sequence[Key]) -> Iterator[Check]:
    """Which provider keys are set; names only."""
    for key in keys:
        yield Check("keys", key.variable, "set", "ok", key.example)
    if not keys:
        yield Check("keys", "provider keys", "none set", "ok", "only needed for hosted providers")


def server_checks(servers: Sequence[Server]) -> Iterator[Check]:
    """Which local servers answer."""
    for server in servers:
        models = printable(", ".join(server.models), 60)
        yield Check("servers", server.url, f"answers ({server.usual}'s usual port)", "ok", models)
    if not servers:
        yield Check("servers", "local servers", "none answers", "ok", "infertop then shows the simulated fleet")
