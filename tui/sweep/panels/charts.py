"""Three charts of all backends: throughput over load, latency over throughput, one user's speed against the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ...draw.curves import Dot, Trace, plot
from ...draw.glyphs import marker
from ...draw.rows import Row, Span, fit, fit_row, fit_rows, series
from ...draw.scale import Scale, heights, labels, scale_for
from ...panels.figures import heading
from ..board import Figure, Run, Stop, SweepBoard
from ..view import SweepView
from . import words

_GUTTER: Final = 8
"""Cells left of a plot: 7 of a label, and the axis."""

_CUT: Final = "×"
_LOADS: Final = {"concurrency": "requests in flight", "rate": "requests a second"}

Read = Callable[[Stop], Figure | None]


@dataclass(frozen=True, slots=True)
class _Axis:
    """A figure of a point, and how it is written beside the axis."""

    title: str
    read: Read
    words: Callable[[float], str]
    logarithmic: bool = True
    doubling: bool = False
    limit: float | None = None


def draw_throughput(board: SweepBoard, view: SweepView, width: int, rows: int) -> list[Row]:
    """Output tokens a second over the load."""
    load = _Axis(board.unit, lambda stop: Figure(stop.level), words.level, doubling=board.axis == "concurrency")
    speed = _Axis("tok/s", lambda stop: stop.tok_s, words.level, logarithmic=not view.even)
    scale = "even" if view.even else "log"
    return _draw(board, view, load, speed, f"throughput  tok/s ({scale}) over {_LOADS[board.axis]}", width, rows)


def draw_latency(board: SweepBoard, view: SweepView, width: int, rows: int) -> list[Row]:
    """The latency that the target is for, over output tokens a second, and the target as a line across."""
    speed = _Axis("tok/s", lambda stop: stop.tok_s, words.level)
    wait = _Axis(board.latency, lambda stop: stop.latency_ms, _milliseconds, limit=board.limit_ms)
    limit = "" if board.limit_ms is None else f", target ┄ {_milliseconds(board.limit_ms)}"
    return _draw(board, view, speed, wait, f"latency  {board.latency} over tok/s{limit}", width, rows)


def draw_pareto(board: SweepBoard, view: SweepView, width: int, rows: int) -> list[Row]:
    """What a user gets against what the owner gets; levels that another of that backend beats at both are small."""
    user = _Axis("tok/s/user", lambda stop: stop.per_user, words.level)
    rival = {
        "tok/s/chip": _Axis("tok/s/chip", lambda stop: stop.per_chip, words.level),
        "$/M": _Axis("$/M", lambda stop: stop.usd_per_m, lambda value: f"${value:,g}"),
        "J/tok": _Axis("J/tok", lambda stop: stop.j_per_token, lambda value: f"{value:g}"),
    }[view.rival]
    more = view.rival == "tok/s/chip"
    title = f"pareto  {view.rival} {'↑' if more else '↓'} over tok/s/user →, · beaten by another level"
    beaten = _beaten(board.runs, user.read, rival.read, 1 if more else -1)
    return _draw(board, view, user, rival, title, width, rows, beaten)


def _draw(
    board: SweepBoard,
    view: SweepView,
    x: _Axis,
    y: _Axis,
    title: str,
    width: int,
    rows: int,
    small: frozenset[tuple[int, float]] = frozenset(),
) -> list[Row]:
    """A chart in exactly `rows` rows; `small` points, (series, level), are mere dots that no line goes through."""
    made = [fit_row(heading(title.partition("  ")[0], title.partition("  ")[2], width), width)]
    runs = [run for run in board.runs if not view.alone or run.series == view.focus]
    known = [(stop, across, up) for run in runs for stop, across, up in _known(run, x, y)]
    across = scale_for((each.value for _, each, _ in known), logarithmic=x.logarithmic, doubling=x.doubling)
    up = scale_for([each.value for _, _, each in known] + [y.limit or 0.0] * bool(known), logarithmic=y.logarithmic)
    plot_width, plot_rows = width - _GUTTER, rows - 2
    if across is None or up is None or plot_width < 8 or plot_rows < 2:
        measured = any(run.stops for run in runs)
        said = f"no point has both {y.title} and {x.title}" if measured else "nothing was measured yet"
        return fit_rows([*made, fit_row((Span(f" {said}", "dim"),), width)], rows)
    runs.sort(key=lambda run: run.series == view.focus)
    traces = [_trace(run, view, x, y, across, up, small) for run in runs]
    limit = None if y.limit is None else up.share(y.limit)
    shown = plot(traces, plot_width, plot_rows, view.tier, limit)
    beside = heights(up, plot_rows, y.words)
    for row, cells in enumerate(shown):
        gutter = Span(fit(beside.get(row, ""), _GUTTER - 1, "right"), "dim")
        made.append((gutter, Span("│", "line"), *cells))
    made.append(fit_row((Span(" " * _GUTTER), Span(labels(across, plot_width, x.words), "dim")), width))
    return fit_rows(made, rows)


def _known(run: Run, x: _Axis, y: _Axis) -> list[tuple[Stop, Figure, Figure]]:
    """The points that have both figures."""
    made = []
    for stop in run.stops:
        across, up = x.read(stop), y.read(stop)
        if across is not None and up is not None and across.value > 0 and up.value > 0:
            made.append((stop, across, up))
    return made


def _trace(
    run: Run, view: SweepView, x: _Axis, y: _Axis, across: Scale, up: Scale, small: frozenset[tuple[int, float]]
) -> Trace:
    dots = []
    for stop, right, height in _known(run, x, y):
        beaten = (run.series, stop.level) in small
        weak = right.weak or height.weak
        dots.append(
            Dot(
                across.share(right.value),
                up.share(height.value),
                "·" if beaten else _CUT if stop.cut else marker(run.series),
                "weak" if weak else series(run.series, strong=not beaten),
                stop.mark if run.series == view.focus else "",
                doubt=weak,
                apart=beaten,
            )
        )
    return Trace(dots, series(run.series))


def _beaten(runs: Sequence[Run], one: Read, other: Read, sense: int) -> frozenset[tuple[int, float]]:
    """(series, level) of the points that another level of the same backend beats at both figures.

    More of `other` is better where `sense` is 1, less where it is -1.
    """
    beaten = set()
    for run in runs:
        points = [
            (stop.level, a.value, sense * b.value)
            for stop in run.stops
            if (a := one(stop)) is not None and (b := other(stop)) is not None
        ]
        for level, a_value, b_value in points:
            if any(a2 >= a_value and b2 >= b_value and (a2, b2) != (a_value, b_value) for _, a2, b2 in points):
                beaten.add((run.series, level))
    return frozenset(beaten)


def _milliseconds(value: float) -> str:
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"
