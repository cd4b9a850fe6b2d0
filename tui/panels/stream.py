"""Stream: what every backend says to the same prompt, side by side, as it is being written."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ..answers import Answer
from ..board import Board, Card
from ..draw.prose import lines_of
from ..draw.rows import BLANK, Row, Span, fit, fit_row, fit_rows, row_width
from ..draw.units import duration
from ..view import View
from . import figures

_LEAST_WIDTH: Final = 26
_LEAST_ROWS: Final = 4
_STATES: Final = {
    "waiting": Span("not yet asked", "weak"),
    "writing": Span("writing", "good"),
    "done": Span("done", "dim"),
    "failed": Span("! failed", "warn"),
    "missed": Span("said before", "weak"),
}
_PATIENCE: Final[Row] = (Span(" waiting for a prompt that every backend answers …", "dim"),)


def draw_stream(board: Board, view: View, width: int, rows: int) -> list[Row]:
    """The panel in exactly `rows` rows: a rule with the prompt, then a column per backend, newest line last."""
    followed = board.followed
    if followed is None:
        rule = figures.rule((Span("answers", "title"),), (), width)
        return fit_rows([rule, _PATIENCE], rows)
    room = rows - 1
    most = max(width // _LEAST_WIDTH, 1)
    down = max(min(-(-len(board.cards) // most), room // _LEAST_ROWS), 1)
    shown = figures.around_focus(board.cards, view.focus, most * down)
    across = max(-(-len(shown) // down), 1)
    down = -(-len(shown) // across)
    made = [_rule(followed.index, followed.prompt, width)]
    said = {answer.backend: answer for answer in followed.answers}
    edges = [width * number // across for number in range(across + 1)]
    for at in range(down):
        tall = room * (at + 1) // down - room * at // down
        drawn = [
            _column(card, said.get(card.window.now.name), right - left, tall)
            for card, (left, right) in zip(shown[at * across : (at + 1) * across], pairwise(edges), strict=False)
        ]
        made += [sum(parts, BLANK) for parts in zip(*drawn, strict=True)]
    return fit_rows([fit_row(row, width) for row in made], rows)


def draw_answers(board: Board, cards: Sequence[Card], width: int, rows: int) -> list[Row]:
    """What `cards` say to one prompt, side by side, in exactly `rows` rows."""
    followed = board.followed
    if followed is None:
        return fit_rows([figures.rule((Span("answers", "title"),), (), width), _PATIENCE], rows)
    said = {answer.backend: answer for answer in followed.answers}
    edges = [width * number // len(cards) for number in range(len(cards) + 1)]
    drawn = [
        _column(card, said.get(card.window.now.name), right - left, rows - 1)
        for card, (left, right) in zip(cards, pairwise(edges), strict=True)
    ]
    return [_rule(followed.index, followed.prompt, width), *(sum(parts, BLANK) for parts in zip(*drawn, strict=True))]


def _rule(index: int, prompt: str, width: int) -> Row:
    title: Row = (Span("answers", "title"), Span(f" to prompt {index:,}: ", "dim"))
    room = width - row_width(title) - 5
    return figures.rule((*title, Span(fit(prompt, room) if len(prompt) > room else prompt, "dim")), (), width)


def _column(card: Card, answer: Answer | None, width: int, rows: int) -> list[Row]:
    """Name, state and the time it took, and as much of the end of the answer as fits."""
    state = _STATES[answer.state if answer else "waiting"]
    thinking = answer is not None and answer.reasoning and answer.state != "waiting"
    words = "thinking" if thinking and answer and answer.state == "writing" else state.text
    took = f" {duration(answer.took_ns).strip()}" if answer and answer.took_ns else ""
    end: Row = (Span(f" {words}", state.role), Span(took, "dim"), Span(" "), figures.label(card))
    room = width - 2
    if row_width(figures.name(card)) + row_width(end) > room:
        end = (end[0], *end[2:])
    name = fit_row(figures.name(card), max(room - row_width(end), 4))
    title: Row = fit_row((Span(" "), *name, *end), width)
    lines = [line for text in (answer.paragraphs if answer else ()) for line in lines_of(text, max(room, 2))]
    role = "dim" if thinking else ""
    body: list[Row] = [(Span(" "), Span(line, role)) for line in lines[-max(rows - 1, 1) :]]
    return [fit_row(row, width) for row in fit_rows([title, *body], rows)]
