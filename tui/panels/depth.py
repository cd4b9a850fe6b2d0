"""One backend in depth: everything known of it, and where each figure comes from.

As long as it is; the page scrolls.
"""

from typing import Final

from ...backends.base import VENDOR_TIMINGS
from ...backends.printable import printable
from ...engine.frame import METRICS
from ...engine.histogram import FLOORS, Histogram
from ..board import Board, Card
from ..draw.rows import BLANK, Row, Span, fit, fit_row, wrap
from ..draw.units import clock, count, duration, percent
from ..facts import Section, sections
from ..metrics import DETAIL
from ..view import View
from . import figures
from .cards import big_headline, graph, headline

_QUANTILES: Final = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999))
_ORDER: Final = ("p95", "p50", "p99", "n", "p90", "max", "mean", "p99.9")
"""Columns of the percentiles, those first that stay when it is narrow."""

_COLUMN: Final = 9
_TERM: Final = 13
_TALL: Final = 36
"""Rows of the page from which the headline is large and the graph tall."""

_SIDE_BY_SIDE: Final = 140
"""Columns from which subjects stand in two stacks."""

_MOST_EVENTS: Final = 12


def draw_depth(board: Board, view: View, width: int, room: int) -> list[Row]:
    """The page of the backend in focus, as many rows as it takes.

    Args:
        board: what to show.
        view: whose focus it is, and how.
        width: in cells.
        room: rows that can be seen at once; decides how large the top is.
    """
    card = next((card for card in board.cards if card.series == view.focus), board.cards[0])
    inner = width - 2
    top = _top(board, card, view, inner, tall=room >= _TALL)
    blocks = [_latency(board, card, inner), _own_view(card, inner), _errors(board, card, inner)]
    made = [*top, *(row for block in blocks if block for row in (BLANK, *block))]
    made += _subjects(sections(card.window), inner)
    return [fit_row((Span(" "), *row), width) for row in made]


def _top(board: Board, card: Card, view: View, width: int, *, tall: bool) -> list[Row]:
    """Whose page it is, its tokens per second, and the graph of them."""
    what = " · ".join(part for part in (card.hardware, card.engine) if part and part not in card.name)
    place = f"  {board.cards.index(card) + 1} of {len(board.cards)}" if len(board.cards) > 1 else ""
    name: Row = (*figures.name(card), Span(f"  {what}" if what else "", "dim"))
    title = figures.rule(name, (figures.label(card), Span(place, "dim")), width)
    rows = 5 if tall else 2
    head = big_headline(card, view, width) if tall else [headline(card)]
    return [title, *head, *graph(board, card, view, width, rows)]


def _latency(board: Board, card: Card, width: int) -> list[Row]:
    """One row per metric: n, mean, percentiles, greatest; the least important columns go first when narrow."""
    shown = board.shown(board.metric)
    made: list[Row] = []
    for metric in METRICS:
        if metric.endswith("_sched") and not board.header.load.open_loop:
            continue  # in closed loop a prompt is due when it is sent
        if card.window.samples(metric):
            term = Span(fit(DETAIL[metric], _TERM), "strong" if metric == shown else "dim")
            made.append((term, *_figures(card.window.histogram(metric), width)))
    if not made:
        return [figures.heading("latency", "no values yet", width)]
    columns = _columns(width)
    needed = ", ".join(f"{name} {FLOORS[p]:,}" for name, p in _QUANTILES if name in columns)
    note: Row = (Span(f"? grey: too few answers for that percentile, which takes: {needed}", "dim"),)
    return [
        figures.heading("latency", f"measured here, {board.header.window}", width),
        _heads(columns),
        *made,
        *wrap(note, width),
    ]


def _own_view(card: Card, width: int) -> list[Row]:
    """The server's own timings, on its clock."""
    told = {name: card.window.vendor(name) for name in VENDOR_TIMINGS}
    made: list[Row] = [
        (Span(fit(name.replace("_", " "), _TERM), "dim"), *_figures(histogram, width))
        for name, histogram in told.items()
        if len(histogram)
    ]
    if not made:
        return []
    return [figures.heading("server's own view", "its clock, its definitions", width), _heads(_columns(width)), *made]


