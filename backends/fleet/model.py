"""What a step costs on a simulated stack: pure functions (simulation.md, "Form").

A step of a memory machine is reading and multiplying weights (the longer hides the other), then reading keys and
values, attention, exchanges between chips, launches and scheduling, which nothing hides. It grows in proportion to
the context, so steps of the same sequences have a closed form. Times are integer nanoseconds, before `scatter`.
"""

from dataclasses import dataclass
from typing import Final

from .costs import StepCosts
from .machines import MemoryMachine, SramMachine
from .stack import Stack

NS_PER_S: Final = 1_000_000_000

USUAL_CONTEXT_TOKENS: Final = 1000
"""Context of a sequence where only the number of sequences is known."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one step of a memory machine has to do.

    Attributes:
        sequences: sequences in the step, decoding or prefilling.
        decoding: those that get one token each.
        context_tokens: tokens whose keys and values the decoding sequences read.
        prefill_tokens: prompt tokens worked on.
        prefill_pairs: (token, earlier token) pairs that their attention looks at.
    """

    sequences: int
    decoding: int
    context_tokens: int
    prefill_tokens: int = 0
    prefill_pairs: int = 0


def attention_pairs(before: int, tokens: int) -> int:
    """Pairs that `tokens` new prompt tokens look at when `before` were worked on earlier."""
    return tokens * before + tokens * tokens // 2


def weight_bytes(stack: Stack) -> float:
    """Bytes of all weights."""
    return stack.model.weight_bytes(stack.precision)


def kv_capacity_tokens(stack: Stack) -> int:
    """Tokens whose keys and values fit beside the weights of one replica."""
    machine = stack.machine
    copies = machine.kv_copies if isinstance(machine, MemoryMachine) else 1
    room = machine.memory_gb * 1e9 * stack.chips * machine.memory_share - weight_bytes(stack)
    windows = stack.max_batch * stack.model.window_bytes * copies
    return int((room - windows) / (stack.model.kv_bytes_per_token * copies))


def step_ns(stack: Stack, _: MemoryMachine, work: Work) -> int:
    """One step of a memory machine; linear in `work.context_tokens`."""
    costs = _costs(stack)
    tokens = work.decoding + work.prefill_tokens
    seconds = (
        costs.products_s(tokens)
        + tokens * costs.exchange_s
        + work.context_tokens * costs.context_s
        + work.prefill_pairs * costs.pair_s
        + work.sequences * costs.sequence_s
        + costs.fixed_s
    )
    if work.prefill_tokens:
        seconds += costs.prompt_s
    return round(seconds * NS_PER_S)


def prefill_alone_ns(stack: Stack, _: MemoryMachine, input_tokens: int) -> int:
    """A whole prompt by itself on a machine without chunked prefill, where reading and computing add up.

    They do add up in the published Inferentia2 figures: 78 ms for 128 tokens, 745 ms for 2,048.
    """
    costs = _costs(stack)
    seconds = (
        costs.read_s(input_tokens)
        + input_tokens * (costs.token_s + costs.exchange_s)
        + attention_pairs(0, input_tokens) * costs.pair_s
        + costs.sequence_s
        + costs.fixed_s
        + costs.prompt_s
    )
    return round(seconds * NS_PER_S)


def token_ns(machine: SramMachine, decoding: int) -> int:
    """Time between two tokens of each of `decoding` streams of an SRAM machine."""
    return round(machine.token_ms * (decoding / machine.slots if decoding > machine.slots else 1.0) * 1e6)


def prompt_ns(machine: SramMachine, tokens: int) -> int:
    """Time in which an SRAM machine reads `tokens` of a prompt."""
    return -(-tokens * NS_PER_S // machine.prefill_tok_s)


def power_w(stack: Stack, running: int, context_tokens: int | None = None) -> float:
    """Watts of all chips of one replica while `running` sequences decode.

    Args:
        stack: the stack.
        running: sequences in the batch; 0 is idle.
        context_tokens: of all of them together; `USUAL_CONTEXT_TOKENS` each where not given.
    """
    power = stack.power
    if not running:
        return stack.chips * power.idle_w
    return stack.chips * min(power.most_w, power.active_w + power.busy_w * _busy(stack, running, context_tokens))


def _busy(stack: Stack, running: int, context_tokens: int | None) -> float:
    """Share of the time in which the chips read or compute while `running` sequences decode.

    An SRAM machine's memory is so far beyond need that its streams, of those it has room for, stand for it.
    """
    if isinstance(stack.machine, SramMachine):
        return min(1.0, running / stack.max_batch)
    context = running * USUAL_CONTEXT_TOKENS if context_tokens is None else context_tokens
    seconds = step_ns(stack, stack.machine, Work(running, running, context)) / NS_PER_S
    return 1 - _costs(stack).fixed_s / seconds


def _costs(stack: Stack) -> StepCosts:
    assert stack.costs is not None, "an SRAM machine has no steps"
    return stack.costs
