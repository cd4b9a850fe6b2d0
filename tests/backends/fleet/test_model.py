"""The cost model in its shape; `calibration/` compares it with published figures."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.fleet.model import (
    Work,
    attention_pairs,
    power_w,
    prefill_alone_ns,
    prompt_ns,
    step_ns,
    token_ns,
)
from infertop.backends.fleet.stacks import CATALOGUE, INFERENTIA2, MemoryMachine, SramMachine, Stack, find_stack

MEMORY_STACKS = [stack for stack in CATALOGUE.values() if isinstance(stack.machine, MemoryMachine)]
DENSE, EXPERTS = find_stack("h100x2/qwen3-32b"), find_stack("h100x2/gpt-oss-120b")

OTHERS = [find_stack("mi300x/mixtral-8x7b"), find_stack("b200/gpt-oss-20b")]

memory_stacks = st.sampled_from([*MEMORY_STACKS, EXPERTS, *OTHERS])


def decode_ms(stack: Stack, batch: int, context: int) -> float:
    assert isinstance(stack.machine, MemoryMachine)
    return step_ns(stack, stack.machine, Work(batch, batch, batch * context)) / 1e6


@given(stack=memory_stacks, batch=st.integers(1, 500), context=st.integers(1, 8000), prefill=st.integers(0, 8000))
def test_more_work_never_takes_less_time(stack: Stack, batch: int, context: int, prefill: int) -> None:
    def cost(batch: int, context: int, prefill: int) -> int:
        return step_ns(stack, stack.machine, Work(batch, batch, context, prefill, attention_pairs(0, prefill)))

    here = cost(batch, context, prefill)
    assert cost(batch + 1, context, prefill) > here
    assert cost(batch, context + 1000, prefill) > here
    assert cost(batch, context, prefill + 1000) > here


@given(
    stack=memory_stacks,
    batch=st.integers(1, 500),
    context=st.integers(0, 10**6),
    steps=st.integers(1, 10_000),
    prefill=st.integers(0, 8000),
)
def test_a_step_grows_in_proportion_to_the_context(
    stack: Stack, batch: int, context: int, steps: int, prefill: int
) -> None:
    """So that many steps of the same sequences have a closed form."""

    def cost(context: int) -> int:
        return step_ns(stack, stack.machine, Work(batch, batch, context, prefill))

    grown = batch * steps
    middle = (cost(context) + cost(context + 2 * grown)) / 2
    assert cost(context + grown) == pytest.approx(middle, abs=2)


@given(tokens=st.integers(1, 5000), cut=st.integers(0, 5000))
def test_chunks_of_a_prompt_look_at_as_many_pairs_as_the_whole(tokens: int, cut: int) -> None:
    first = min(cut, tokens)
    split = attention_pairs(0, first) + attention_pairs(first, tokens - first)
    assert abs(split - attention_pairs(0, tokens)) <= 1


def test_faster_memory_decodes_faster() -> None:
    h100, h200 = CATALOGUE["h100"], CATALOGUE["h200"]
    assert decode_ms(h200, 1, 500) < decode_ms(h100, 1, 500)


def test_chips_that_share_a_layer_decode_faster_but_never_in_proportion() -> None:
    alone, two, eight = (decode_ms(find_stack(f"h100x{chips}/llama-3.1-8b"), 1, 500) for chips in (1, 2, 8))
    assert eight > alone / 8
    assert two < alone
    assert eight > two / 2


def test_fewer_bits_decode_faster_but_not_twice_as_fast() -> None:
    whole, half = (decode_ms(find_stack(f"h100x4/llama-3.3-70b/{bits}"), 1, 500) for bits in ("bf16", "fp8"))
    assert 1.05 < whole / half < 2


def test_experts_load_more_weights_as_the_batch_grows() -> None:
    """A dense model reads all its weights for one token; routed experts are read as they are hit."""
    assert DENSE.costs is not None
    assert EXPERTS.costs is not None
    assert DENSE.costs.read_s(1) == DENSE.costs.read_s(512)
    reads = [EXPERTS.costs.read_s(tokens) for tokens in (1, 4, 16, 64, 256)]
    assert all(a < b for a, b in pairwise(reads))
    assert reads[-1] > 5 * reads[0]
    assert reads[-1] - reads[-2] < reads[2] - reads[1]  # nearly all are hit by then
    growth_experts, growth_dense = (decode_ms(one, 32, 500) / decode_ms(one, 1, 500) for one in (EXPERTS, DENSE))
    assert growth_experts > 1.5 * growth_dense


def test_prompts_of_long_context_cost_more_than_their_length() -> None:
    short, long = (prefill_alone_ns(INFERENTIA2, INFERENTIA2.machine, tokens) for tokens in (2_000, 64_000))
    assert long > 40 * short


@pytest.mark.parametrize("stack_id", ["groq", "cerebras", "groq/gpt-oss-120b", "cerebras/llama-3.1-8b"])
def test_an_sram_machine_is_flat_until_its_slots_are_full(stack_id: str) -> None:
    machine = find_stack(stack_id).machine
    assert isinstance(machine, SramMachine)
    assert token_ns(machine, 1) == token_ns(machine, machine.slots) == pytest.approx(machine.token_ms * 1e6, abs=1)
    assert token_ns(machine, 2 * machine.slots) == pytest.approx(2 * machine.token_ms * 1e6, abs=1)


def test_a_deeper_model_is_slower_on_an_sram_machine() -> None:
    for name in ("groq", "cerebras"):
        shallow, deep = (find_stack(f"{name}/{model}").machine for model in ("gpt-oss-20b", "gpt-oss-120b"))
        assert deep.token_ms == pytest.approx(shallow.token_ms * 36 / 24)


@given(tokens=st.integers(1, 10**6), rate=st.integers(1, 10**6))
def test_the_time_of_a_prompt_is_enough_to_read_it(tokens: int, rate: int) -> None:
    machine = replace(CATALOGUE["groq"].machine, prefill_tok_s=rate)
    assert prompt_ns(machine, tokens) * rate // 10**9 >= tokens > (prompt_ns(machine, tokens) - 1) * rate // 10**9


@pytest.mark.parametrize("stack", CATALOGUE.values(), ids=list(CATALOGUE))
def test_power_rises_with_the_batch_and_stays_below_the_design_power(stack: Stack) -> None:
    watts = [power_w(stack, running) / stack.chips for running in range(stack.max_batch + 1)]
    assert watts[0] == pytest.approx(stack.power.idle_w)
    assert watts[0] < watts[1]
    assert all(a <= b for a, b in pairwise(watts))
    assert watts[-1] <= stack.power.most_w


def test_a_replica_costs_what_a_stack_costs() -> None:
    one, two = find_stack("h100"), find_stack("h100/replicas=2")
    assert decode_ms(one, 8, 500) == decode_ms(two, 8, 500)
    assert power_w(one, 8) == power_w(two, 8)
    assert two.all_chips == 2 * one.all_chips
