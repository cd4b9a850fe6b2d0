"""What a practitioner checks by eye: shapes under load, not numbers."""

from itertools import pairwise
from statistics import median, quantiles

import pytest

from infertop.backends.fleet.scheduler import Job
from infertop.backends.fleet.stacks import CEREBRAS, GROQ, H200, INFERENTIA2, MI300X, STACKS, TPU_V6E, Stack

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


def test_queueing_beyond_the_largest_batch_raises_ttft(virtual) -> None:
    within = median(loaded(virtual, INFERENTIA2, INFERENTIA2.max_batch).ttft_ms)
    beyond = median(loaded(virtual, INFERENTIA2, 3 * INFERENTIA2.max_batch).ttft_ms)
    assert beyond > 5 * within


def test_running_out_of_key_and_value_memory_queues(virtual) -> None:
    jobs = [Job(job_id, 0, 100_000, 100) for job_id in range(3)]  # the TPU holds two of them
    first, second, third = sorted(virtual.drive(TPU_V6E, jobs).ttft_ms)
    decode_ms = 100 * 15
    assert second - first < third - second
    assert third - second > decode_ms


@GPU_LIKE
def test_prompts_show_in_the_tail_of_the_itl(virtual, stack: Stack) -> None:
    gaps = loaded(virtual, stack, 32).itl_ms
    assert quantiles(gaps, n=100)[98] > 1.3 * median(gaps)


@SRAM
def test_users_of_an_sram_machine_keep_their_speed_under_load(virtual, stack: Stack) -> None:
    alone, among_32 = (loaded(virtual, stack, concurrency).user_tok_s for concurrency in (1, 32))
    assert among_32 > 0.96 * alone


@GPU_LIKE
def test_users_of_a_gpu_do_not(virtual, stack: Stack) -> None:
    alone, among_32 = (loaded(virtual, stack, concurrency).user_tok_s for concurrency in (1, 32))
    assert among_32 < 0.94 * alone


def test_a_longer_prompt_waits_longer_for_its_first_token(virtual) -> None:
    for stack in STACKS.values():
        waits = [virtual.drive(stack, [Job(1, 0, length, 1)]).ttft_ms[0] for length in (100, 1000, 4000)]
        assert all(a < b for a, b in pairwise(waits)), stack.id


@GPU_LIKE
def test_attention_makes_long_prompts_cost_more_than_their_length(virtual, stack: Stack) -> None:
    short, long = (virtual.drive(stack, [Job(1, 0, length, 1)]).ttft_ms[0] for length in (10_000, 100_000))
    assert 11 < long / short < 25


def test_tpu_under_its_published_load_gives_about_its_published_figures(virtual) -> None:
    """Row tpu1: 64 users, 1,000 tokens in and out, 2,495 tok/s, ITL p50 23.1 ms, p99 40.8 ms."""
    run = virtual.closed_loop(TPU_V6E, 64, requests=256, input_tokens=1000, output_tokens=1000)
    assert run.tok_s == pytest.approx(2495, rel=0.15)
    assert median(run.itl_ms) == pytest.approx(23.1, rel=0.1)
    assert quantiles(run.itl_ms, n=100)[98] == pytest.approx(40.8, rel=0.25)
