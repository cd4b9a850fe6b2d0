"""One row per backend: who it is, and what was found: the best load within the targets, or the knee."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from ...draw.rows import Row, Span, fit, fit_row, fit_rows, series
from ..board import Run, Stop, SweepBoard
from ..view import SweepView
from . import words

_NAME: Final = 18
_LEAST_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class _Column:
    """A column; its cell takes `width` cells, and one blank follows."""

    title: str
    width: int
    cell: Callable[[Run, Stop], Span]


def draw_legend(board: SweepBoard, view: SweepView, width: int, rows: int) -> list[Row]:
    """A heading and as many backends as `rows` hold, those around the selected one first."""
    runs = ordered(board, view)
    badge = max((len(run.label) for run in runs), default=4) + 1
    longest = max((cell_len(run.name) for run in runs), default=0) + 3
    name_width = min(longest, _NAME if width < 100 else longest)
    room = width - 1 - name_width - 1 - badge
    columns = _chosen(board, room - (40 if width >= 100 else 22 if width >= 70 else 0))  # leaving room for words
    taken = sum(column.width + 1 for column in columns)
    heading = [Span(" " * (2 + name_width + badge))]
    heading += [Span(fit(column.title, column.width, "right") + " ", "dim") for column in columns]
    made = [fit_row(tuple(heading), width)]
    for run in _around(runs, view.focus, rows - 1):
        row = [
            Span("▸" if run.series == view.focus else " ", "focus"),
            *words.name(run, name_width),
            Span(" "),
            Span(fit(run.label, badge), run.label.lower()),
        ]
        if run.pick is not None:
            for column in columns:
                row += [column.cell(run, run.pick), Span(" ")]
        cells = room - taken if run.pick is not None else room
        if cells >= _LEAST_WORDS:
            row.append(Span(fit(f" {_said(run, board)}", cells), "bad" if run.failed else "dim"))
        made.append(fit_row(tuple(row), width))
    return fit_rows(made, rows)


def draw_short_legend(board: SweepBoard, view: SweepView, width: int) -> Row:
    """Markers and names on one row, the selected one first."""
    runs = sorted(ordered(board, view), key=lambda run: run.series != view.focus)
    row: list[Span] = [Span(" ")]
    for run in runs:
        row += [*words.name(run), Span(" "), words.label(run), Span("  ")]
    return fit_row(tuple(row), width)


def ordered(board: SweepBoard, view: SweepView) -> list[Run]:
    """The backends in the order asked for; those without the figure last."""

    def figure(run: Run) -> float:
        found = run.pick
        if found is None:
            return float("inf")
        wanted = {"best": found.tok_s, "latency": found.latency_ms, "$/M": found.usd_per_m}[view.sort]
        if wanted is None:
            return float("inf")
        return -wanted.value if view.sort == "best" else wanted.value

    if view.sort == "profile":
        return list(board.runs)
    if view.sort == "name":
        return sorted(board.runs, key=lambda run: run.name.casefold())
    return sorted(board.runs, key=figure)


def _around(runs: list[Run], focus: int, rows: int) -> list[Run]:
    at = next((at for at, run in enumerate(runs) if run.series == focus), 0)
    first = min(max(at - rows // 2, 0), max(len(runs) - rows, 0))
    return runs[first : first + max(rows, 0)]


def _chosen(board: SweepBoard, room: int) -> list[_Column]:
    """The columns that fit, in reading order."""
    by_importance = [
        _Column("tok/s", 7, lambda run, stop: words.per_s(stop.tok_s, series(run.series, strong=True))),
        _Column("best" if board.targets else "knee", 7, lambda _, stop: _level(stop.level)),
        _Column(board.latency, max(8, len(board.latency)), _latency(max(8, len(board.latency)))),
        _Column("$/M", 7, lambda _, stop: words.money(stop.usd_per_m)),
        _Column("interval", 13, lambda _, stop: Span(f"{words.interval(stop.tok_s):>13}", "dim")),
    ]
    if board.targets:
        by_importance.insert(4, _Column("knee", 7, lambda run, _: _level(run.knee)))
        by_importance.append(_Column("between", 11, lambda run, _: Span(fit(run.bracket, 11, "right"), "dim")))
    by_importance += [
        _Column("/user", 7, lambda _, stop: words.per_s(stop.per_user, "")),
        _Column("/chip", 7, lambda _, stop: words.per_s(stop.per_chip, "")),
    ]
    chosen = []
    for column in by_importance:
        if column.width + 1 > room:
            break
        chosen.append(column)
        room -= column.width + 1
    order = ("knee", "best", "between", "tok/s", "interval", "/user", "/chip", board.latency, "$/M")
    return sorted(chosen, key=lambda column: order.index(column.title))


def _latency(width: int) -> Callable[[Run, Stop], Span]:
    def cell(_: Run, stop: Stop) -> Span:
        span = words.latency(stop.latency_ms)
        return Span(f"{span.text:>{width}}", span.role)

    return cell


def _level(value: float | None) -> Span:
    return Span(f"{'–' if value is None else words.level(value):>7}", "dim" if value is None else "")


def _said(run: Run, board: SweepBoard) -> str:
    """What it is doing, or why it is finished."""
    if run.now is not None:
        return f"measuring {words.level(run.now)} {board.unit}"
    knee = f"knee {words.level(run.knee)}: " if run.knee is not None and run.pick is None else ""
    if run.done:
        return f"{knee}{run.done}"
    return f"{knee}waiting" if board.state == "running" else ""
