"""Who is ahead, by how much, at what cost: sentences made of verdicts, never a bare "significant", and the matrix."""

from itertools import pairwise

from ...backends.printable import printable
from ...engine.verdict import Paired, Verdict
from ..board import Board, Card
from ..draw.rows import Row, Span, fit_rows, flow
from ..draw.units import ratio, usd
from ..view import View
from . import figures
from .effect import answers, between, bounds, ordered
from .matrix import draw_matrix, matrix_rows

_LABEL = " verdict  "
_DOT = Span("  ·  ", "line")
LEAST_SENTENCES = 2
"""Rows of sentences above the matrix."""


def draw_verdicts(board: Board, view: View, width: int, rows: int) -> list[Row]:  # noqa: ARG001 - as every panel
    """In exactly `rows` rows: sentences, the most important first, then the matrix where it has its room."""
    matrix = matrix_rows(len(board.cards), width)
    if not matrix or rows < matrix + LEAST_SENTENCES or _why_none(board):
        return _said(board, width, rows)
    sentences = _said(board, width, min(rows - matrix, LEAST_SENTENCES + 1))
    return fit_rows([*sentences, *draw_matrix(board, _ranked(board), width)], rows)


def _said(board: Board, width: int, rows: int) -> list[Row]:
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
        if (verdict := between(board.judgement.verdicts, ahead, behind)) is not None
    ]
    return [_sentence(board, *each, leading=number == 0) for number, each in enumerate(found)]


def _why_none(board: Board) -> Row:
    """Why nothing can be said on the metric shown; empty when something can."""
    metric, client = board.metric, board.header.client
    if len(board.cards) < 2:
        words = "one backend: nothing to compare it with" if board.cards else "no backend is shown"
        return (Span(words, "dim"),)
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


def _sentence(board: Board, ahead: Card, behind: Card, verdict: Verdict, *, leading: bool) -> Row:
    """What p95 says of two cards, and what their mean on the same prompts says."""
    mean = _mean(verdict, ahead, behind)
    of = f": p{verdict.p * 100:g} " if mean else ": "
    pair = (*figures.name(ahead), Span(" vs ", "dim"), *figures.name(behind))
    match verdict.outcome:
        case "tie":
            said: Row = (*pair, Span(f"{of}tie so far"))
        case "too early":
            said = (*pair, Span(f"{of}too early (n={answers(verdict)})", "dim"))
        case "withheld":
            said = (*pair, Span(f"{of}withheld", "warn"), Span(f", {printable(verdict.reason)}", "dim"))
        case _:
            winner, loser = ordered(verdict.outcome, verdict, ahead, behind)
            amount, interval = ratio(verdict.ratio or 1.0), Span(_interval(verdict), "dim")
            if leading:
                claim = Span(f" {board.metric.wins}: p{verdict.p * 100:g} {board.metric.title} ")
                said = (*figures.name(winner), claim, Span(f"{amount} lower", "strong"), Span(" than "))
                said = (*said, *figures.name(loser), interval)
            else:
                said = (*figures.name(winner), Span(" ahead of "), *figures.name(loser), Span(f" {amount}", "strong"))
                said = (*said, interval)
    return (*said, *mean)


def _mean(verdict: Verdict, ahead: Card, behind: Card) -> Row:
    """What the same prompts say about the mean; nothing until they say who is lower."""
    paired = verdict.paired
    if paired.outcome not in {"a lower", "b lower"}:
        return ()
    winner, _ = ordered(paired.outcome, verdict, ahead, behind)
    name = () if verdict.outcome == paired.outcome else (*figures.name(winner), Span(" "))
    lower = Span(f"{ratio(paired.ratio or 1.0)} lower on average", "strong")
    return (Span("; on the same prompts ", "dim"), *name, lower, Span(_interval(paired), "dim"))


def _interval(made: Verdict | Paired) -> str:
    interval = bounds(made)
    return f" ({interval}, n={made.n:,})" if interval else f" (n={made.n:,})"


def _cheapest(board: Board) -> list[Row]:
    priced = [(card.usd_per_m, card) for card in board.cards if card.usd_per_m is not None]
    if len(priced) < 2:
        return []
    cost, card = min(priced, key=lambda pair: pair[0])
    about = "≈" if card.estimated else ""
    return [(Span("cheapest so far ", "dim"), *figures.name(card), Span(f" {about}{usd(cost).strip()}/M", "strong"))]


def _caveats(board: Board) -> list[Row]:
    made: list[Row] = []
    if board.unlike:
        made.append((Span(f"! not like for like: {', '.join(board.unlike)}", "warn"),))
    if board.header.client.trust.level == "amber":
        made.append((Span(f"! trust the client less: {board.header.client.trust.reason}", "warn"),))
    return made
