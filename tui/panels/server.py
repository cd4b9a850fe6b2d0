"""The servers' own view: batch, queue, memory of keys and values, prefix cache, where their metrics say."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ...backends.printable import printable
from ...engine.energy import mean_running, prefix_hit_share
from ...engine.frame import ServerFrame
from ..board import Board, Card
from ..draw.rows import Row, Span, fit
from ..draw.units import NOTHING, count, duration, percent, rate
from ..view import View
from .columns import COLUMN_WIDTH, draw_columns

_SOURCE: Final = 10
_OLD_NS: Final = 2_500_000_000
"""Above this age the page's is told."""


class _Column(NamedTuple):
    title: str
    text: Callable[[ServerFrame], str]


def _counted(value: float | None) -> str:
    return NOTHING if value is None else count(value)


_COLUMNS: Final = {
    "running": _Column("running", lambda server: _counted(server.running)),
    "mean": _Column("mean", lambda server: rate(mean_running(server))),
    "waiting": _Column("waiting", lambda server: _counted(server.waiting)),
    "kv": _Column("KV use", lambda server: percent(server.kv_cache_share)),
    "prefix": _Column("prefix", lambda server: percent(prefix_hit_share(server))),
    "preemptions": _Column("preempt", lambda server: _counted(server.preemptions)),
}
_BY_IMPORTANCE: Final = ("running", "waiting", "kv", "prefix", "preemptions", "mean")


def draw_server(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """See `columns.draw_columns`."""
    return draw_columns(
        board,
        view,
        width,
        rows,
        title=(Span("server", "title"), Span(" as their metrics say", "dim")),
        columns=_COLUMNS,
        by_importance=_BY_IMPORTANCE,
        least_source=_SOURCE,
        cells=_cells,
    )


def _cells(card: Card, shown: list[_Column]) -> Row:
    server = card.window.totals.server
    if server is None:
        return (Span(" nobody asks it", "weak"),)
    if not server.source:
        return (Span(f" n/a  {printable(server.error)}", "dim"),)
    cells = [Span(fit(f"{column.text(server).strip()} ", COLUMN_WIDTH, "right"), "strong") for column in shown]
    if server.error:
        return (*cells, Span(f" {printable(server.error)}", "warn"))
    age = f", {duration(server.age_ns).strip()} ago" if server.age_ns is not None and server.age_ns > _OLD_NS else ""
    return (*cells, Span(f" {printable(server.source, 40)}{age}", "dim"))
