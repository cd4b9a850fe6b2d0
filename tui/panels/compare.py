"""Two backends beside each other: what can be said, and by histogram, by quantile, by prompt, what it rests on.

As long as it is; the page scrolls.
"""

from math import exp, isfinite, log
from typing import Final

import numpy as np

from ...backends.printable import printable
from ...engine.histogram import FLOORS, Histogram
from ...engine.verdict import Paired, Verdict
from ..board import Board, Card
from ..draw.axis import LogAxis, axis_for, scale, tick_label
from ..draw.glyphs import Tier, marker
from ..draw.graph import Floats
from ..draw.lines import Line, plot
from ..draw.quantiles import Point, against
from ..draw.rows import BLANK, Row, Span, fit, fit_row, fit_rows, row_width, series, wrap
from ..draw.units import count, ratio
from ..metrics import CYCLE
from ..view import View
from . import figures
from .effect import answers, between, bounds, ordered
from .stream import draw_answers

_QUANTILES: Final = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999))
_ORDER: Final = ("p95", "p50", "p99", "tok/s", "$/M", "n", "p90", "p99.9")
_COLUMN: Final = 10
_NAME: Final = 20
_SIDE_BY_SIDE: Final = 100
_LABELS: Final = 9
_SMOOTH: Final = 36
"""Bumps that a histogram may have at most: finer ones are noise, and so are more of them in a small sample."""

_LEVELS: Final = (*(level / 100 for level in range(2, 99, 2)), 0.985, 0.99, 0.995, 0.999)
_TOPS: Final = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
"""Ratios that the axis of ratios may end at."""


