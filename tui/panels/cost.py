"""Cost: what each backend takes for a million output tokens, now and over time, on what basis, and the budget."""

from math import log
from typing import Final

import numpy as np
from msgspec.structs import replace
from rich.cells import cell_len

from ...backends.printable import printable
from ...engine.cost import ApiPrice, OwnedPrice, RentedPrice
from ...sessions.money import price
from ..board import Board, Card
from ..costcurves import CostCurves
from ..draw.glyphs import marker
from ..draw.lines import Line, plot
from ..draw.rows import BLANK, Row, Span, fit, fit_row, fit_rows, row_width, series
from ..draw.units import usd
from ..view import View
from . import figures

_AMOUNT: Final = 8
_LABELS: Final = 8
_LEAST_PLOT: Final = (24, 4)
"""Least columns and rows of the curves, without their axis of time."""

_KINDS: Final = {ApiPrice: "API", RentedPrice: "rented", OwnedPrice: "owned"}

_BESIDE: Final = 110
"""From this width on the curves stand beside the figures instead of under them."""


def draw_cost(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """The panel in exactly `rows` rows: a rule with the budget, a row of figures per backend, the curves."""
    made = [_rule(board, width)]
    room = rows - 1
    if width >= _BESIDE and room > _LEAST_PLOT[1] and board.costs:
        left = min(max(width * 52 // 100, 60), 84)
        figures_rows = fit_rows(_figures(board, view, left - 2, room), room)
        curves = _curves(board, board.costs, view, width - left, room)
        made += [(*fit_row(row, left), *curve) for row, curve in zip(figures_rows, curves, strict=True)]
        return fit_rows([fit_row(row, width) for row in made], rows)
    count = len(board.cards) + 1
    curve_rows = room - count
    if board.costs is None or curve_rows <= _LEAST_PLOT[1]:
        curve_rows = 0
    made += _figures(board, view, width, room - curve_rows)
    if curve_rows and board.costs:
        made += _curves(board, board.costs, view, width, curve_rows)
    return fit_rows([fit_row(row, width) for row in made], rows)


def _rule(board: Board, width: int) -> Row:
    header = board.header
    right: Row = BLANK
    if header.spent_usd is not None:
        right = (Span("spent ", "dim"), Span(usd(header.spent_usd).strip(), "strong"))
        if header.budget_usd:
            share = header.spent_usd / header.budget_usd
            role = "bad" if share >= 1 else "warn" if share > 0.8 else "good"
            cells = 20 if width >= 70 else 8
            right = (*right, Span(f" of {usd(header.budget_usd).strip()} ", "dim"))
            filled = min(round(share * cells), cells)
            right = (*right, Span("█" * filled, role), Span("░" * (cells - filled), "line"), Span(f" {share:.0%}"))
        if header.simulated_money:
            right = (*right, Span(" SIM", "sim"))
    words = " $ per million output tokens"
    left: Row = (Span("cost", "title"), Span(words if len(words) + row_width(right) + 12 <= width else " $/M", "dim"))
    return figures.rule(left, right, width)


def _figures(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """A heading and as many backends as fit, those around the focus first."""
    longest = max((row_width(figures.name(card)) for card in board.cards), default=0) + 1
    name = min(longest, max(width - 2 * _AMOUNT - 12, 12))
    cards = figures.around_focus(board.cards, view.focus, rows - 1)
    heads = fit("$/M", _AMOUNT - 1, "right") + fit("spent", _AMOUNT, "right") + "  basis"
    heading = fit(f" {figures.part(cards, board.cards)}", name + 1) + heads
    made: list[Row] = [fit_row((Span(heading, "dim"),), width)]
    for card in cards:
        amounts: Row = (Span(f"{figures.usd_per_m(card)} ", "strong"), Span(f"{usd(card.spent_usd)}  "))
        basis = Span(_basis(card, width - name - 2 * _AMOUNT - 3), "dim" if card.priced else "weak")
        if not card.priced:
            amounts = (Span(fit("–", _AMOUNT - 2, "right") + "  ", "weak"), Span(" " * _AMOUNT))
        made.append(fit_row((Span(" "), *figures.name(card, name - 1), Span(" "), *amounts, basis), width))
    return made


def _basis(card: Card, room: int) -> str:
    """The price with its source and date, without its source, bare, or its kind: as much as `room` cells hold."""
    now = card.window.now
    of = now.price
    if of is None:
        return "no price is known" if room >= 17 else "unknown"
    bare = price(replace(of, source="", as_of=""), old=False)
    doubt = "" if not now.price_old else ", old" if of.as_of else ", undated"
    said = [price(of, old=now.price_old), price(replace(of, source=""), old=now.price_old), bare + doubt, bare]
    return next((words for words in map(printable, said) if cell_len(words) <= room), _KINDS[type(of)])


def _curves(board: Board, costs: CostCurves, view: View, width: int, rows: int) -> list[Row]:
    """Lines on a logarithmic axis, the one in focus on top, and the axis of time."""
    columns, tall = width - _LABELS - 1, rows - 1
    extent = log(costs.high_usd / costs.low_usd)
    order = sorted((card.series for card in board.cards), key=lambda at: at == view.focus)
    lines = [Line(np.log(costs.usd_per_m[at] / costs.low_usd) / extent, series(at), marker(at)) for at in order]
    drawn = plot(lines, columns, tall, view.tier)
    labels = [""] * tall
    ticks = costs.ticks()
    for tick in (ticks[0], ticks[-1], *ticks[1:-1]):
        at = round((1 - log(tick / costs.low_usd) / extent) * (tall - 1))
        if not any(labels[max(at - 1, 0) : at + 2]):
            labels[at] = usd(tick).strip()
    made: list[Row] = [
        (Span(fit(label, _LABELS - 1, "right") + " ", "dim"), *row) for label, row in zip(labels, drawn, strict=True)
    ]
    return [*made, (Span(" " * _LABELS), *figures.time_axis(board, view, costs.end_s, costs.span_s, columns))]
