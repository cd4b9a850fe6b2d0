"""The prompt stream is a pure function of (seed, index)."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.plan import WorkloadPlan
from infertop.engine.prompts import FILE_MAX_TOKENS, SHARED_PREFIX_TOKENS, Prompt, PromptStream
from infertop.engine.workloads import WorkloadError
from infertop.engine.workloads.builtin import BUILTIN

GOLDEN = {
    "chat": "c9b624e6ab69e996992c969a8f9c0fbebc503de43dd9b84e7eca8bcd3dd21bf0",
    "classification": "bca438746755ab0f4a49507bb7ea45e32c4295688ba16c5533b602114cf38025",
    "rag": "62825c404593f49926b12fd420dcc262b3151596d94c225f4c8855afdd426734",
    "code": "7a652ae9f91ac0d92f444ee8c7d9e20f315ec5e700b1b471393ff435678b2cdc",
    "batch": "b49a6f93be14ac0573ef534852670018798288de3a15dbc12dd40b2c90e79c98",
}


def made(source: str, seed: int = 1, **plan: object) -> PromptStream:
    return PromptStream(seed, WorkloadPlan(source=source, **plan))


def digest(prompts: Iterable[Prompt]) -> str:
    sent = [(prompt.index, prompt.messages, prompt.max_tokens) for prompt in prompts]
    return hashlib.sha256(repr(sent).encode()).hexdigest()


@pytest.mark.parametrize("source", BUILTIN)
def test_the_first_fifty_prompts_never_change(source: str) -> None:
    """Runs are comparable across versions; a change here needs a new `draws._STREAM_VERSION`."""
    stream = made(source)
    assert digest(stream.prompt(index) for index in range(50)) == GOLDEN[source]


def test_other_processes_make_the_same_bytes_whatever_their_hash_seed() -> None:
    code = (
        "import hashlib; from infertop.engine.plan import WorkloadPlan; from infertop.engine.prompts import *\n"
        "prompts = [PromptStream(1, WorkloadPlan(source='chat')).prompt(i) for i in range(50)]\n"
        "sent = [(prompt.index, prompt.messages, prompt.max_tokens) for prompt in prompts]\n"
        "print(hashlib.sha256(repr(sent).encode()).hexdigest())"
    )
    for hash_seed in ("0", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == GOLDEN["chat"]


@given(
    source=st.sampled_from(list(BUILTIN)),
    seed=st.integers(0, 2**63),
    index=st.integers(0, 2**41),
    others=st.lists(st.integers(0, 1000), max_size=3),
)
def test_the_order_of_asking_does_not_matter(source: str, seed: int, index: int, others: list[int]) -> None:
    busy = made(source, seed)
    for other in others:
        busy.prompt(other)
    assert busy.prompt(index) == made(source, seed).prompt(index)


@pytest.mark.parametrize("source", BUILTIN)
def test_two_workers_shares_interleaved_are_the_whole(source: str) -> None:
    even, odd, whole = made(source), made(source), made(source)
    interleaved = [(even if index % 2 == 0 else odd).prompt(index) for index in range(40)]
    assert interleaved == [whole.prompt(index) for index in range(40)]


@pytest.mark.parametrize("source", BUILTIN)
def test_unique_prompts_differ_in_their_first_tokens(source: str) -> None:
    stream = made(source)
    starts = {stream.prompt(index).messages[0].content[:12] for index in range(2000)}
    assert len(starts) == 2000
    assert made(source, seed=2).prompt(0).messages[0].content[:12] not in starts


@pytest.mark.parametrize("source", BUILTIN)
def test_shared_prompts_begin_with_one_long_system_prompt_and_then_differ(source: str) -> None:
    stream = made(source, prefix="shared")
    prompts = [stream.prompt(index) for index in range(100)]
    systems = {prompt.messages[0] for prompt in prompts}
    assert len(systems) == 1
    system = systems.pop()
    assert system.role == "system"
    assert 0.95 * SHARED_PREFIX_TOKENS <= len(system.content) / 4 <= SHARED_PREFIX_TOKENS
    assert len({prompt.messages[1:] for prompt in prompts}) == 100


@pytest.mark.parametrize("source", BUILTIN)
def test_a_conversation_takes_turns_and_ends_with_the_user(source: str) -> None:
    stream = made(source)
    for index in range(300):
        prompt = stream.prompt(index)
        assert [message.role for message in prompt.messages[::-1]] == [
            ("user", "assistant")[back % 2] for back in range(len(prompt.messages))
        ]
        assert all(message.content.strip() for message in prompt.messages)
        assert prompt.workload == source
        assert prompt.max_tokens >= 1


def test_chat_has_several_turns() -> None:
    stream = made("chat")
    turns = {len(stream.prompt(index).messages) for index in range(200)}
    assert turns == {1, 3, 5, 7}


@pytest.mark.parametrize(
    ("source", "quantiles_in", "quantiles_out"),
    [
        ("chat", (1020, 2734, 4142), (129, 424, 601)),
        ("code", (1469, 5186, 7436), (13, 55, 249)),
    ],
)
def test_lengths_follow_the_azure_2023_traces(
    source: str, quantiles_in: tuple[int, ...], quantiles_out: tuple[int, ...]
) -> None:
    """backends.md, "Traces": p50, p90 and p99 of the whole traces, of the texts as made, within 10 %."""
    stream = made(source)
    prompts = [stream.prompt(index) for index in range(6000)]
    got_in = np.percentile([sum(len(m.content) for m in prompt.messages) / 4 for prompt in prompts], [50, 90, 99])
    got_out = np.percentile([prompt.max_tokens for prompt in prompts], [50, 90, 99])
    assert got_in == pytest.approx(quantiles_in, rel=0.1)
    assert got_out == pytest.approx(quantiles_out, rel=0.1)


@pytest.mark.parametrize("source", BUILTIN)
def test_texts_have_the_length_that_was_drawn(source: str) -> None:
    """The median of the texts made is that of the distribution, and the estimate counts the text."""
    stream = made(source)
    prompts = [stream.prompt(index) for index in range(2000)]
    expected = [prompt.expected_input_tokens for prompt in prompts]
    assert np.median(expected) == pytest.approx(BUILTIN[source].input_tokens.tokens(0.5), rel=0.1)
    for prompt in prompts[:100]:
        assert prompt.expected_input_tokens == pytest.approx(sum(len(m.content) for m in prompt.messages) / 4, abs=1)


def test_the_plan_decides_the_output_length_over_the_workload() -> None:
    prompt = made("chat", max_tokens=77, fixed_length=True, temperature=0.5).prompt(3)
    assert (prompt.max_tokens, prompt.fixed_length, prompt.temperature) == (77, True, 0.5)


def test_texts_are_plain_ascii_without_control_characters() -> None:
    for source in BUILTIN:
        for index in range(50):
            for message in made(source).prompt(index).messages:
                assert message.content.isascii()
                assert message.content.replace("\n", "").isprintable()


def test_made_code_is_python() -> None:
    stream = made("code")
    parsed = 0
    for index in range(60):
        source = stream.prompt(index).messages[0].content.split("```")[1].removeprefix("python\n")
        whole_functions = "\n\n\n".join(source.split("\n\n\n")[:-1])
        compile(whole_functions, "made", "exec")
        parsed += bool(whole_functions)
    assert parsed > 40


def test_a_prompt_costs_less_than_the_event_loop_can_feel() -> None:
    """Under 100 µs on the machine this was written on; the bound leaves room for a slow one."""
    stream = made("chat")
    stream.prompt(0)
    start = time.perf_counter()
    for index in range(300):
        stream.prompt(index)
    assert (time.perf_counter() - start) / 300 < 500e-6


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "chta",
            'no workload is called "chta"; did you mean "chat"? Built in: chat, classification, rag, code, batch.',
        ),
        ("x\x1b[31m", 'no workload is called "x\N{REPLACEMENT CHARACTER}[31m". Built in'),
        ("prompts.parquet", "prompts.parquet: prompts are read from files that end in .jsonl, .ndjson, .json, .csv"),
        ("missing/prompts.jsonl", "missing/prompts.jsonl: no such file"),
    ],
)
def test_an_unknown_workload_says_what_would_be_right(source: str, text: str) -> None:
    with pytest.raises(WorkloadError) as error:
        made(source)
    assert str(error.value).startswith(text)


def test_own_prompts_come_once_a_pass_in_a_seeded_order_as_they_stand(tmp_path) -> None:
    lines = [f"  Question {number}? " for number in range(10)]
    file = tmp_path / "mine.txt"
    file.write_text("\n".join(lines))
    stream = PromptStream(5, WorkloadPlan(source=str(file), prefix="unique"))
    passes = [[stream.prompt(10 * number + i).messages[0].content for i in range(10)] for number in range(3)]
    assert all(sorted(texts) == sorted(lines) for texts in passes)
    assert passes[0] != passes[1] != lines
    again = PromptStream(5, WorkloadPlan(source=str(file), prefix="shared"))
    assert [again.prompt(index).messages[0].content for index in range(29, -1, -1)] == [
        *passes[0],
        *passes[1],
        *passes[2],
    ][::-1]
    other_seed = PromptStream(6, WorkloadPlan(source=str(file)))
    assert [other_seed.prompt(index).messages[0].content for index in range(10)] != passes[0]
    prompt = stream.prompt(0)
    assert (prompt.workload, prompt.max_tokens) == ("mine.txt", FILE_MAX_TOKENS)


def test_output_lengths_in_a_file_hold_unless_the_plan_says_otherwise(tmp_path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"prompt": "Hello", "max_tokens": 5}')
    assert made(str(file)).prompt(0).max_tokens == 5
    assert made(str(file), max_tokens=9).prompt(0).max_tokens == 9
