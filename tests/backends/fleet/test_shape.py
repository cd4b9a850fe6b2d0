"""What a practitioner checks by eye: shapes under load, not numbers."""

from dataclasses import replace
from itertools import pairwise
from statistics import median, quantiles

import pytest

from infertop.backends.fleet.scheduler import Job
from infertop.backends.fleet.stacks import (
    CEREBRAS,
    GROQ,
    H200,
    INFERENTIA2,
    MI300X,
    STACKS,
    TPU_V6E,
    Stack,
    find_stack,
)

GPU_LIKE = pytest.mark.parametrize("stack", [H200, MI300X, TPU_V6E], ids=lambda stack: stack.id)
SRAM = pytest.mark.parametrize("stack", [GROQ, CEREBRAS], ids=lambda stack: stack.id)


def loaded(virtual, stack: Stack, concurrency: int):
    return virtual.closed_loop(stack, concurrency, requests=4 * concurrency, input_tokens=200, output_tokens=100)


@GPU_LIKE
def test_throughput_rises_with_the_batch_but_ever_less(virtual, stack: Stack) -> None:
    rates = [loaded(virtual, stack, concurrency).tok_s for concurrency in (1, 8, 64, 256)]
    assert all(a < b for a, b in pairwise(rates))
    gains = [b / a for a, b in pairwise(rates)]
    assert gains[0] > 4
    assert gains[2] < 0.6 * 4


@GPU_LIKE
def test_itl_grows_with_the_batch(virtual, stack: Stack) -> None:
    gaps = [median(loaded(virtual, stack, concurrency).itl_ms) for concurrency in (1, 16, 128)]
    assert all(a < b for a, b in pairwise(gaps))


def test_latency_has_its_knee_where_the_stack_is_full(virtual) -> None:
    """At a given rate of arrivals: flat until they outrun the machine, then without bound."""
    stack = replace(H200, max_batch=32)
    waits = []
    for rate in (1, 8, 16, 40):
        jobs = [Job(index, round(index / rate * 1e9), 200, 100) for index in range(160)]
        waits.append(median(virtual.drive(stack, jobs).ttft_ms))
    assert waits[1] < 2 * waits[0]
    assert waits[3] > 5 * waits[1]


def test_queueing_beyond_the_largest_batch_raises_ttft(virtual) -> None:
    within = median(loaded(virtual, INFERENTIA2, INFERENTIA2.max_batch).ttft_ms)
    beyond = median(loaded(virtual, INFERENTIA2, 3 * INFERENTIA2.max_batch).ttft_ms)
    assert beyond > 5 * within


def test_running_out_of_key_and_value_memory_queues(virtual) -> None:
    jobs = [Job(job_id, 0, 100_000, 400) for job_id in range(3)]  # the TPU holds two of them
    waits = sorted(virtual.drive(TPU_V6E, jobs).ttft_ms)
    roomy = replace(TPU_V6E, machine=replace(TPU_V6E.machine, memory_gb=2 * TPU_V6E.machine.memory_gb))
    unhindered = sorted(virtual.drive(roomy, jobs).ttft_ms)
    assert waits[1] == pytest.approx(unhindered[1], rel=0.1)
    assert waits[2] > unhindered[2] + 400 * 15


@GPU_LIKE
def test_prompts_show_in_the_tail_of_the_itl(virtual, stack: Stack) -> None:
    gaps = loaded(virtual, stack, 32).itl_ms
    assert quantiles(gaps, n=100)[98] > 1.3 * median(gaps)


def test_bursts_of_long_prompts_show_more(virtual) -> None:
    def tail(input_tokens: int) -> float:
        gaps = virtual.closed_loop(H200, 32, requests=96, input_tokens=input_tokens, output_tokens=100).itl_ms
        return quantiles(gaps, n=100)[98] / median(gaps)

    assert tail(4000) > 2 * tail(200)


@SRAM
def test_users_of_an_sram_machine_keep_their_speed_under_load(virtual, stack: Stack) -> None:
    alone, among_32 = (loaded(virtual, stack, concurrency).user_tok_s for concurrency in (1, 32))
    assert among_32 > 0.96 * alone


@GPU_LIKE
def test_users_of_a_gpu_do_not(virtual, stack: Stack) -> None:
    alone, among_32 = (loaded(virtual, stack, concurrency).user_tok_s for concurrency in (1, 32))
    assert among_32 < 0.94 * alone


def test_users_of_a_model_with_experts_lose_speed_sooner(virtual) -> None:
    """Small batches hit few experts; each further user makes everyone read more weights."""

    def kept(name: str) -> float:
        alone, among_16 = (loaded(virtual, find_stack(name), users).user_tok_s for users in (1, 16))
        return among_16 / alone

    assert kept("h100x2/gpt-oss-120b") < 0.75 * kept("h100x2/qwen3-32b")


def test_a_longer_prompt_waits_longer_for_its_first_token(virtual) -> None:
    for stack in STACKS.values():
        waits = [virtual.drive(stack, [Job(1, 0, length, 1)]).ttft_ms[0] for length in (100, 1000, 4000)]
        assert all(a < b for a, b in pairwise(waits)), stack.id


@GPU_LIKE
def test_attention_makes_long_prompts_cost_more_than_their_length(virtual, stack: Stack) -> None:
    short, long = (virtual.drive(stack, [Job(1, 0, length, 1)]).ttft_ms[0] for length in (10_000, 100_000))
    assert 11 < long / short < 25
