"""Power: what each backend draws, the energy of a token, an answer and a batch, and who says so."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ...backends.printable import printable
from ...engine.energy import j_per_batch, j_per_output_token, j_per_request, mean_watts
from ...engine.frame import BackendFrame, PowerFrame
from ..board import Board, Card
from ..draw.rows import Row, Span, fit
from ..draw.units import joules
from ..view import View
from .columns import COLUMN_WIDTH, draw_columns

_SOURCE: Final = 12
"""Least room for where the figures come from."""


class _Column(NamedTuple):
    title: str
    value: Callable[[BackendFrame], float | None]


_COLUMNS: Final = {
    "now": _Column("W now", lambda totals: totals.power.watts if totals.power else None),
    "mean": _Column("W mean", mean_watts),
    "token": _Column("J/tok", j_per_output_token),
    "net": _Column("net", lambda totals: j_per_output_token(totals, net=True)),
    "answer": _Column("J/answer", j_per_request),
    "batch": _Column("J/batch", j_per_batch),
}
_BY_IMPORTANCE: Final = ("token", "now", "answer", "net", "mean", "batch")


def draw_power(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """See `columns.draw_columns`."""
    return draw_columns(
        board,
        view,
        width,
        rows,
        title=(Span("power", "title"), Span(" net is without idle power", "dim")),
        columns=_COLUMNS,
        by_importance=_BY_IMPORTANCE,
        least_source=_SOURCE,
        cells=_cells,
    )


def _cells(card: Card, shown: list[_Column]) -> Row:
    totals = card.window.totals
    if totals.power is None:
        return (Span(" not known", "weak"),)
    role = "strong" if totals.power.measured else "dim"
    cells = [Span(fit(f"{joules(column.value(totals))} ", COLUMN_WIDTH, "right"), role) for column in shown]
    return (*cells, Span(" "), *_source(totals.power))


def _source(power: PowerFrame) -> Row:
    """Who says so, what is wrong, and how far it is to be believed."""
    notes = (
        power.error,
        "" if power.measured or power.source == "modelled" else "modelled",
        "whole machine" if power.host_level else "",
        power.detail,
    )
    badge = Span(printable(power.source, 12), "live" if power.measured else "sim")
    text = " · ".join(printable(note) for note in notes if note)
    return (badge, Span(f" {text}" if text else "", "warn" if power.error else "dim"))
