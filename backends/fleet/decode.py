"""What steps of the same decoding sequences cost on a memory machine: a line in their context.

Between two of them only the contexts grow, so many can be worked out at a time. The line is found by asking
`model.step_ns`, so there is one cost model.
"""

from typing import Final, NamedTuple

from .model import Work, step_ns
from .stacks import MemoryMachine, Stack

_FAR_TOKENS: Final = 10**10
"""So far apart, whole nanoseconds tell the slope to 10^-10 ns a token."""


class DecodeCost(NamedTuple):
    """A step takes `base_ns` + `context_ns` · context, before scatter and rounding.

    Attributes:
        base_ns: whatever the context.
        context_ns: for each token whose keys and values are read.
    """

    base_ns: float
    context_ns: float


def decode_cost(stack: Stack, machine: MemoryMachine, decoding: int) -> DecodeCost:
    """The cost of steps in which `decoding` sequences get a token each; within 1 ns of `step_ns`."""

    def at(context_tokens: int) -> int:
        return step_ns(stack, machine, Work(sequences=decoding, decoding=decoding, context_tokens=context_tokens))

    return DecodeCost(float(at(0)), (at(_FAR_TOKENS) - at(0)) / _FAR_TOKENS)
