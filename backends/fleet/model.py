"""What a step costs on a simulated stack: pure functions (simulation.md, "Form").

Times are integer nanoseconds, before the scatter of `tail_factor`.
"""

import math
from dataclasses import dataclass
from random import Random
from typing import Final

from .stacks import MemoryMachine, Model, SramMachine, Stack, Tail

NS_PER_S: Final = 1_000_000_000


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
    return stack.model.parameters * stack.bytes_per_weight


def kv_capacity_tokens(stack: Stack) -> int:
    """Tokens whose keys and values fit beside the weights."""
    machine = stack.machine
    room = machine.memory_gb * 1e9 * stack.chips * machine.memory_share - weight_bytes(stack)
    copies = machine.kv_copies if isinstance(machine, MemoryMachine) else 1
    return int(room / (stack.model.kv_bytes_per_token * copies))


def step_ns(stack: Stack, machine: MemoryMachine, work: Work) -> int:
    """One step of a memory machine: the longer of reading and computing, then what is never hidden behind them."""
    read_s = _read_s(stack, machine, work.context_tokens)
    compute_s = _compute_s(stack, machine, work.decoding + work.prefill_tokens, work.prefill_pairs)
    return round((max(read_s, compute_s) + _fixed_s(stack, machine, work.sequences)) * NS_PER_S)


def prefill_alone_ns(stack: Stack, machine: MemoryMachine, input_tokens: int) -> int:
    """A whole prompt by itself on a machine without chunked prefill, where reading and computing add up.

    They do add up in the published Inferentia2 figures: 78 ms for 128 tokens, 745 ms for 2,048.
    """
    compute_s = _compute_s(stack, machine, input_tokens, attention_pairs(0, input_tokens))
    return round((_read_s(stack, machine, 0) + compute_s + _fixed_s(stack, machine, 1)) * NS_PER_S)


def token_ns(machine: SramMachine, decoding: int) -> int:
    """Time between two tokens of each of `decoding` streams of an SRAM machine."""
    return round(machine.token_ms * max(1.0, decoding / machine.slots) * 1e6)


def prompt_ns(machine: SramMachine, tokens: int) -> int:
    """Time in which an SRAM machine reads `tokens` of a prompt."""
    return -(-tokens * NS_PER_S // machine.prefill_tok_s)


def tail_factor(tail: Tail, random: Random) -> float:
    """What one step's time is multiplied by; its mean is 1 + stall_share · stall_scale."""
    factor = max(0.5, 1 + tail.jitter * random.gauss(0, 1))
    if random.random() < tail.stall_share:
        factor += random.expovariate(1 / tail.stall_scale)
    return factor


def power_w(stack: Stack, running: int) -> float:
    """Watts of the whole stack with `running` sequences.

    Rises fast and saturates below TDP: published decode power goes from 63 % of TDP at batch 8 to 89 % at 510.
    """
    power = stack.power
    if not running:
        return stack.chips * power.idle_w
    return stack.chips * (power.light_w + (power.full_w - power.light_w) * math.sqrt(running / stack.max_batch))


def _read_s(stack: Stack, machine: MemoryMachine, context_tokens: int) -> float:
    read = weight_bytes(stack) + context_tokens * stack.model.kv_bytes_per_token * machine.kv_copies
    return read / (machine.bandwidth_tb_s * 1e12 * stack.chips * machine.bandwidth_efficiency)


def _compute_s(stack: Stack, machine: MemoryMachine, tokens: int, pairs: int) -> float:
    return _flops(stack.model, tokens, pairs) / (machine.tflops * 1e12 * stack.chips * machine.compute_efficiency)


def _flops(model: Model, tokens: int, pairs: int) -> float:
    return 2 * model.parameters * tokens + 4 * model.layers * model.hidden * pairs


def _fixed_s(stack: Stack, machine: MemoryMachine, sequences: int) -> float:
    collectives_s = stack.model.layers * machine.collective_us * 1e-6
    return collectives_s + (machine.step_overhead_ms + machine.sequence_ms * sequences) * 1e-3
