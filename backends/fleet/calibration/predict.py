"""What the model says a published row should have shown, by the way its source measured.

steady     a server kept at a batch size: the mean and the quantiles over steps, each with as many new prompts as
           answers ended, worked on in chunks. The scheduler's own arithmetic without its queue.
at once    all prompts at the start, then decoding until the last answer ends.
static     Neuron's static batch: contexts padded to a power of two; prompt and decode measured apart.
stream     one user of a hosted machine.
"""

import math
from collections.abc import Mapping
from functools import cache
from random import Random
from statistics import NormalDist
from typing import Final

from ..catalogue import build
from ..families import Parameters
from ..machines import MemoryMachine, SramMachine
from ..model import NS_PER_S, Work, attention_pairs, power_w, prefill_alone_ns, step_ns, token_ns
from ..stack import Stack
from .points import Metric, Point

_STEPS: Final = 400
_OUTPUT_SPREAD: Final = 0.8
"""Standard deviation of answer lengths over their mean; longer answers are met more often while they run."""


def predict(point: Point, fitted: Parameters, load: Parameters) -> Mapping[Metric, float]:
    """The metrics of `point` as modelled.

    Args:
        point: what was measured.
        fitted: its family's parameters.
        load: what was found about the load where the source does not say (`priors.WORKLOAD`).
    """
    stack = build(point.platform, model=point.model, precision=point.precision, chips=point.chips, fitted=fitted)
    machine = stack.machine
    if isinstance(machine, SramMachine):
        limits = point.platform.sram
        guessed = limits.speculation.get(point.model.name, 1.0) if limits else 1.0  # the points are without it
        return {"tok_s": NS_PER_S / token_ns(machine, round(point.batch)) / guessed}
    match point.load:
        case "at once":
            return _at_once(point, stack, machine)
        case "static":
            return _static(point, stack, machine)
        case _:
            return _steady(point, stack, machine, load)


def _steady(point: Point, stack: Stack, machine: MemoryMachine, load: Parameters) -> Mapping[Metric, float]:
    batch = round(point.batch)
    mean_input = point.input_tokens or load[f"{point.prompts}_tokens"]
    spread = load["prompt_spread"] if point.prompts else 0.0
    context = mean_input + point.output_tokens * (1 + (_OUTPUT_SPREAD**2 if point.prompts else 0.0)) / 2
    context_tokens = round(batch * context)
    budget = (machine.prefill_budget_tokens or 0) - batch
    plain_ns = step_ns(stack, machine, Work(batch, batch, context_tokens))
    steps_ns = []
    left = 0
    for prompts in _arrivals(batch / point.output_tokens):
        left += sum(max(1, round(mean_input * math.exp(spread * z - spread**2 / 2))) for z in prompts)
        tokens = min(left, budget)
        left -= tokens
        if not tokens:
            steps_ns.append(plain_ns)
            continue
        pairs = attention_pairs(0, tokens) // max(1, len(prompts))
        work = Work(batch + max(1, len(prompts)), batch, context_tokens, tokens, pairs)
        steps_ns.append(step_ns(stack, machine, work))
    steps_ns.sort()
    stalls = 1 + stack.tail.stall_share * stack.tail.stall_scale
    mean_ns = sum(steps_ns) / len(steps_ns) * stalls
    prompt_tokens = round(mean_input)
    prompt_ns = step_ns(
        stack, machine, Work(batch + 1, batch, context_tokens, prompt_tokens, attention_pairs(0, prompt_tokens))
    )
    modelled: dict[Metric, float] = {
        "tok_s": point.batch * NS_PER_S / mean_ns,
        "itl_p50_ms": steps_ns[len(steps_ns) // 2] / 1e6,
        "itl_p99_ms": steps_ns[len(steps_ns) * 99 // 100] / 1e6,
        "tpot_p50_ms": mean_ns / 1e6,
        "ttft_p50_ms": stack.front_end_ms + (mean_ns / 2 + prompt_ns) / 1e6,
        "power_w": power_w(stack, batch, context_tokens),
    }
    if not point.prompts:
        modelled["ttft_p99_ms"] = stack.front_end_ms + _all_prompts_ms(point, stack, machine)
    return modelled


def _all_prompts_ms(point: Point, stack: Stack, machine: MemoryMachine) -> float:
    """Until the last of a batch of prompts that came at once has been read: how a closed loop begins."""
    batch, budget = round(point.batch), machine.prefill_budget_tokens or 1
    half = batch // 2  # are decoding, in the mean
    full = Work(half, half, half * point.input_tokens, budget - half, attention_pairs(0, point.input_tokens))
    return batch * point.input_tokens / (budget - half) * step_ns(stack, machine, full) / 1e6


@cache
def _arrivals(rate: float) -> tuple[tuple[float, ...], ...]:
    """For each step, a normal deviate for each new prompt: Poisson arrivals, the same in every call."""
    random = Random(f"steps/{rate}")  # noqa: S311  reproducible, not secret
    shares = [(index + 0.5) / _STEPS for index in range(_STEPS)]
    random.shuffle(shares)
    counts = [_poisson(rate, share) for share in shares]
    lengths = [(index + 0.5) / max(1, sum(counts)) for index in range(sum(counts))]
    random.shuffle(lengths)
    deviates = iter([NormalDist().inv_cdf(share) for share in lengths])
    return tuple(tuple(next(deviates) for _ in range(count)) for count in counts)


def _poisson(rate: float, share: float) -> int:
    """The quantile of a Poisson distribution."""
    count, chance = 0, math.exp(-rate)
    while share > chance and count < 1000:
        share -= chance
        count += 1
        chance *= rate / count
    return count


def _at_once(point: Point, stack: Stack, machine: MemoryMachine) -> Mapping[Metric, float]:
    batch, output = round(point.batch), point.output_tokens
    prompts_ns = step_ns(
        stack,
        machine,
        Work(batch, 0, 0, batch * point.input_tokens, batch * attention_pairs(0, point.input_tokens)),
    )
    mean_context = round(batch * (point.input_tokens + output / 2))
    decode_ns = (output - 1) * step_ns(stack, machine, Work(batch, batch, mean_context))
    stalls = 1 + stack.tail.stall_share * stack.tail.stall_scale
    return {"tok_s": batch * output * NS_PER_S / (prompts_ns + decode_ns * stalls)}


def _static(point: Point, stack: Stack, machine: MemoryMachine) -> Mapping[Metric, float]:
    batch = round(point.batch)
    first, last = point.input_tokens, point.input_tokens + round(point.output_tokens)
    middle = (first + last) // 2

    def decode_ns(context: float) -> int:
        padded = context / point.platform.cache_padding  # the machine pads on average, here it is known exactly
        return step_ns(stack, machine, Work(batch, batch, round(batch * padded)))

    alone_ns = prefill_alone_ns(stack, machine, first)
    each_ns = alone_ns - prefill_alone_ns(stack, machine, 0)
    return {
        "tok_s": batch * NS_PER_S / decode_ns(_mean_padded(first, last)),
        "tpot_p50_ms": decode_ns(_padded(middle)) / 1e6,
        "ttft_p50_ms": (alone_ns + (batch - 1) * each_ns) / 1e6,
    }


def _padded(context: int) -> int:
    return 1 << max(0, context - 1).bit_length()


def _mean_padded(first: int, last: int) -> float:
    """Mean of `_padded` over contexts above `first` up to `last`."""
    total, context = 0, first
    while context < last:
        up_to = min(last, _padded(context + 1))
        total += (up_to - context) * _padded(context + 1)
        context = up_to
    return total / (last - first)
