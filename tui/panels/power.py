"""Power: what each backend draws, the energy of a token, an answer and a batch, and who says so."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ...backends.printable import printable
from ...engine.energy import j_per_batch, j_per_output_token, j_per_request, mean_watts
from ...engine.frame import BackendFrame, PowerFrame
from ..board import Board, Card
from ..draw.rows import Row, Span, fit, fit_row, fit_rows, row_width
from ..draw.units import joules
from ..view import View
from . import figures

_WIDTH: Final = 9
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
    """A rule, a heading and as many backends as fit, those around the focus first."""
    name = min(max((row_width(figures.name(card)) for card in board.cards), default=0), max(width // 3, 12))
    room = (width - name - 2 - _SOURCE) // _WIDTH
    shown = [column for key, column in _COLUMNS.items() if key in _BY_IMPORTANCE[: max(room, 1)]]
    heading = " " * (name + 2) + "".join(fit(f"{column.title} ", _WIDTH, "right") for column in shown)
    made: list[Row] = [
        fit_row(figures.rule((Span("power", "title"), Span(" net is without idle power", "dim")), (), width), width),
        fit_row((Span(f"{heading} from", "dim"),), width),
    ]
    made += [
        fit_row((Span(" "), *figures.name(card, name), Span(" "), *_cells(card, shown)), width)
        for card in figures.around_focus(board.cards, view.focus, rows - len(made))
    ]
    return fit_rows(made, rows)


def _cells(card: Card, shown: list[_Column]) -> Row:
    totals = card.window.totals
    if totals.power is None:
        return (Span(" not known", "weak"),)
    role = "strong" if totals.power.measured else "dim"
    cells = [Span(fit(f"{joules(column.value(totals))} ", _WIDTH, "right"), role) for column in shown]
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
