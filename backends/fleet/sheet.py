"""A stack's data sheet: what it does at a given batch by the cost model alone, without queue or prompts."""

from dataclasses import dataclass
from typing import Final

from .machines import SramMachine
from .memory import memory_of
from .model import NS_PER_S, USUAL_CONTEXT_TOKENS, Work, power_w, step_ns, token_ns
from .stack import Stack

_BATCHES: Final = (1, 8, 32, 128, 512)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Steady decoding by one replica at contexts of `USUAL_CONTEXT_TOKENS`.

    Attributes:
        batch: sequences at once.
        gap_ms: between two tokens of one of them.
        tok_s: of all of them together.
        power_w: of the replica's chips.
        memory_gb: of weights, keys and values.
    """

    batch: int
    gap_ms: float
    tok_s: float
    power_w: float
    memory_gb: float


def operating_points(stack: Stack) -> tuple[OperatingPoint, ...]:
    """Batches from one to the most that run at once and fit."""
    memory = memory_of(stack)
    most = max(1, min(stack.max_batch, memory.kv_tokens // USUAL_CONTEXT_TOKENS))
    batches = [batch for batch in _BATCHES if batch < most] + [most]
    points = []
    for batch in batches:
        gap_ns = _gap_ns(stack, batch)
        context_tokens = batch * USUAL_CONTEXT_TOKENS
        points.append(
            OperatingPoint(
                batch=batch,
                gap_ms=gap_ns / 1e6,
                tok_s=batch * NS_PER_S / gap_ns,
                power_w=power_w(stack, batch, context_tokens),
                memory_gb=memory.needed_gb(context_tokens),
            )
        )
    return tuple(points)


def _gap_ns(stack: Stack, batch: int) -> int:
    if isinstance(stack.machine, SramMachine):
        return token_ns(stack.machine, batch)
    return step_ns(stack, stack.machine, Work(batch, batch, batch * USUAL_CONTEXT_TOKENS))
