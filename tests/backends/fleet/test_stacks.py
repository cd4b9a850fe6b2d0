"""The facts: complete, within reason, and the same as the hardware catalogue's."""

import csv
import subprocess
import sys
from importlib.resources import files

import pytest

from infertop.backends.fleet.model import kv_capacity_tokens, weight_bytes
from infertop.backends.fleet.stacks import STACKS, MemoryMachine, Stack

with (files("infertop.backends") / "data" / "hardware.csv").open(encoding="utf-8") as source:
    HARDWARE = {row["accelerator"]: row for row in csv.DictReader(source)}

every_stack = pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))


def test_the_six_families_are_there() -> None:
    assert list(STACKS) == ["h200", "mi300x", "tpu-v6e", "inferentia2", "groq", "cerebras"]


@every_stack
def test_chip_facts_are_the_catalogues(stack: Stack) -> None:
    row = HARDWARE[stack.accelerator]
    assert stack.machine.memory_gb == float(row["memory_gb"])
    if isinstance(stack.machine, MemoryMachine):
        assert stack.machine.bandwidth_tb_s == float(row["bandwidth_tb_s"])
        assert stack.machine.tflops == float(row["bf16_dense_tflops"])


@every_stack
def test_power_rises_and_stays_below_tdp(stack: Stack) -> None:
    power = stack.power
    assert 0 < power.idle_w < power.light_w < power.full_w
    if tdp := HARDWARE[stack.accelerator]["tdp_w"]:
        assert power.full_w < float(tdp)


@every_stack
def test_weights_fit_and_any_allowed_request_can_run(stack: Stack) -> None:
    assert weight_bytes(stack) < stack.machine.memory_gb * 1e9 * stack.chips
    assert kv_capacity_tokens(stack) >= stack.context_tokens


@every_stack
def test_every_stack_says_where_its_numbers_come_from(stack: Stack) -> None:
    assert stack.sources
    assert stack.assumed


def test_importing_the_facts_loads_no_server() -> None:
    code = "import sys, infertop.backends.fleet; print(sorted({'aiohttp', 'uvloop', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
