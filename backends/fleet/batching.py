"""What a step works on and how long it takes before scatter: one pure planning function for each kind of machine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from .model import NS_PER_S, Work, attention_pairs, prefill_alone_ns, prompt_ns, step_ns, token_ns
from .stacks import MemoryMachine, SramMachine, Stack


@dataclass(slots=True, eq=False)
class Running:
    """An admitted request.

    Attributes:
        id: the request's.
        input_tokens: length of its prompt.
        output_tokens: length its answer will have.
        to_read: tokens to be worked on before it decodes: the prompt, and what was generated before it was preempted.
        prompt_left: those of them not worked on yet.
        finish_at: decoding: the scheduler's count of tokens at which it is complete.
    """

    id: int
    input_tokens: int
    output_tokens: int
    to_read: int
    prompt_left: int
    finish_at: int = 0


_ENDLESS: Final = 1 << 62

Prefill = Sequence[tuple[Running, int]]
"""Who has how many tokens of its prompt worked on."""


class Plan(NamedTuple):
    """One step, or several alike.

    Attributes:
        duration_ns: how long each takes, before scatter.
        tokens: output tokens that each decoding request gets at the end of each.
        prefill: what of the prompts each works on.
        steps: after at most so many the plan is another.
    """

    duration_ns: float
    tokens: int
    prefill: Prefill = ()
    steps: int = 1


def plan_alone(stack: Stack, machine: MemoryMachine, oldest: Running) -> Plan:
    """No chunked prefill: the oldest prompt is worked on whole, and everyone else waits."""
    return Plan(prefill_alone_ns(stack, machine, oldest.prompt_left), 0, [(oldest, oldest.prompt_left)])


def plan_chunked(
    stack: Stack, machine: MemoryMachine, budget: int, decoding: int, context_tokens: int, prompts: Iterable[Running]
) -> Plan:
    """Chunked prefill: decode goes first, prompts share what is left of the step's budget, oldest first."""
    budget -= decoding
    prefill = []
    pairs = read = 0
    for one in prompts:
        tokens = min(one.prompt_left, budget)
        if tokens <= 0:
            break
        prefill.append((one, tokens))
        pairs += attention_pairs(one.to_read - one.prompt_left, tokens)
        read += tokens
        budget -= tokens
    work = Work(
        sequences=decoding + len(prefill),
        decoding=decoding,
        context_tokens=context_tokens,
        prefill_tokens=read,
        prefill_pairs=pairs,
    )
    return Plan(step_ns(stack, machine, work), 1, prefill)


def plan_beside(machine: SramMachine, decoding: int, least_left: int, prompts: Sequence[Running]) -> Plan:
    """Prompts are read beside the decoding; a step ends with a chunk, or earlier where an answer or prompt ends.

    Args:
        machine: the machine.
        decoding: requests that decode.
        least_left: tokens that the first of them to end still gets; ignored when none decodes.
        prompts: those that are read.
    """
    each_ns = token_ns(machine, decoding)
    tokens = machine.tokens_per_chunk
    if decoding and least_left < tokens:
        tokens = least_left
    duration_ns = tokens * each_ns
    steps = least_left // tokens if decoding else _ENDLESS
    if not prompts:
        return Plan(duration_ns, tokens, (), steps)
    left = min([one.prompt_left for one in prompts])
    first_ns = prompt_ns(machine, left)
    if first_ns < duration_ns:
        steps = 1
        if decoding:
            tokens = -(-first_ns // each_ns)  # rounded up
        duration_ns = tokens * each_ns if decoding else first_ns
    read = max(1, round(duration_ns * machine.prefill_tok_s / NS_PER_S))
    if read >= left:
        return Plan(duration_ns, tokens, [(one, min(one.prompt_left, read)) for one in prompts])
    steps = min(steps, (left - 1) // read)  # no prompt ends within several
    return Plan(duration_ns, tokens, [(one, read) for one in prompts], steps)
