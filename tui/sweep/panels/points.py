"""The points of the selected backend, a row each, the knee and the best within the targets marked."""

from collections.abc import Callable
from dataclasses import dataclass

from ...draw.glyphs import marker
from ...draw.rows import Row, Span, fit, fit_row, fit_rows
from ...panels.figures import heading
from ..board import Run, Stop, SweepBoard
from ..view import SweepView
from . import words


@dataclass(frozen=True, slots=True)
class _Column:
    """A column; its cell takes `width` cells, and one blank follows. Less wanted ones have a higher `rank`."""

    title: str
    width: int
    rank: int
    cell: Callable[[Stop], Span]


def draw_points(board: SweepBoard, view: SweepView, width: int, rows: int) -> list[Row]:
    """Exactly `rows` rows; more points than fit can be scrolled to."""
    run = next((run for run in board.runs if run.series == view.focus), None)
    if run is None:
        return fit_rows([fit_row((Span(" no backend", "dim"),), width)], rows)
    power = f"  J/tok {run.power}" if run.power else ""
    made = [fit_row(heading("points", f"{marker(run.series)} {run.name}  {run.label}{power}", width), width)]
    columns = _chosen(board, width - 1)
    titles = tuple(Span(fit(column.title, column.width, "right") + " ", "dim") for column in columns)
    made.append(fit_row((Span(" "), *titles), width))
    if not run.stops:
        made.append(fit_row((Span(f" {run.done or 'nothing measured yet'}", "dim"),), width))
    room = rows - len(made)
    most = overflow(run, rows)
    start = min(max(_first(run, room) + view.scroll, 0), most)
    for stop in run.stops[start : start + room]:
        cells = [span for column in columns for span in (column.cell(stop), Span(" "))]
        made.append(fit_row((Span(" "), *cells, *_remark(stop)), width))
    if start < most:
        made[-1] = fit_row((Span(f" ↓ {len(run.stops) - start - room + 1} more levels (pgdn)", "dim"),), width)
    return fit_rows(made, rows)


def overflow(run: Run, rows: int) -> int:
    """Levels that have no room in a table of `rows`."""
    return max(len(run.stops) - max(rows - 2, 1), 0)


def _first(run: Run, room: int) -> int:
    """The row to begin with so that what was picked is seen."""
    at = next((at for at, stop in enumerate(run.stops) if stop is run.pick), 0)
    return max(at - max(room - 3, 0), 0)


def _chosen(board: SweepBoard, room: int) -> list[_Column]:
    latency = max(8, len(board.latency))
    quantile = board.latency.partition(" ")[0]
    tpot = f"{quantile} TPOT"
    columns = [
        _Column(board.unit, max(9, len(board.unit)), 0, _level(max(9, len(board.unit)))),
        _Column("mark", 9, 3, lambda stop: Span(f"{stop.mark:>9}", "mark")),
        _Column("answers", 7, 7, lambda stop: Span(f"{words.answers(stop).text:>7}", "dim")),
        _Column("req/s", 7, 8, lambda stop: words.per_s(stop.requests_per_s, "")),
        _Column("tok/s", 7, 1, lambda stop: words.per_s(stop.tok_s)),
        _Column("interval", 13, 11, lambda stop: Span(f"{words.interval(stop.tok_s):>13}", "dim")),
        _Column("/user", 7, 5, lambda stop: words.per_s(stop.per_user, "")),
        _Column("/chip", 7, 9, lambda stop: words.per_s(stop.per_chip, "")),
        _Column(board.latency, latency, 2, _padded(lambda stop: words.latency(stop.latency_ms), latency)),
        _Column(tpot, max(8, len(tpot)), 10, _padded(lambda stop: words.latency(stop.tpot_ms), max(8, len(tpot)))),
        _Column("good/s", 7, 12, lambda stop: words.per_s(stop.goodput, "")),
        _Column("$/M", 7, 4, lambda stop: words.money(stop.usd_per_m)),
        _Column("J/tok", 7, 13, lambda stop: words.energy(stop.j_per_token)),
        _Column("efficient", 9, 15, lambda stop: Span(f"{'yes' if stop.efficient else '':>9}")),
        _Column("errors", 6, 14, lambda stop: Span(f"{stop.failed:>6,}", "warn" if stop.failed else "dim")),
        _Column("target", 7, 6, words.holding),
    ]
    if not board.targets:
        columns = [column for column in columns if column.title not in ("target", "good/s")]
    chosen = []
    for column in sorted(columns, key=lambda column: column.rank):
        if column.width + 1 > room:
            break
        chosen.append(column)
        room -= column.width + 1
    return sorted(chosen, key=columns.index)


def _level(width: int) -> Callable[[Stop], Span]:
    return lambda stop: Span(f"{words.level(stop.level):>{width}}", "strong")


def _padded(cell: Callable[[Stop], Span], width: int) -> Callable[[Stop], Span]:
    def padded(stop: Stop) -> Span:
        span = cell(stop)
        return Span(f"{span.text:>{width}}", span.role)

    return padded


def _remark(stop: Stop) -> Row:
    return (Span(f" × {stop.cut}", "warn"),) if stop.cut else ()
