"""Who is ahead, by how much, at what cost: sentences made of verdicts, never a bare "significant"."""

from collections.abc import Sequence
from itertools import pairwise

from ...backends.printable import printable
from ...engine.verdict import Verdict
from ..board import Board, Card
from ..draw.rows import Row, Span, fit_rows, flow
from ..draw.units import ratio, usd
from . import figures

_LABEL = " verdict  "
_DOT = Span("  ·  ", "line")
_UNBOUNDED = 100.0
"""A bound this far off is no bound: the sample does not limit it yet."""


def draw_verdicts(board: Board, width: int, rows: int) -> list[Row]:
    """The sentences in exactly `rows` rows, the most important first."""
    label = _LABEL if width >= 100 else " "
    lines = flow(_sentences(board), width - len(label) - 1, _DOT)
    made: list[Row] = []
    for number, line in enumerate(lines[:rows]):
        made.append((Span(label if number == 0 else " " * len(label), "title"), *line))
    return fit_rows(made, rows)


def _sentences(board: Board) -> list[Row]:
    """Who leads, what is cheapest, what makes the comparison unfair, then the other pairs from fast to slow."""
    latency = _latency(board)
    return [*latency[:1], *_cheapest(board), *_caveats(board), *latency[1:]]


def _latency(board: Board) -> list[Row]:
    if why := _why_none(board):
        return [why]
    found = [
        (ahead, behind, verdict)
        for ahead, behind in pairwise(_ranked(board))
        if (verdict := _between(board.judgement.verdicts, ahead, behind)) is not None
    ]
    return [_sentence(board, *each, leading=number == 0) for number, each in enumerate(found)]


def _why_none(board: Board) -> Row:
    """Why nothing can be said on the metric shown; empty when something can."""
    metric, client = board.metric, board.header.client
    if len(board.cards) < 2:
        return (Span("one backend: nothing to compare it with", "dim"),)
    if client.trust.level == "red":
        return (Span("withheld", "warn"), Span(f": do not trust the client, {client.trust.reason}", "dim"))
    if not metric.judged:
        return (Span(f"none on {metric.title}: gaps within one answer depend on each other", "dim"),)
    if len(_ranked(board)) < 2:
        return (Span("too early: fewer than two backends have answered", "dim"),)
    if board.judgement.stale:
        return (Span("weighing …", "dim"),)
    return ()


def _ranked(board: Board) -> list[Card]:
    """Cards with values, the lowest p95 first."""
    shown = board.shown(board.metric)
    valued = [(value, card) for card in board.cards if (value := card.window.quantile_ns(shown, 0.95))]
    return [card for _, card in sorted(valued, key=lambda pair: pair[0])]


def _between(verdicts: Sequence[Verdict], a: Card, b: Card) -> Verdict | None:
    names = {a.window.now.name, b.window.now.name}
    return next((verdict for verdict in verdicts if {verdict.a, verdict.b} == names), None)


def _sentence(board: Board, ahead: Card, behind: Card, verdict: Verdict, *, leading: bool) -> Row:
    winner = figures.name(ahead)
    loser = figures.name(behind)
    match verdict.outcome:
        case "tie":
            return (*winner, Span(" vs ", "dim"), *loser, Span(": tie so far"))
        case "too early":
            return (*winner, Span(" vs ", "dim"), *loser, Span(f": too early (n={verdict.n:,})", "dim"))
        case "withheld":
            return (
                *winner,
                Span(" vs ", "dim"),
                *loser,
                Span(": withheld", "warn"),
                Span(f", {printable(verdict.reason)}", "dim"),
            )
        case _:
            lower_is_a = verdict.outcome == "a lower"
            if (verdict.a == ahead.window.now.name) != lower_is_a:
                winner, loser = loser, winner
            amount, interval = ratio(verdict.ratio or 1.0), Span(_interval(verdict), "dim")
            if not leading:
                return (*winner, Span(" ahead of "), *loser, Span(f" {amount}", "strong"), interval)
            claim = f" {board.metric.wins}: p{verdict.p * 100:g} {board.metric.title} "
            return (*winner, Span(claim), Span(f"{amount} lower", "strong"), Span(" than "), *loser, interval)


def _interval(verdict: Verdict) -> str:
    low, high = verdict.low, verdict.high
    if low is None or high is None:
        return f" (n={verdict.n:,})"
    bounds = f"{_times(low)}–{_times(high)}" if high < _UNBOUNDED else f"at least {_times(low)}"
    return f" ({bounds}, n={verdict.n:,})"


def _times(value: float) -> str:
    return ratio(value).rstrip("×")


def _cheapest(board: Board) -> list[Row]:
    priced = [(card.usd_per_m, card) for card in board.cards if card.usd_per_m is not None]
    if len(priced) < 2:
        return []
    cost, card = min(priced, key=lambda pair: pair[0])
    about = "≈" if card.estimated else ""
    return [(Span("cheapest so far ", "dim"), *figures.name(card), Span(f" {about}{usd(cost).strip()}/M", "strong"))]


def _caveats(board: Board) -> list[Row]:
    made: list[Row] = []
    if len(board.header.models) > 1:
        made.append((Span("! models differ: not like for like", "warn"),))
    if board.header.client.trust.level == "amber":
        made.append((Span(f"! trust the client less: {board.header.client.trust.reason}", "warn"),))
    return made
