"""The card in focus, expanded: every percentile, every count, and where each figure comes from."""

from typing import Final

from ...engine.frame import METRICS
from ..board import Board, Card
from ..draw.rows import Row, Span, fit, fit_row, fit_rows
from ..draw.units import count, duration, percent, usd
from ..facts import facts
from ..metrics import DETAIL
from ..view import View
from . import figures
from .cards import big_headline, framed, graph, headline

_QUANTILES: Final = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999))
_COLUMN: Final = 9
_TERM: Final = 12


def draw_detail(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """The expanded card in exactly `rows` rows."""
    card = board.cards[view.focus]
    inner, room = width - 4, max(rows - 2, 0)
    body = big_headline(card, view, inner) if room >= 22 else [headline(card)]
    table = _percentiles(board, card, inner)
    below = _below(card, inner)
    plot = min(room - len(body) - len(table) - len(below) - 3, 12)
    if plot >= 2:
        body += graph(card, view, inner, plot)
    body += [*table, (), *below]
    return fit_rows(framed(card, fit_rows(body, room), width, focused=True), rows)


def _percentiles(board: Board, card: Card, width: int) -> list[Row]:
    """One row per metric: n, mean, percentiles, greatest; the least important columns go first when narrow."""
    full = ("n", "mean", *(name for name, _ in _QUANTILES), "max")
    room = (width - _TERM) // _COLUMN
    order = ("p95", "p50", "p99", "n", "p90", "mean", "max", "p99.9")
    columns = [name for name in full if name in order[: max(room, 1)]]
    made: list[Row] = [
        (Span(" " * _TERM), *(Span(fit(name, _COLUMN - 3, "right") + "   ", "dim") for name in columns))
    ]
    for metric in METRICS:
        histogram = card.window.histogram(metric)
        samples = card.window.samples(metric)
        if not samples or (metric.endswith("_sched") and not board.header.load.open_loop):
            continue  # in closed loop a prompt is due when it is sent
        cells = {
            "n": Span(fit(f"{count(samples)}   ", _COLUMN, "right")),
            "mean": Span(duration(histogram.mean_ns()).rjust(_COLUMN)),
            "max": Span(duration(histogram.max_ns).rjust(_COLUMN)),
            **{name: figures.percentile(card, metric, p, _COLUMN) for name, p in _QUANTILES},
        }
        shown = "strong" if metric == board.shown(board.metric) else "dim"
        made.append((Span(fit(DETAIL[metric], _TERM), shown), *(cells[name] for name in columns)))
    return made


def _below(card: Card, width: int) -> list[Row]:
    requests = f"{card.finished:,} finished, {card.failed:,} failed, {card.in_flight:,} in flight"
    money = f"{figures.usd_per_m(card).strip()}/M output tokens, spent {usd(card.spent_usd).strip()}"
    errors = ", ".join(f"{kind} ×{number:,}" for kind, number in card.errors)
    terms = [
        ("requests", requests),
        ("errors", errors),
        ("SLO met", percent(card.attainment).strip() if card.attainment is not None else ""),
        ("cost", money if card.priced else "no price"),
        *facts(card.window),
    ]
    return [
        fit_row((Span(fit(term, _TERM), "dim"), Span(value, "warn" if "error" in term else "")), width)
        for term, value in terms
        if value
    ]
