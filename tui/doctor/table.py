"""The report for people: aligned text, a word of judgement on every line, and no control code without colour."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from ...engine.selftest.report import Finding, Grade
from ...sessions.figures import number
from .report import Check, Report

_COLOURS: Final[dict[Grade, str]] = {"ok": "32", "careful": "33", "cannot": "31"}
_AREAS: Final = {
    "machine": "this machine",
    "screen": "the screen beside the engine",
    "terminal": "this terminal",
    "keys": "keys in the environment (names only)",
    "servers": "servers on this machine",
}
_TITLES: Final = ("streams", "tok/s", "TTFT p50", "p99", "max", "gap p50", "p99", "miscounted", "lag p99", "CPU")
_LEGEND: Final = (
    "Against a server that knows when it wrote each token. TTFT and gap: |reported − true| in ms. "
    "Miscounted: tokens lost or counted twice. Lag: of the engine's event loop, in ms."
)
_VERDICT_WIDTH: Final = max(map(len, _COLOURS))


def render(report: Report, width: int, *, colour: bool = False) -> str:
    """`report` in lines of at most `width` where words allow, with a final line end."""
    painter = _Painter(colour=colour)
    sections: list[Iterable[str]] = [_client(report, width, painter)]
    for area, title in _AREAS.items():
        checks = [check for check in report.checks if check.area == area]
        sections.append([painter.bold(title), *_checks(checks, width, painter)])
    return "\n".join("".join(f"{line.rstrip()}\n" for line in section) for section in sections)


class _Painter:
    """Emphasis, or none."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def bold(self, text: str) -> str:
        return self._paint(text, "1")

    def dim(self, text: str) -> str:
        return self._paint(text, "2")

    def grade(self, grade: Grade) -> str:
        return self._paint(grade, _COLOURS[grade])

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colour else text


def _client(report: Report, width: int, painter: _Painter) -> Iterator[str]:
    yield painter.bold("how exactly the engine measures")
    yield from _wrapped(_LEGEND, width, "")
    rows = [_row(finding) for finding in report.loads]
    widths = [max(map(cell_len, column)) for column in zip(_TITLES, *rows, strict=True)]
    yield painter.dim(_aligned(_TITLES, widths))
    for row, finding in zip(rows, report.loads, strict=True):
        yield f"{_aligned(row, widths)}  {painter.grade(finding.grade)}"
        for reason in finding.reasons:
            yield from _wrapped(reason, width, "    ")
    for streams in report.untried_streams:
        yield f"{streams:,} streams were not tried: the limit on open files does not allow them"
    yield ""
    for sentence in report.summary:
        yield from _wrapped(sentence, width, "")


def _row(finding: Finding) -> tuple[str, ...]:
    ttft, gap = finding.accuracy.ttft_error_ms, finding.accuracy.gap_error_ms
    is_paced = bool(finding.load.gap_ms)
    errors = [number(each) if is_paced else "–" for each in (ttft.p50, ttft.p99, ttft.max, gap.p50, gap.p99)]
    return (
        f"{finding.load.streams:,}" if is_paced else f"burst {finding.load.streams:,}",
        f"{finding.counted_tok_s:,.0f}",
        *errors,
        f"{finding.accuracy.lost + finding.accuracy.doubled:,}",
        number(finding.loop_lag_ms.p99),
        f"{finding.cpu_share:.0%}",
    )


def _aligned(cells: Iterable[str], widths: Sequence[int]) -> str:
    return "  ".join(" " * (width - cell_len(cell)) + cell for cell, width in zip(cells, widths, strict=True))


def _checks(checks: Sequence[Check], width: int, painter: _Painter) -> Iterator[str]:
    names = max((cell_len(check.name) for check in checks), default=0)
    for check in checks:
        name = check.name + " " * (names - cell_len(check.name))
        said = f"{check.found}: {check.remark}" if check.remark else check.found
        indent = " " * (_VERDICT_WIDTH + names + 4)
        first, *others = _wrapped(said, width, indent)
        judged = painter.grade(check.grade) + " " * (_VERDICT_WIDTH - len(check.grade))
        yield f"{judged}  {name}  {first.strip()}"
        yield from others


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    room = max(width, len(indent) + 30)
    return textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
