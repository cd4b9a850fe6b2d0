"""Spans that several panels share: names, labels, percentiles, money; one look for one kind of figure."""

from collections.abc import Sequence

from ...backends.printable import printable
from ...engine.energy import j_per_output_token
from ...engine.histogram import FLOORS
from ..board import Board, Card
from ..draw.clockaxis import clock_axis
from ..draw.glyphs import marker
from ..draw.rows import Row, Span, fit, fit_row, row_width, series, wrap
from ..draw.units import DURATION_WIDTH, duration, joules, rate, usd
from ..view import View


def name(card: Card, width: int = 0) -> Row:
    """Marker and name in the backend's colour; in exactly `width` cells when that is given."""
    text = f"{marker(card.series)} {card.name}"
    return (Span(fit(text, width) if width else text, series(card.series, strong=True)),)


def label(card: Card) -> Span:
    """LIVE, SIM or REPLAY."""
    return Span(card.label, card.label.lower())


def percentile(card: Card, metric: str, p: float, width: int = DURATION_WIDTH + 1) -> Span:
    """The p-quantile of `metric`, right-aligned in at least 8 cells; grey and with a `?` below its sample floor."""
    return floored(card.window.quantile_ns(metric, p), card.window.samples(metric), p, width)


def floored(value_ns: float | None, samples: int, p: float, width: int) -> Span:
    """A p-quantile of `samples` values, as `percentile` shows it."""
    if value_ns is None or samples >= FLOORS[p]:
        return Span(duration(value_ns).rjust(width), "dim" if value_ns is None else "strong")
    return Span(f"{'?' + duration(value_ns).lstrip():>{width}}", "weak")


def tok_s(card: Card) -> str:
    """Output tokens per second, `≈` before an estimate, in 7 cells."""
    text = rate(card.tok_s)
    return f"{'≈' + text.strip() if card.estimated and card.tok_s is not None else text:>7}"


def usd_per_m(card: Card) -> str:
    """Effective $/M output tokens, `≈` before an estimate, in 7 cells."""
    text = usd(card.usd_per_m)
    return f"{'≈' + text.strip() if card.estimated and card.usd_per_m is not None else text:>7}"


def j_per_token(card: Card) -> Row:
    """Energy an output token and where the figure comes from, greyed where that is a model; empty if nobody asked."""
    totals = card.window.totals
    if totals.power is None:
        return ()
    value = j_per_output_token(totals)
    if value is None:
        return (Span("n/a", "dim"), Span(" J/tok  ", "dim"), Span(printable(totals.power.source, 12), "dim"))
    about = "≈" if card.estimated else ""
    amount = Span(f"{about}{joules(value).strip()}", "strong" if totals.power.measured else "dim")
    return (amount, Span(f" J/tok  {printable(totals.power.source, 12)}", "dim"))


def failures(card: Card, room: int) -> Row:
    """How many requests failed and how, in at most `room` cells, with as many of the kinds as fit."""
    if not card.failed:
        return (Span("0 errors", "dim"),)
    text = f"! {card.failed:,} error" + "s" * (card.failed != 1)
    for number, (kind, _) in enumerate(card.errors):
        longer = text + (", " if number else ": ") + kind
        if len(longer) > room:
            break
        text = longer
    return (Span(text, "warn"),)


def rule(left: Row, right: Row, width: int) -> Row:
    """A section's heading: words on a thin line."""
    body = (Span("─ ", "line"), *left, Span(" ", "line"))
    tail = (Span(" ", "line"), *right, Span(" ─", "line")) if right else ()
    gap = width - sum(len(span.text) for span in (*body, *tail))
    return (*body, Span("─" * max(gap, 0), "line"), *tail)


def time_axis(board: Board, view: View, end_s: int, span_s: int, width: int) -> Row:
    """The axis of time under something whose right edge is run time `end_s`, and what happened there."""
    marks = [(mark.at_ns / 1e9, mark.text) for mark in board.marks]
    if view.moment_s is not None:
        others = [mark for mark in marks if int(mark[0]) // span_s != view.moment_s // span_s]
        marks = sorted([*others, (view.moment_s, "here")])
    behind_s = 0 if view.moment_s is None else max(board.header.at_ns // 1_000_000_000 - end_s, 0)
    return clock_axis(end_s, span_s, width, marks, behind_s)


def heading(title: str, words: str, width: int) -> Row:
    """A rule that names what follows, in `width` cells at most."""
    left: Row = (Span(title, "title"), Span(f"  {words}" if words else "", "dim"))
    return rule(left, (), width) if row_width(left) + 4 <= width else fit_row(left, width)


def told(term: Span, said: Row, width: int) -> list[Row]:
    """A term and what is said of it, the lines of that one under the other."""
    indent = row_width((term,))
    lines = wrap(said, max(width - indent, 8))
    return [(term if at == 0 else Span(" " * indent), *line) for at, line in enumerate(lines)]


def part(shown: Sequence[Card], cards: Sequence[Card]) -> str:
    """That not all of `cards` have room; "" where they have."""
    return f"{len(shown)} of {len(cards)}" if len(shown) < len(cards) else ""


def around_focus(cards: tuple[Card, ...], focus: int, rows: int) -> tuple[Card, ...]:
    """At most `rows` cards, the one in focus (a series number) among them."""
    at = next((at for at, card in enumerate(cards) if card.series == focus), 0)
    first = min(max(at - rows // 2, 0), max(len(cards) - rows, 0))
    return cards[first : first + max(rows, 0)]
