"""One card per backend in a grid."""

from collections.abc import Sequence
from itertools import pairwise

from ...backends.printable import printable
from ..board import Board, Card
from ..draw.clockaxis import MARK, column_of
from ..draw.digits import ROWS, big
from ..draw.glyphs import Tier
from ..draw.graph import area
from ..draw.rows import BLANK, Row, Span, fit, fit_row, fit_rows, join, row_width, series, spread, wrap
from ..draw.units import percent, rate, usd
from ..holding import paused
from ..metrics import TPOT, TTFT, Metric
from ..view import View
from . import figures
from .layout import Box, Form

_PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_LEAST_GRAPH = 1
"""Rows of the rolling rate that the line of energy must leave."""

_APART = 9
"""Least columns of a percentile that does not touch the one beside it."""


def draw_cards(board: Board, view: View, box: Box, form: Form, columns: int) -> list[tuple[Box, list[Row]]]:
    """The grid that fills `box`, `columns` cards side by side, each with its own place."""
    grid_rows = max(1, -(-len(board.cards) // columns))
    down = [box.rows * number // grid_rows for number in range(grid_rows + 1)]
    across = [box.width * number // columns for number in range(columns + 1)]
    made: list[tuple[Box, list[Row]]] = []
    for at, card in enumerate(board.cards):
        row, column = divmod(at, columns)
        width, rows = across[column + 1] - across[column], down[row + 1] - down[row]
        place = Box(box.x + across[column], box.y + down[row], width, rows)
        made.append((place, _card(board, card, view, width, rows, form)))
    return made


def _card(board: Board, card: Card, view: View, width: int, rows: int, form: Form) -> list[Row]:
    inner = width - 2
    body = {Form.BIG: _big, Form.FULL: _full}.get(form, _compact)(board, card, view, inner - 1, rows - 2)
    return framed(card, fit_rows(body, rows - 2), width, focused=card.series == view.focus)


def framed(card: Card, body: Sequence[Row], width: int, *, focused: bool) -> list[Row]:
    """`body` inside a border that names the backend; a heavy one when it is in focus."""
    top_left, across, top_right, side, low_left, low_right = "┏━┓┃┗┛" if focused else "╭─╮│╰╯"
    role = "focus" if focused else "line"
    badge = figures.label(card)
    room = max(width - 8 - len(badge.text), 4)
    title = figures.name(card)
    hardware = card.hardware.removeprefix(card.name).strip()
    what = " · ".join(part for part in (hardware, card.engine) if part and part not in card.name)
    if what and row_width(title) + 6 <= room:
        title = (*title, Span(f"  {what}", "dim"))
    title = fit_row(title, min(row_width(title), room))
    dashes = across * (width - 6 - row_width(title) - len(badge.text))
    top = (
        Span(f"{top_left} ", role),
        *title,
        Span(f" {dashes} ", role),
        badge,
        Span(f" {top_right}", role),
    )
    edge = Span(side, role)
    middle = [(edge, *fit_row((Span(" "), *row), width - 2), edge) for row in body]
    return [fit_row(top, width), *middle, (Span(low_left + across * (width - 2) + low_right, role),)]


def headline(card: Card) -> Row:
    """Tokens per second in one row, or in words why there are none."""
    if card.down:
        return (Span("DOWN", "bad"), Span(" nobody answers there", "dim"))
    if pause := paused(card.window.now):
        return (Span("PAUSED ", "warn"), Span(printable(pause, 60), "dim"))
    return (
        Span(figures.tok_s(card).strip(), series(card.series, strong=True)),
        Span(" tok/s mean" if card.mean else " tok/s", "dim"),
    )


def big_headline(card: Card, view: View, width: int) -> list[Row]:
    """Tokens per second three rows high where the terminal and the width allow."""
    drawn = big(rate(card.tok_s).strip())
    if card.down or paused(card.window.now) or view.tier is Tier.ASCII or len(drawn[0]) + 6 > width:
        return [BLANK, headline(card), BLANK]
    role = series(card.series, strong=True)
    unit = "tok/s" if len(drawn[0]) + 7 <= width else "t/s"
    sides = ("≈" if card.estimated else "", "mean" if card.mean else "", unit)
    return [(Span(line, role), Span(" "), Span(side, "dim")) for line, side in zip(drawn, sides, strict=True)]


def graph(board: Board, card: Card, view: View, width: int, rows: int) -> list[Row]:
    """The rolling rate from zero up to the card's own top, which is printed; of one that is down, its last error.

    A second wide is a column; a sign at the top says where load or workload were changed.
    """
    if card.down:
        return fit_rows(wrap((Span(card.last_error, "dim"),), width), rows)
    first, *others = area(card.rates, card.rate_top, width, rows, view.tier)
    top = f"{rate(card.rate_top).strip()} " if rows > 1 else ""
    role = series(card.series)
    places = [column_of(mark.at_ns / 1e9, board.header.at_ns // 1_000_000_000, 1, width) for mark in board.marks]
    marked = sorted({place for place in places if len(top) <= place < width}) if rows > 1 else []
    upper: list[Span] = [Span(top, "weak")]
    for start, end in pairwise([len(top), *(place + 1 for place in marked), width]):
        cut = end - 1 if end - 1 in marked else end
        upper += [Span(first[start:cut], role), *([Span(MARK, "focus")] if cut < end else [])]
    return [tuple(upper), *((Span(line, role),) for line in others)]


def _big(board: Board, card: Card, view: View, width: int, rows: int) -> list[Row]:
    foot = _foot(board, card, width, rows - ROWS - _LEAST_GRAPH)
    top = big_headline(card, view, width)
    return [*top, *graph(board, card, view, width - 1, max(rows - ROWS - len(foot), 1)), *foot]


def _full(board: Board, card: Card, view: View, width: int, rows: int) -> list[Row]:
    foot = _foot(board, card, width, rows - 1 - _LEAST_GRAPH)
    return [headline(card), *graph(board, card, view, width - 1, max(rows - 1 - len(foot), 1)), *foot]


def _foot(board: Board, card: Card, width: int, most: int) -> list[Row]:
    """The figures below the graph in at most `most` rows, if need be without that of energy."""
    count = 3 if width >= 31 else 2
    column = min((width - 6) // count, 11)
    term = 5
    if count == 3 and column < _APART:
        term, column = 4, _APART
    heads = (
        Span(" " * term),
        *(Span(fit(title, column - 3, "right") + "   ", "dim") for title, _ in _PERCENTILES[:count]),
    )
    latencies = [
        (
            Span(fit(metric.title, term), "dim"),
            *(figures.percentile(card, board.shown(metric), p, column) for _, p in _PERCENTILES[:count]),
        )
        for metric in (TTFT, TPOT)
    ]
    made = [heads, *latencies, _money(card, width), _flow(card, width)]
    if len(made) < most and any(each.window.now.power for each in board.cards):
        made.insert(-1, figures.j_per_token(card) or (Span("no power", "dim"),))
    return made


def _money(card: Card, width: int) -> Row:
    if not card.priced:
        return (Span("no price", "dim"),)
    left = (Span(figures.usd_per_m(card).strip(), "strong"), Span("/M out" if width >= 26 else "/M", "dim"))
    right = (Span("spent ", "dim"), Span(usd(card.spent_usd).strip()), Span(" "))
    return spread(left, right, width)


def _flow(card: Card, width: int) -> Row:
    left: Row = (Span(f"{card.in_flight:,}"), Span(" in flight", "dim"))
    if card.attainment is not None:
        met = (Span("SLO ", "dim"), Span(percent(card.attainment).strip(), "strong"))
        left = join((left, met), Span("  ")) if width >= 36 else met
    return spread(left, (*figures.failures(card, width - row_width(left) - 3), Span(" ")), width)


def _compact(board: Board, card: Card, view: View, width: int, rows: int) -> list[Row]:
    halted = card.down or bool(paused(card.window.now))
    start = fit_row(headline(card), width if halted else 14)
    plot = graph(board, card, view, width - 15, 1)[0] if not halted and width > 20 else BLANK
    money: Row = (Span("no price", "dim"),)
    if card.priced:
        money = (Span(figures.usd_per_m(card).strip(), "strong"), Span("/M out", "dim"))
    trouble = (*figures.failures(card, width - row_width(money) - 3), Span(" "))
    return [
        (*start, *plot),
        _pair(board, card, TTFT, width),
        _pair(board, card, TPOT, width),
        spread(money, trouble, width),
        *([_flow(card, width)] if rows > 4 else []),
    ]


def _pair(board: Board, card: Card, metric: Metric, width: int) -> Row:
    """p50 and p95 in one row."""
    shown = board.shown(metric)
    first = " p50" if width >= 29 else ""
    return (
        Span(f"{metric.title}{first} ", "dim"),
        figures.percentile(card, shown, 0.5),
        Span("  p95 " if width >= 29 else " p95 ", "dim"),
        figures.percentile(card, shown, 0.95),
    )
