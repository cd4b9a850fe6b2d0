"""The answers of all backends to one prompt, ready to be read: safe lines, without marks that change widths."""

from dataclasses import dataclass
from typing import Final

from ..backends.printable import printable
from ..engine.following import LONGEST_PROMPT, TAIL
from ..engine.frame import Answered, Followed

_NO_WIDTH: Final = dict.fromkeys(range(0xFE00, 0xFE10))
"""Variation selectors: terminals disagree on how wide they make an emoji."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of one backend's answer.

    Attributes:
        paragraphs: safe lines of any length, oldest first.
        reasoning: whether they are reasoning, before any answer.
        took_ns: how long it took as far as it has come; 0 where that is not known.
    """

    backend: str
    state: Answered
    reasoning: bool
    paragraphs: tuple[str, ...]
    took_ns: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What all said to prompt number `index`, of which `prompt` is the beginning in one line."""

    index: int
    prompt: str
    answers: tuple[Answer, ...]


def readable(followed: Followed) -> Answers:
    """`followed` with every text made safe."""
    return Answers(
        followed.index,
        _safe(followed.prompt, LONGEST_PROMPT),
        tuple(
            Answer(
                each.backend,
                each.state,
                each.reasoning,
                tuple(line for raw in each.text[-TAIL:].splitlines() if (line := _safe(raw, TAIL))),
                each.took_ns,
            )
            for each in followed.answers
        ),
    )


def _safe(text: str, limit: int) -> str:
    return printable(text.translate(_NO_WIDTH), limit)
