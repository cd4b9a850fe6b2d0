"""Spans that several panels share: names, labels, percentiles, money; one look for one kind of figure."""

from ...engine.histogram import FLOORS
from ..board import Card
from ..draw.glyphs import marker
from ..draw.rows import Row, Span, fit, series
from ..draw.units import DURATION_WIDTH, duration, rate, usd


def name(card: Card, width: int = 0) -> Row:
    """Marker and name in the backend's colour; in exactly `width` cells when that is given."""
    text = f"{marker(card.series)} {card.name}"
    return (Span(fit(text, width) if width else text, series(card.series, strong=True)),)


def label(card: Card) -> Span:
    """LIVE, SIM or REPLAY."""
    return Span(card.label, card.label.lower())


def percentile(card: Card, metric: str, p: float, width: int = DURATION_WIDTH + 1) -> Span:
    """The p-quantile of `metric`, right-aligned in at least 8 cells; grey and with a `?` below its sample floor."""
    value = card.window.quantile_ns(metric, p)
    if value is None or card.window.samples(metric) >= FLOORS[p]:
        return Span(duration(value).rjust(width), "dim" if value is None else "strong")
    text = duration(value)
    return Span(f"{'?' + text.lstrip():>{width}}", "weak")


def tok_s(card: Card) -> str:
    """Output tokens per second, `≈` before an estimate, in 7 cells."""
    text = rate(card.tok_s)
    return f"{'≈' + text.strip() if card.estimated and card.tok_s is not None else text:>7}"


def usd_per_m(card: Card) -> str:
    """Effective $/M output tokens, `≈` before an estimate, in 7 cells."""
    text = usd(card.usd_per_m)
    return f"{'≈' + text.strip() if card.estimated and card.usd_per_m is not None else text:>7}"


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


def around_focus(cards: tuple[Card, ...], focus: int, rows: int) -> tuple[Card, ...]:
    """At most `rows` cards, the one in focus among them."""
    first = min(max(focus - rows // 2, 0), max(len(cards) - rows, 0))
    return cards[first : first + max(rows, 0)]
