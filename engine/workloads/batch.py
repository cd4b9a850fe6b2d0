"""`batch`: offline summaries of long documents."""

from ...backends.base import Message
from ..draws import Draws
from .lengths import Lognormal
from .prose import passage, pick_topic
from .workload import Workload


def _compose(draws: Draws, characters: int) -> tuple[Message, ...]:
    topic = pick_topic(draws)
    before = "Summarise the document in one paragraph, keeping every figure.\n\n"
    heading = f"# {topic.title}\n\n"
    text = passage(draws, topic, max(characters - len(before) - len(heading), 200))
    return (Message("user", f"{before}{heading}{text}"),)


BATCH = Workload(
    name="batch",
    summary="offline summaries of long documents",
    input_tokens=Lognormal(median=3000, sigma=0.6, low=400, high=14_000),
    output_tokens=Lognormal(median=220, sigma=0.4, low=64, high=800),
    compose=_compose,
)
