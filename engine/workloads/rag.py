"""`rag`: retrieved passages and a question about them."""

from ...backends.base import Message
from ..draws import Draws
from .lengths import Lognormal
from .prose import passage, pick_topic, question
from .workload import Workload

_PASSAGES = (3, 4, 5, 6, 8)
_LEAST_PASSAGE_CHARACTERS = 120
_HEADING_CHARACTERS = 30


def _compose(draws: Draws, characters: int) -> tuple[Message, ...]:
    asked_about = pick_topic(draws)
    before = "Answer the question from the passages only, and name the passage you used.\n\n"
    after = f"Question: {question(draws, asked_about)}"
    count = draws.pick(_PASSAGES)
    each = (characters - len(before) - len(after)) // count - _HEADING_CHARACTERS
    topics = [asked_about, *(pick_topic(draws) for _ in range(count - 1))]
    passages = [
        f"[{number}] {topic.title}\n{passage(draws, topic, max(each, _LEAST_PASSAGE_CHARACTERS))}\n\n"
        for number, topic in enumerate(topics, start=1)
    ]
    return (Message("user", before + "".join(passages) + after),)


RAG = Workload(
    name="rag",
    summary="retrieved passages and a question about them",
    input_tokens=Lognormal(median=2400, sigma=0.5, low=300, high=12_000),
    output_tokens=Lognormal(median=160, sigma=0.6, low=16, high=1024),
    compose=_compose,
)
