"""`classification`: a long text in, one label out."""

from ...backends.base import Message
from ..draws import Draws
from .lengths import Fixed, Lognormal
from .prose import passage, pick_topic
from .workload import Workload

_LABELS = "complaint, question, order, cancellation, praise, other"


def _compose(draws: Draws, characters: int) -> tuple[Message, ...]:
    before = f"Read the message and answer with exactly one of these labels: {_LABELS}.\n\nMessage:\n"
    after = "\n\nLabel:"
    text = passage(draws, pick_topic(draws), max(characters - len(before) - len(after), 80))
    return (Message("user", f"{before}{text}{after}"),)


CLASSIFICATION = Workload(
    name="classification",
    summary="a long text in, one label out",
    input_tokens=Lognormal(median=700, sigma=0.6, low=60, high=6000),
    output_tokens=Fixed(8),
    compose=_compose,
)
