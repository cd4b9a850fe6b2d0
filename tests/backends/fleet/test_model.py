"""The cost model: against the published rows its numbers were taken from, and in its shape."""

from dataclasses import replace
from itertools import pairwise
from random import Random

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
    tail_factor,
    token_ns,
)
from infertop.backends.fleet.stacks import H200, INFERENTIA2, MI300X, STACKS, TPU_V6E, MemoryMachine, Stack, Tail

H100 = replace(H200, machine=replace(H200.machine, bandwidth_tb_s=3.35, memory_gb=80))
MEMORY_STACKS = [stack for stack in STACKS.values() if isinstance(stack.machine, MemoryMachine)]


def decode_ms(stack: Stack, batch: int, context: int) -> float:
    assert isinstance(stack.machine, MemoryMachine)
    return step_ns(stack, stack.machine, Work(batch, batch, batch * context)) / 1e6


@pytest.mark.parametrize(
    ("stack", "batch", "context", "published_ms"),
    [
        pytest.param(H100, 8, 400, 16.57, id="mle220"),
        pytest.param(H100, 32, 400, 20.05, id="mle222"),
        pytest.param(H100, 128, 400, 27.87, id="mle225"),
        pytest.param(H100, 510, 400, 73.89, id="mle229"),
        pytest.param(TPU_V6E, 64, 1500, 23.1, id="tpu1"),
        pytest.param(INFERENTIA2, 1, 192, 32.2, id="neu_lat9"),
        pytest.param(INFERENTIA2, 1, 3072, 34.67, id="neu_lat4"),
    ],
)
def test_decode_step_is_near_the_published_median_itl(
    stack: Stack, batch: int, context: int, published_ms: float
) -> None:
    assert decode_ms(stack, batch, context) == pytest.approx(published_ms, rel=0.1)


@pytest.mark.parametrize(("tokens", "published_ms"), [(128, 77.81), (2048, 745.5)])
def test_prefill_alone_is_near_the_published_ttft(tokens: int, published_ms: float) -> None:
    assert prefill_alone_ns(INFERENTIA2, INFERENTIA2.machine, tokens) / 1e6 == pytest.approx(published_ms, rel=0.05)


@given(
    stack=st.sampled_from(MEMORY_STACKS),
    batch=st.integers(1, 500),
    context=st.integers(1, 8000),
    prefill=st.integers(0, 8000),
)
def test_more_work_never_takes_less_time(stack: Stack, batch: int, context: int, prefill: int) -> None:
    assert isinstance(stack.machine, MemoryMachine)

    def cost(batch: int, context: int, prefill: int) -> int:
        return step_ns(stack, stack.machine, Work(batch, batch, context, prefill, attention_pairs(0, prefill)))

    here = cost(batch, context, prefill)
    assert cost(batch + 1, context, prefill) > here
    assert cost(batch, context + 1000, prefill) >= here
    assert cost(batch, context, prefill + 1000) >= here


@given(tokens=st.integers(1, 5000), cut=st.integers(0, 5000))
def test_chunks_of_a_prompt_look_at_as_many_pairs_as_the_whole(tokens: int, cut: int) -> None:
    first = min(cut, tokens)
    split = attention_pairs(0, first) + attention_pairs(first, tokens - first)
    assert abs(split - attention_pairs(0, tokens)) <= 1


def test_faster_memory_decodes_faster() -> None:
    assert decode_ms(H200, 1, 500) < decode_ms(H100, 1, 500) < decode_ms(MI300X, 1, 500)


@pytest.mark.parametrize("stack_id", ["groq", "cerebras"])
def test_an_sram_machine_is_flat_until_its_slots_are_full(stack_id: str) -> None:
    machine = STACKS[stack_id].machine
    assert not isinstance(machine, MemoryMachine)
    assert token_ns(machine, 1) == token_ns(machine, machine.slots) == pytest.approx(machine.token_ms * 1e6)
    assert token_ns(machine, 2 * machine.slots) == pytest.approx(2 * machine.token_ms * 1e6)


@given(tokens=st.integers(1, 10**6), rate=st.integers(1, 10**6))
def test_the_time_of_a_prompt_is_enough_to_read_it(tokens: int, rate: int) -> None:
    machine = replace(STACKS["groq"].machine, prefill_tok_s=rate)
    assert prompt_ns(machine, tokens) * rate // 10**9 >= tokens > (prompt_ns(machine, tokens) - 1) * rate // 10**9


def test_the_tail_is_a_mixture_with_the_stated_mean() -> None:
    tail = Tail(jitter=0.02, stall_share=0.05, stall_scale=2.0)
    random = Random(3)
    factors = sorted(tail_factor(tail, random) for _ in range(40_000))
    assert sum(factors) / len(factors) == pytest.approx(1.1, rel=0.02)
    assert factors[20_000] == pytest.approx(1.0, abs=0.01)
    assert factors[39_600] > 3
    assert factors[0] >= 0.5


@pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))
def test_power_saturates(stack: Stack) -> None:
    watts = [power_w(stack, running) for running in range(stack.max_batch + 1)]
    assert watts[0] == stack.chips * stack.power.idle_w
    assert watts[-1] == pytest.approx(stack.chips * stack.power.full_w)
    assert all(a < b for a, b in pairwise(watts))
    assert watts[-1] - watts[-2] < watts[2] - watts[1]