def _columns(width: int) -> list[str]:
    kept = _ORDER[: max((width - _TERM) // _COLUMN, 1)]
    return [name for name in ("n", "mean", *(name for name, _ in _QUANTILES), "max") if name in kept]


def _heads(columns: list[str]) -> Row:
    return (Span(" " * _TERM), *(Span(fit(name, _COLUMN - 3, "right") + "   ", "dim") for name in columns))


def _figures(histogram: Histogram, width: int) -> Row:
    cells = {
        "n": Span(fit(f"{count(len(histogram))}   ", _COLUMN, "right")),
        "mean": Span(duration(histogram.mean_ns()).rjust(_COLUMN)),
        "max": Span(duration(histogram.max_ns).rjust(_COLUMN)),
        **{name: figures.floored(histogram.quantile_ns(p), len(histogram), p, _COLUMN) for name, p in _QUANTILES},
    }
    return tuple(cells[name] for name in _columns(width))


def _errors(board: Board, card: Card, width: int) -> list[Row]:
    """Failures by kind and when, the last words of a server, and what happened here, newest first."""
    window = card.window
    settled = card.finished + card.failed
    made: list[Row] = []
    for kind, number in card.errors:
        latest_ns = _latest_ns(card, kind)
        share = f"{percent(number / settled).strip()} of answers" if settled else ""
        when = f", the last at {clock(latest_ns)}" if latest_ns is not None else ""
        made.append((Span(fit(kind, _TERM), "warn"), Span(f"×{number:,}", "strong"), Span(f"  {share}{when}", "dim")))
    if card.last_error:
        made += _fact("last words", printable(window.now.last_error, 300), width, "warn")
    counted = tuple(f"{kind} ×" for kind, _ in card.errors)
    mine = [event for event in board.events if event.series == card.series and not event.text.startswith(counted)]
    made += [
        fit_row((Span(fit(clock(event.at_ns), _TERM), "dim"), Span(event.text, "warn" if event.bad else "")), width)
        for event in reversed(mine[-_MOST_EVENTS:])
    ]
    words = f"{card.failed:,} of {settled:,} failed" if card.failed else "none"
    return [figures.heading("errors and events", words, width), *made]


def _latest_ns(card: Card, kind: str) -> int | None:
    """When a failure of `kind`, as the card calls it, came last."""
    return next((at_ns for name, at_ns in card.window.now.latest_ns.items() if printable(name, 20) == kind), None)


def _subjects(subjects: list[Section], width: int) -> list[Row]:
    """Every subject, in two stacks of about one height where there is room."""
    if width < _SIDE_BY_SIDE:
        return [row for subject in subjects for row in (BLANK, *_subject(subject, width))]
    half = (width - 3) // 2
    blocks = [[BLANK, *_subject(subject, half)] for subject in subjects]
    cut = min(range(len(blocks) + 1), key=lambda at: max(_height(blocks[:at]), _height(blocks[at:])))
    left = [row for block in blocks[:cut] for row in block]
    right = [row for block in blocks[cut:] for row in block]
    tall = max(len(left), len(right))
    left += [BLANK] * (tall - len(left))
    right += [BLANK] * (tall - len(right))
    return [(*fit_row(one, half), Span("   "), *other) for one, other in zip(left, right, strict=True)]


def _height(blocks: list[list[Row]]) -> int:
    return sum(map(len, blocks))


def _subject(subject: Section, width: int) -> list[Row]:
    facts = [row for term, value in subject.facts for row in _fact(term, value, width)]
    return [figures.heading(subject.title, "", width), *facts]


def _fact(term: str, value: str, width: int, role: str = "") -> list[Row]:
    return figures.told(Span(fit(term, _TERM), "dim"), (Span(value, role),), width)
