"""Names and spelled-out forms, what fits, and the facts behind the catalogue."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.fleet.accelerators import accelerators
from infertop.backends.fleet.memory import memory_of, why_not
from infertop.backends.fleet.model import USUAL_CONTEXT_TOKENS, kv_capacity_tokens, weight_bytes
from infertop.backends.fleet.platforms import PLATFORMS
from infertop.backends.fleet.shapes import models
from infertop.backends.fleet.sheet import operating_points
from infertop.backends.fleet.stacks import CATALOGUE, STACKS, MemoryMachine, Stack, StackError, find_stack

every_stack = pytest.mark.parametrize("stack", CATALOGUE.values(), ids=list(CATALOGUE))


def test_the_demo_fleet_is_the_six_families() -> None:
    assert list(STACKS) == ["h200", "mi300x", "tpu-v6e", "inferentia2", "groq", "cerebras"]


def test_every_accelerator_of_the_mission_is_there() -> None:
    assert {stack.accelerator for stack in CATALOGUE.values()} == set(accelerators())


@every_stack
def test_chip_facts_are_the_catalogues(stack: Stack) -> None:
    chip = accelerators()[stack.accelerator]
    assert stack.machine.memory_gb == chip.memory_gb
    if isinstance(stack.machine, MemoryMachine):
        assert stack.machine.bandwidth_tb_s == chip.bandwidth_tb_s
        assert stack.machine.tflops == chip.bf16_tflops


@every_stack
def test_weights_fit_and_any_allowed_request_can_run(stack: Stack) -> None:
    assert why_not(stack) == ""
    assert weight_bytes(stack) < stack.machine.memory_gb * 1e9 * stack.chips
    assert kv_capacity_tokens(stack) >= stack.context_tokens


@every_stack
def test_every_stack_says_where_its_numbers_come_from(stack: Stack) -> None:
    assert stack.sources
    assert stack.assumed


def test_provenance_tells_measured_from_guessed() -> None:
    def told(text: str) -> str:
        return find_stack(text).provenance

    assert told("h100") == told("b200/gpt-oss-20b") == told("mi300xx8/llama-3.1-405b") == "calibrated"
    assert told("h200") == told("tpu-v4") == told("trainium2") == "extrapolated"  # measured relatives only
    assert told("mi300x/llama-3.1-8b/bf16") == "extrapolated"  # measured with 8-bit weights only
    assert told("h100/efficiency=0.8") == "extrapolated"  # a what-if
    assert told("groq") == told("cerebras/llama-3.1-8b") == "assumed"  # one user at most


def test_a_word_and_its_spelled_out_form_are_the_same_stack() -> None:
    word, spelled = find_stack("h200"), find_stack("h200x4/llama-3.3-70b/bf16")
    assert (word.machine, word.model, word.chips, word.max_batch) == (
        spelled.machine,
        spelled.model,
        spelled.chips,
        spelled.max_batch,
    )
    assert find_stack("H200").id == "h200"
    assert find_stack("inf2").accelerator == "Inferentia2"


def test_what_is_left_out_is_the_usual() -> None:
    assert find_stack("h100/llama-3.1-8b").chips == 1
    assert find_stack("h100/llama-3.1-405b").chips == 8
    assert find_stack("h100/llama-3.1-405b").precision == "fp8"
    assert find_stack("h100/gpt-oss-120b").precision == "mxfp4"
    assert find_stack("groq/llama-3.1-8b").precision == "fp8"


def test_settings() -> None:
    stack = find_stack("h100x8/llama-3.3-70b/fp8/replicas=3/batch=64/efficiency=0.5")
    assert (stack.replicas, stack.max_batch, stack.all_chips) == (3, 64, 24)
    usual = find_stack("h100x8/llama-3.3-70b/fp8/batch=64")
    slow, quick = (operating_points(each)[0].gap_ms for each in (stack, usual))
    assert slow == pytest.approx(2 * quick, rel=0.001)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("h20", 'did you mean "h200"'),
        ("zx81", "there are h100, h200"),
        ("h100x3", "1, 2, 4 or 8"),
        ("h100x16", "replicas=N"),
        ("h100x4/llama-3.3-71b", 'did you mean "llama-3.3-70b"'),
        ("h100x4/llama-3.3-70b/fp4", "bf16, fp16, fp8, int8"),
        ("h100x4/gpt-oss-120b/fp8", "mxfp4, bf16"),
        ("h100x4/llama-3.3-70b/fp8/speed=2", "no such setting: 'speed'"),
        ("h100/replicas=0", "1 to 64"),
        ("h100/replicas=1.5", "whole number"),
        ("h100/batch=inf", "whole number"),
        ("h100/efficiency=fast", "not a number"),
        ("h100/efficiency=90", "1 is what was fitted"),
        ("h100/efficiency=nan", "out of range"),
        ("h100/batch=8/batch=9", "twice"),
        ("h100/replicas=2/llama-3.1-8b", "out of place"),
        ("h100/llama-3.1-8b/bf16/again", "out of place"),
        ("", "no such simulated stack"),
        ("h100x1", "141.1 GB of weights; 1 × H100 SXM has 80 GB, 72 of it usable; h100x2/llama-3.3-70b/bf16 does"),
        ("inf2x1/llama-3.3-70b/int8", "inferentia2x6/llama-3.3-70b/int8 does"),
        ("inferentia2/llama-3.1-405b/bf16", "nothing that inferentia2 comes in does"),
        ("cerebrasx1/gpt-oss-120b", "does not fit"),
    ],
)
def test_a_mistake_is_told_in_words(text: str, told: str) -> None:
    with pytest.raises(StackError) as caught:
        find_stack(text)
    assert told in str(caught.value)


def found_or_told(text: str) -> Stack | str:
    try:
        return find_stack(text)
    except StackError as error:
        return str(error)


@given(st.text(max_size=40))
def test_any_text_is_a_stack_or_a_clear_error(text: str) -> None:
    found = found_or_told(text)
    assert found if isinstance(found, str) else found.id == text.lower()


@given(
    st.sampled_from(list(PLATFORMS.values())).flatmap(
        lambda platform: st.tuples(st.just(platform), st.sampled_from(platform.sizes))
    ),
    st.sampled_from(list(models().values())).flatmap(
        lambda model: st.tuples(st.just(model), st.sampled_from(model.precisions))
    ),
)
def test_every_combination_fits_or_says_why_not(sized, served) -> None:
    (platform, chips), (model, precision) = sized, served
    text = f"{platform.id}x{chips}/{model.name}/{precision}"
    stack = found_or_told(text)
    if isinstance(stack, str):
        assert "does not fit" in stack
        assert f"{chips} × {platform.accelerator}" in stack
        return
    memory = memory_of(stack)
    assert memory.weights_gb < memory.usable_gb < memory.bought_gb
    assert memory.needed_gb(memory.kv_tokens) <= memory.usable_gb * 1.000001
    points = operating_points(stack)
    assert points[-1].batch * USUAL_CONTEXT_TOKENS <= max(memory.kv_tokens, USUAL_CONTEXT_TOKENS)
    assert all(point.memory_gb <= memory.bought_gb for point in points)


def test_more_chips_leave_more_room() -> None:
    rooms = [kv_capacity_tokens(find_stack(f"h100x{chips}/llama-3.1-8b")) for chips in (1, 2, 4, 8)]
    assert rooms == sorted(rooms)
    assert rooms[1] > 2 * rooms[0]  # the weights are stored once


def test_fewer_bits_leave_more_room() -> None:
    assert kv_capacity_tokens(find_stack("h100x4/llama-3.3-70b/fp8")) > kv_capacity_tokens(find_stack("h100x4"))


def test_importing_the_facts_loads_no_server() -> None:
    heavy = "{'aiohttp', 'uvloop', 'numpy'}"
    code = f"import sys, infertop.backends.fleet.stacks; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
