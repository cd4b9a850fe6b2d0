"""What the doctor found, as the document that `--json` prints (docs/doctor.md)."""

from typing import Final

import msgspec

from ... import __version__
from ...engine.selftest.report import Finding, Grade, Spread

SCHEMA: Final = "infertop.doctor/1"


class Check(msgspec.Struct, frozen=True):
    """One line of the report.

    Attributes:
        area: "machine", "screen", "terminal", "keys" or "servers".
        name: what was looked at.
        found: what is there.
        grade: what that means for infertop.
        remark: why, or what to do; "" where there is nothing to add.
    """

    area: str
    name: str
    found: str
    grade: Grade = "ok"
    remark: str = ""


class Measurable(msgspec.Struct, frozen=True, kw_only=True):
    """The highest load whose figures can be believed as they are; `grade` "careful" where there is none such."""

    grade: Grade
    streams: int
    tok_s: float
    ttft_error_p99_ms: float
    gap_error_p99_ms: float
    lag_p99_ms: float


class ScreenEffect(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's loop lag with and without the console drawing beside it, in turns.

    Attributes:
        streams: the load, at `tok_s` tokens a second.
        off_ms, on_ms: all runs of a kind together.
        off_runs_p99_ms, on_runs_p99_ms: of each run, in the order they were made.
        drawn_bytes: what the console wrote to its terminal.
    """

    streams: int
    tok_s: float
    off_ms: Spread
    on_ms: Spread
    off_runs_p99_ms: tuple[float, ...]
    on_runs_p99_ms: tuple[float, ...]
    drawn_bytes: int


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """The terminal that standard output goes to, or what the environment says of it.

    Attributes:
        interactive: standard input, output and error are a terminal, as the console needs.
        columns, rows: None where output is no terminal.
        colours: "truecolor", "256", "standard" (16) or "none".
        tier: glyphs that infertop chooses, `tier_reason` why.
        cells: how many cells the terminal gave a character of each kind, where it could be asked.
    """

    interactive: bool
    columns: int | None
    rows: int | None
    term: str
    colorterm: str
    no_color: bool
    encoding: str
    colours: str
    tier: str
    tier_reason: str
    cells: dict[str, int]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What infertop runs on.

    Attributes:
        uvloop: its version, "" without it.
        cores: that this process may use.
        open_files, open_files_hard: the limit on descriptors, and what it may be raised to; -1 for none.
    """

    python: str
    platform: str
    uvloop: str
    cores: int
    open_files: int
    open_files_hard: int


class Key(msgspec.Struct, frozen=True):
    """A provider whose key variable is set. Its value is never looked at."""

    provider: str
    variable: str
    example: str


class Server(msgspec.Struct, frozen=True):
    """A local server that answers; `usual` is the software that customarily uses its port."""

    url: str
    usual: str
    models: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, and the verdict on it.

    Attributes:
        grade: of the client alone: "cannot" only if not even the lowest load could be measured.
        summary: the same in words.
        untried_streams: loads that the limit on open files forbids.
        screen: None where the console could not be drawn; `screen_trouble` says why.
        checks: everything but the loads, judged.
    """

    schema: str = SCHEMA
    infertop: str = __version__
    quick: bool
    grade: Grade
    summary: tuple[str, ...]
    measurable: Measurable | None
    loads: tuple[Finding, ...]
    untried_streams: tuple[int, ...]
    screen: ScreenEffect | None
    screen_trouble: str
    machine: Machine
    terminal: Terminal
    keys: tuple[Key, ...]
    servers: tuple[Server, ...]
    checks: tuple[Check, ...] = ()


def to_json(report: Report) -> bytes:
    """`report` as one line-broken JSON document."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
