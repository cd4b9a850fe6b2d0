"""Scatter and decode costs in arrays are those of the cost model, one by one."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.fleet.decode import decode_cost
from infertop.backends.fleet.machines import Tail
from infertop.backends.fleet.model import Work, step_ns
from infertop.backends.fleet.scatter import Scatter, tail_factors
from infertop.backends.fleet.stacks import CATALOGUE, CEREBRAS, H200, MemoryMachine, Stack, find_stack

MEMORY_STACKS = [stack for stack in CATALOGUE.values() if isinstance(stack.machine, MemoryMachine)]
OTHERS = [find_stack(name) for name in ("h100x2/gpt-oss-120b", "mi300x/mixtral-8x7b", "h100x8/llama-3.1-405b/fp8")]


def tail_factor(tail: Tail, random: Random) -> float:
    """One factor, as plainly as it can be written."""
    factor = max(0.5, 1 + tail.jitter * random.gauss(0, 1))
    if random.random() < tail.stall_share:
        factor += random.expovariate(1 / tail.stall_scale)
    return factor


@pytest.mark.parametrize("stack", [H200, CEREBRAS], ids=lambda stack: stack.id)
def test_factors_have_the_distribution_of_the_model(stack: Stack) -> None:
    count = 40_000
    random = Random(1)
    expected = np.sort([tail_factor(stack.tail, random) for _ in range(count)])
    found = np.sort(tail_factors(stack.tail, count, np.random.default_rng(1)))
    every = np.concatenate((expected, found))
    distance = (
        np.abs(np.searchsorted(expected, every, "right") - np.searchsorted(found, every, "right")).max() / count
    )
    assert distance < 1.95 * np.sqrt(2 / count)  # Kolmogorov-Smirnov, p = 0.001
    assert found.max() == pytest.approx(expected.max(), rel=0.5)


def test_the_tail_is_a_mixture_with_the_stated_mean() -> None:
    tail = Tail(jitter=0.02, stall_share=0.05, stall_scale=2.0)
    factors = np.sort(tail_factors(tail, 40_000, np.random.default_rng(3)))
    assert factors.mean() == pytest.approx(1.1, rel=0.02)
    assert factors[20_000] == pytest.approx(1.0, abs=0.01)
    assert factors[39_600] > 3
    assert factors[0] >= 0.5


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=20))
def test_how_factors_are_taken_changes_none(takes: list[int]) -> None:
    one_by_one, many = Scatter(H200.tail, 1, "h200", 0), Scatter(H200.tail, 1, "h200", 0)
    for wanted in takes:
        taken: list[float] = []
        while len(taken) < wanted:
            count = min(wanted - len(taken), many.left())
            taken += many.factors[many.at : many.at + count].tolist()
            many.at += count
        for factor in taken:
            one_by_one.left()
            assert one_by_one.listed[one_by_one.at] == factor
            one_by_one.at += 1


def test_keys_have_scatter_of_their_own() -> None:
    assert Scatter(H200.tail, 1, "h200", 0).listed != Scatter(H200.tail, 1, "h200", 1).listed
    assert Scatter(H200.tail, 1, "h200", 0).listed != Scatter(H200.tail, 2, "h200", 0).listed


@given(st.sampled_from(MEMORY_STACKS + OTHERS), st.integers(1, 512), st.integers(0, 10**7))
def test_a_decode_step_is_a_line_in_the_context(stack: Stack, decoding: int, context_tokens: int) -> None:
    assert isinstance(stack.machine, MemoryMachine)
    base_ns, context_ns = decode_cost(stack, stack.machine, decoding)
    expected = step_ns(stack, stack.machine, Work(decoding, decoding, context_tokens))
    assert base_ns + context_ns * context_tokens == pytest.approx(expected, abs=1.5)
