"""What the next step works on: one pure planning function for each kind of machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from .model import NS_PER_S, Work, attention_pairs, prefill_alone_ns, prompt_ns, step_ns, token_ns
from .stacks import MemoryMachine, SramMachine, Stack


@dataclass(slots=True, eq=False)
class Running:
    """An admitted request.

    Attributes:
        id: the request's.
        input_tokens: length of its prompt.
        output_tokens: length its answer will have.
        prompt_left: prompt tokens not worked on yet.
        produced: output tokens so far; the first comes with the end of the prompt.
    """

    id: int
    input_tokens: int
    output_tokens: int
    prompt_left: int
    produced: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One step.

    Attributes:
        duration_ns: how long it takes, before scatter.
        decoding: those that get `tokens` more output tokens each.
        tokens: how many.
        prefill: who has how much of its prompt worked on.
    """

    duration_ns: int
    decoding: Sequence[Running] = ()
    tokens: int = 1
    prefill: Sequence[tuple[Running, int]] = ()


def plan_step(stack: Stack, running: Sequence[Running]) -> Plan:
    """What `running` (not empty, oldest first) does next."""
    decoding = [one for one in running if not one.prompt_left]
    prompts = [one for one in running if one.prompt_left]
    match stack.machine:
        case SramMachine() as machine:
            return _beside(machine, decoding, prompts)
        case MemoryMachine(prefill_budget_tokens=None) as machine if prompts:
            oldest = prompts[0]
            return Plan(prefill_alone_ns(stack, machine, oldest.prompt_left), prefill=[(oldest, oldest.prompt_left)])
        case MemoryMachine() as machine:
            return _chunked(stack, machine, decoding, prompts)


def _chunked(stack: Stack, machine: MemoryMachine, decoding: list[Running], prompts: list[Running]) -> Plan:
    """Chunked prefill: decode goes first, prompts share what is left of the step's budget, oldest first."""
    budget = (machine.prefill_budget_tokens or 0) - len(decoding)
    prefill = []
    pairs = 0
    for one in prompts:
        tokens = min(one.prompt_left, budget)
        if tokens <= 0:
            break
        prefill.append((one, tokens))
        pairs += attention_pairs(one.input_tokens - one.prompt_left, tokens)
        budget -= tokens
    work = Work(
        sequences=len(decoding) + len(prefill),
        decoding=len(decoding),
        context_tokens=sum(one.input_tokens + one.produced for one in decoding),
        prefill_tokens=sum(tokens for _, tokens in prefill),
        prefill_pairs=pairs,
    )
    return Plan(step_ns(stack, machine, work), decoding, prefill=prefill)


def _beside(machine: SramMachine, decoding: list[Running], prompts: list[Running]) -> Plan:
    """Prompts are read beside the decoding; the step ends with a chunk, or earlier where an answer or prompt ends."""
    each_ns = token_ns(machine, len(decoding))
    tokens = min([machine.tokens_per_chunk, *(one.output_tokens - one.produced for one in decoding)])
    duration_ns = tokens * each_ns
    if prompts:
        first_ns = min(prompt_ns(machine, one.prompt_left) for one in prompts)
        if not decoding:
            duration_ns = min(duration_ns, first_ns)
        elif first_ns < duration_ns:
            tokens = -(-first_ns // each_ns)  # rounded up
            duration_ns = tokens * each_ns
    read = round(duration_ns * machine.prefill_tok_s / NS_PER_S)
    return Plan(duration_ns, decoding, tokens, [(one, min(one.prompt_left, read)) for one in prompts])
