"""What a built-in workload is."""

from collections.abc import Callable
from dataclasses import dataclass

from ...backends.base import Message
from ..draws import Draws
from .lengths import Lengths

CHARACTERS_PER_TOKEN = 4
"""The usual ratio for English text; servers' own counts replace every estimate made with it."""

Compose = Callable[[Draws, int], tuple[Message, ...]]
"""(draws, characters wanted) to a conversation that ends with a user's message."""


class WorkloadError(ValueError):
    """A workload that does not exist or a file of prompts that cannot be used; the text is for a person."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of prompt.

    Attributes:
        name: what a person types.
        summary: one line on what it stands for.
        input_tokens: distribution of prompt lengths.
        output_tokens: distribution of answer lengths, sent as `max_tokens`.
        compose: writes a prompt of about so many characters; short ones may come out longer, never empty.
    """

    name: str
    summary: str
    input_tokens: Lengths
    output_tokens: Lengths
    compose: Compose
