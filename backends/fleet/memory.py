"""Does a model fit, and how much of the memory that is paid for is needed?"""

from dataclasses import dataclass

from .machines import MemoryMachine
from .model import kv_capacity_tokens, weight_bytes
from .stack import Stack


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of one replica.

    Attributes:
        bought_gb: of all its chips.
        usable_gb: for weights, keys and values; the rest is the engine's.
        weights_gb: taken by the weights.
        kv_tokens: tokens whose keys and values fit beside them; below zero where not even the weights fit.
        kv_gb_per_token: what each of them takes.
    """

    bought_gb: float
    usable_gb: float
    weights_gb: float
    kv_tokens: int
    kv_gb_per_token: float

    def needed_gb(self, context_tokens: int) -> float:
        """Weights, and keys and values of `context_tokens` of all running sequences together."""
        return self.weights_gb + context_tokens * self.kv_gb_per_token


def memory_of(stack: Stack) -> Memory:
    """The memory of one replica of `stack`."""
    machine = stack.machine
    copies = machine.kv_copies if isinstance(machine, MemoryMachine) else 1
    bought_gb = machine.memory_gb * stack.chips
    return Memory(
        bought_gb=bought_gb,
        usable_gb=bought_gb * machine.memory_share,
        weights_gb=weight_bytes(stack) / 1e9,
        kv_tokens=kv_capacity_tokens(stack),
        kv_gb_per_token=stack.model.kv_bytes_per_token * copies / 1e9,
    )


LEAST_CONTEXT_TOKENS = 4096
"""A stack that cannot hold one request of this length is of no use."""


def why_not(stack: Stack) -> str:
    """Why `stack` cannot serve its model: one sentence without a full stop; "" if it can."""
    memory = memory_of(stack)
    least = min(LEAST_CONTEXT_TOKENS, stack.model.context_tokens)
    have = f"{stack.chips} × {stack.accelerator} has {memory.bought_gb:,.0f} GB, {memory.usable_gb:,.0f} of it usable"
    weights = f"{stack.model.name} in {stack.precision} has {memory.weights_gb:,.1f} GB of weights"
    if memory.weights_gb > memory.usable_gb:
        return f"{weights}; {have}"
    if memory.kv_tokens < least:
        left = max(0, memory.kv_tokens)
        return f"{weights} and leaves room for the keys and values of {left:,} tokens, less than {least:,}; {have}"
    return ""
