"""`chat`: a conversation of several turns; lengths of the Azure 2023 conversation trace."""

from ...backends.base import Message
from ..draws import Draws
from .lengths import Empirical
from .prose import passage, pick_topic, question
from .workload import Workload

_EARLIER_TURNS = (0, 0, 1, 1, 1, 2, 2, 3)
_ANSWERS_SHARE = 0.7
_LEAST_TURN_CHARACTERS = 200


def _compose(draws: Draws, characters: int) -> tuple[Message, ...]:
    topic = pick_topic(draws)
    last = question(draws, topic)
    questions = [question(draws, topic) for _ in range(draws.pick(_EARLIER_TURNS))]
    left = characters - len(last) - sum(map(len, questions))
    if left < _LEAST_TURN_CHARACTERS * len(questions):
        questions, left = [], characters - len(last)
    messages: list[Message] = []
    context = left
    if questions:
        answers = int(left * _ANSWERS_SHARE)
        context = left - answers
        for asked in questions:
            messages += [
                Message("user", asked),
                Message("assistant", passage(draws, topic, answers // len(questions))),
            ]
    background = passage(draws, topic, context - 2)
    messages.append(Message("user", f"{background}\n\n{last}" if background else last))
    return tuple(messages)


CHAT = Workload(
    name="chat",
    summary="conversation of one to four turns",
    # Quantiles .5, .9 and .99 are those of the whole conversation trace (backends.md, "Traces"); the others are
    # read off one minute of it, .75 such that the mean input is about 1,160 tokens.
    input_tokens=Empirical((0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1), (24, 366, 393, 1020, 1250, 2734, 4142, 6800)),
    output_tokens=Empirical((0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1), (8, 45, 68, 129, 385, 424, 601, 1000)),
    compose=_compose,
)