def draw_compare(board: Board, view: View, width: int, room: int) -> list[Row]:
    """The page of the backend in focus and the one it is compared with, as many rows as it takes.

    Args:
        board: with ratios and answers, as far as there are any.
        view: whose focus and whose `versus` are meant.
        width: in cells.
        room: rows that can be seen at once; decides how tall the plots are.
    """
    known = {card.series: card for card in board.cards}
    a = known.get(view.focus, board.cards[0])
    others = [card for card in board.cards if card is not a]
    if not others:
        return [fit_row((Span(" there is no other backend to compare it with", "dim"),), width)]
    b = next((card for card in others if card.series == view.versus), others[0])
    inner = width - 2
    tall = min(max(room // 4, 5), 14)
    made = [
        *_head(board, a, b, inner),
        *_said(board, a, b, inner),
        BLANK,
        *_histograms(board, (a, b), view, inner, min(tall, 9)),
        BLANK,
        *_plots(board, a, b, view, inner, tall),
        BLANK,
        *draw_answers(board, (a, b), inner, max(room // 3, 8)),
    ]
    return [fit_row((Span(" "), *row), width) for row in made]


def _head(board: Board, a: Card, b: Card, width: int) -> list[Row]:
    """Metric, names, and the figures of both with what one is times the other."""
    tabs = [Span(f" {metric.title} ", "tab on" if metric is board.metric else "tab") for metric in CYCLE]
    pair: Row = (Span("a ", "key"), *figures.name(a), Span("  ", "dim"), Span("b ", "key"), *figures.name(b))
    window: Row = (Span(board.header.window, "dim"),)
    left: Row = (*pair, Span("  "), *tabs)
    title = figures.rule(left, window if row_width((*left, *window)) + 8 <= width else (), width)
    if row_width(left) + 4 > width:
        title = fit_row((*tabs, Span("  "), *pair), width)
    columns = [name for name in ("n", *(name for name, _ in _QUANTILES), "tok/s", "$/M") if name in _kept(width)]
    heads: Row = (Span(" " * _NAME), *(Span(fit(name, _COLUMN - 3, "right") + "   ", "dim") for name in columns))
    rows: list[Row] = [title, heads]
    for card in (a, b):
        cells = _cells(board, card)
        rows.append((*figures.name(card, _NAME), *(cells[name] for name in columns)))
    times = {name: _times(board, a, b, name) for name in columns}
    first = Span(fit(f"{marker(a.series)} ÷ {marker(b.series)}", _NAME), "dim")
    return [*rows, (first, *(Span(fit(times[name], _COLUMN - 3, "right") + "   ", "dim") for name in columns))]


def _kept(width: int) -> tuple[str, ...]:
    return _ORDER[: max((width - _NAME) // _COLUMN, 2)]


def _cells(board: Board, card: Card) -> dict[str, Span]:
    shown = board.shown(board.metric)
    return {
        "n": Span(fit(count(card.window.samples(shown)), _COLUMN - 3, "right") + "   "),
        "tok/s": Span(fit(figures.tok_s(card), _COLUMN - 3, "right") + "   ", "strong"),
        "$/M": Span(fit(figures.usd_per_m(card), _COLUMN - 3, "right") + "   ", "strong"),
        **{name: figures.percentile(card, shown, p, _COLUMN) for name, p in _QUANTILES},
    }


def _times(board: Board, a: Card, b: Card, column: str) -> str:
    """What a's figure is times b's; nothing below a percentile's floor."""
    shown = board.shown(board.metric)
    if column in {"tok/s", "$/M"}:
        one, other = (a.tok_s, b.tok_s) if column == "tok/s" else (a.usd_per_m, b.usd_per_m)
    elif column == "n":
        return ""
    else:
        p = dict(_QUANTILES)[column]
        if min(card.window.samples(shown) for card in (a, b)) < FLOORS[p]:
            return ""
        one, other = a.window.quantile_ns(shown, p), b.window.quantile_ns(shown, p)
    return ratio(one / other) if one and other else ""


def _said(board: Board, a: Card, b: Card, width: int) -> list[Row]:
    """What can be said of the percentile and of the mean on the same prompts, each with its interval or why not."""
    if not board.metric.judged:
        words = f"no verdict on {board.metric.title}: gaps within one answer depend on each other"
        return wrap((Span(words, "dim"),), width)
    if board.header.client.trust.level == "red":
        return wrap(
            (Span("withheld", "warn"), Span(f": do not trust the client, {board.header.client.trust.reason}", "dim")),
            width,
        )
    verdict = between(board.judgement.verdicts, a, b)
    if verdict is None:
        return [(Span("weighing …", "dim"),)]
    terms: dict[str, Verdict | Paired] = {
        f"p{verdict.p * 100:g} {board.metric.title}": verdict,
        "mean, same prompts": verdict.paired,
    }
    made = [
        row
        for term, each in terms.items()
        for row in figures.told(Span(fit(term, _NAME), "dim"), _claim(each, verdict, a, b), width)
    ]
    if board.unlike:
        made += wrap((Span(f"! not like for like: {', '.join(board.unlike)}", "warn"),), width)
    return made


def _claim(made: Verdict | Paired, verdict: Verdict, a: Card, b: Card) -> Row:
    interval = bounds(made)
    n = f"{interval}, n={made.n:,}" if interval else f"n={made.n:,}"
    match made.outcome:
        case "too early":
            return (Span("too early to say", "weak"), Span(f": {answers(made)} answers", "dim"))
        case "withheld":
            return (Span("withheld", "warn"), Span(f": {printable(made.reason)}", "dim"))
        case "tie":
            words = f" ({n}): no difference is proven, one of this size is not ruled out"
            return (Span("tie so far", "strong"), Span(words, "dim"))
        case _:
            lower, higher = ordered(made.outcome, verdict, a, b)
            amount = Span(f" {ratio(made.ratio or 1.0)} lower", "strong")
            return (*figures.name(lower), amount, Span(" than "), *figures.name(higher), Span(f" ({n})", "dim"))


def _axis(board: Board, cards: tuple[Card, ...]) -> LogAxis | None:
    shown = board.shown(board.metric)
    return axis_for([card.window.histogram(shown) for card in cards])


def _histograms(board: Board, cards: tuple[Card, ...], view: View, width: int, rows: int) -> list[Row]:
    """Both distributions as lines over one axis, each with its own area, so that sizes of samples do not matter."""
    axis, shown = _axis(board, cards), board.shown(board.metric)
    heading = figures.heading("histograms", f"{board.metric.meaning}, share of answers, smoothed", width)
    if axis is None:
        return [heading, (Span("no values yet", "dim"),)]
    drawn = scale(axis, width)
    shares = [_shares(card.window.histogram(shown), axis, width) for card in cards]
    top = max(float(np.nanmax(each)) for each in shares if np.isfinite(each).any())
    lines = [
        Line(each / top, series(card.series), marker(card.series)) for card, each in zip(cards, shares, strict=True)
    ]
    return [heading, *plot(lines[::-1], width, rows, view.tier), (Span(drawn.labels, "dim"),)]


def _shares(histogram: Histogram, axis: LogAxis, width: int) -> Floats:
    """Share of the values per column, smoothed over some columns; NaN where there are none near."""
    if not len(histogram):
        return np.full(width, np.nan)
    half = np.ones(max(round(width / min(_SMOOTH, 1.5 * len(histogram) ** 0.5)), 1))
    kernel = np.convolve(half, half)
    made: Floats = np.convolve(axis.spread(histogram, width), kernel / kernel.sum(), mode="same") / len(histogram)
    made[made <= 0] = np.nan
    return made


def _plots(board: Board, a: Card, b: Card, view: View, width: int, rows: int) -> list[Row]:
    """Quantile against quantile, and the paired ratio over time: side by side where there is room."""
    if width < _SIDE_BY_SIDE:
        return [*_against(board, a, b, view, width, rows), BLANK, *_over_time(board, a, b, view, width, rows)]
    left = min(2 * rows + _LABELS + 14, width // 2 - 2)
    one = _against(board, a, b, view, left, rows)
    other = _over_time(board, a, b, view, width - left - 2, rows)
    tall = max(len(one), len(other))
    pairs = zip(fit_rows(one, tall), fit_rows(other, tall), strict=True)
    return [(*fit_row(at_left, left), Span("  "), *at_right) for at_left, at_right in pairs]


def _against(board: Board, a: Card, b: Card, view: View, width: int, rows: int) -> list[Row]:
    """The quantiles of b over those of a, on one axis both ways; above the diagonal b takes longer."""
    heading = figures.heading("quantiles", f"{marker(b.series)} upwards, {marker(a.series)} to the right", width)
    axis, shown = _axis(board, (a, b)), board.shown(board.metric)
    if axis is None or not all(card.window.samples(shown) for card in (a, b)):
        return [heading, (Span("no values yet", "dim"),)]
    across = min(width - _LABELS, 3 * rows)
    least = min(card.window.samples(shown) for card in (a, b))
    extent = log(axis.high_ns / axis.low_ns)
    points = []
    for level in sorted({*_LEVELS, *(p for _, p in _QUANTILES)}):
        one, other = a.window.quantile_ns(shown, level), b.window.quantile_ns(shown, level)
        if one is None or other is None:
            continue
        floor = next((floor for p, floor in FLOORS.items() if p >= level), FLOORS[0.999])
        sign = {0.5: "5", 0.95: "9"}.get(level, "") if least >= FLOORS.get(level, floor) else ""
        role = "mark" if sign else "weak" if least < floor else series(b.series)
        points.append(Point(log(one / axis.low_ns) / extent, log(other / axis.low_ns) / extent, role, sign))
    drawn = against(points, across, rows, view.tier)
    ticks = {
        rows - 1 - min(int(log(tick / axis.low_ns) / extent * rows), rows - 1): tick
        for tick in axis.ticks()
        if str(tick)[0] == "1"
    }
    labels = [fit(tick_label(ticks[row]) if row in ticks else "", _LABELS - 1, "right") + " " for row in range(rows)]
    body: list[Row] = [(Span(label, "dim"), *row) for label, row in zip(labels, drawn, strict=True)]
    notes = (
        "on the dots: alike",
        f"above: {marker(b.series)} slower",
        f"below: {marker(a.series)} slower",
        "5 is p50, 9 is p95",
    )
    beside = width - _LABELS - across - 2
    if max(map(len, notes)) <= beside:
        body = [
            (*fit_row(row, _LABELS + across), Span(f"  {note}", "dim"))
            for row, note in zip(body, (*notes, *[""] * rows), strict=False)
        ]
        return [heading, *body, (Span(" " * _LABELS + scale(axis, across).labels, "dim"),)]
    below = wrap((Span(", ".join(notes), "dim"),), width)
    return [heading, *body, (Span(" " * _LABELS + scale(axis, across).labels, "dim"),), *below]


def _over_time(board: Board, a: Card, b: Card, view: View, width: int, rows: int) -> list[Row]:
    """What a takes times what b takes on the same prompts, of the minute that ends with each column."""
    heading = figures.heading(
        "ratio on the same prompts", f"{marker(a.series)} ÷ {marker(b.series)}, last minute", width
    )
    logs = board.ratios.of(a.window.now.name, b.window.now.name) if board.ratios else np.full(1, np.nan)
    columns = width - _LABELS
    seen = logs[-columns:][np.isfinite(logs[-columns:])]
    if board.ratios is None or not len(seen):
        words = "no prompt answered by both yet" if board.metric.judged else f"not kept for {board.metric.title}"
        return [heading, (Span(words, "dim"),)]
    most = exp(float(np.abs(seen).max()))
    top = next((each for each in _TOPS if each >= most), _TOPS[-1])
    tall = rows | 1  # an odd number has a middle, where both are alike
    alike = Line(np.full(columns, 0.5), "line", "─" if view.tier is not Tier.ASCII else "-")
    line = Line(0.5 + logs / (2 * log(top)), series(a.series), marker(a.series))
    drawn = plot([alike, line], columns, tall, view.tier)
    labels = [""] * tall
    labels[0], labels[tall // 2], labels[-1] = f"{top:g}×", "1×", f"1/{top:g}×"
    body: list[Row] = [
        (Span(fit(label, _LABELS - 1, "right") + " ", "dim"), *row) for label, row in zip(labels, drawn, strict=True)
    ]
    axis = figures.time_axis(board, view, board.ratios.end_s, board.ratios.span_s, columns)
    time = (Span(" " * _LABELS), *axis)
    words = f"above 1×: {marker(a.series)} {a.name} takes longer"
    latest = float(seen[-1])
    now = f"  now {exp(latest):.2f}×" if isfinite(latest) else ""
    return [heading, *body, time, (Span(" " * _LABELS + words + now, "dim"),)]
