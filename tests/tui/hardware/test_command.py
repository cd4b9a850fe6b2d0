"""`infertop hardware` as it is typed."""

import json
import shlex

import pytest

from infertop.tui import cli
from infertop.tui.commands import hardware


def infertop(capsys: pytest.CaptureFixture[str], words: str) -> tuple[int, str, str]:
    code = cli.main(["hardware", *shlex.split(words)])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_catalogue_is_a_table_with_unknowns_marked(capsys) -> None:
    code, out, _ = infertop(capsys, "")
    assert code == 0
    lines = out.splitlines()
    v5p = next(line for line in lines if "TPU v5p" in line and "Google" in line)
    assert v5p.split()[-4:] == ["–", "–", "600", "4"]
    for each in ("H100 SXM", "WSE-3", "Trainium2", "GroqChip 1"):
        assert any(each in line for line in lines)
    assert next(line for line in lines if line.split()[:1] == ["h200"]).endswith("extrapolated")
    assert next(line for line in lines if line.split()[:1] == ["h100"]).endswith("calibrated")


def test_columns_are_aligned(capsys) -> None:
    _, out, _ = infertop(capsys, "")
    table = out.split("\n\n")[0].splitlines()[1:]
    assert len({len(line) for line in table}) == 1


def test_a_filter_keeps_what_holds_all_its_words(capsys) -> None:
    _, out, _ = infertop(capsys, "amd hbm3e")
    chips = out.split("\n\n")[0]
    assert "MI325X" in chips
    assert "MI300X" not in chips
    assert "H200" not in chips


def test_sources_are_shown_when_asked_for(capsys) -> None:
    _, out, _ = infertop(capsys, "tpu-v6e --sources")
    assert "docs.cloud.google.com/tpu/docs/v6e" in out
    assert "assumed" in out


def test_one_stack_in_full(capsys) -> None:
    code, out, _ = infertop(capsys, "h200x4/llama-3.3-70b/fp8/replicas=2")
    assert code == 0
    for said in ("SIM", "2 replicas", "564.0 GB bought", "70.5 for weights", "TOK/S A USER", "extrapolated"):
        assert said in out


def test_sim_before_a_stack_is_understood(capsys) -> None:
    assert infertop(capsys, "sim:h200x8/llama-3.1-8b")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("h100x1", "does not fit"),
        ("h100x4/llama-3.3-71b", 'did you mean "llama-3.3-70b"'),
        ("h20o", "h200"),
        ("amd nvidia", "no accelerator holds 'amd nvidia'"),
        ("--accuracy nothing", "no published point"),
    ],
)
def test_a_mistake_is_told_in_words(capsys, words: str, told: str) -> None:
    code, out, err = infertop(capsys, words)
    assert (code, out) == (2, "")
    assert told in err


def test_the_error_table_keeps_in_sample_and_held_out_apart(capsys) -> None:
    code, out, _ = infertop(capsys, "--accuracy")
    assert code == 0
    for said in ("FITTED", "HELD OUT", "LEFT OUT", "tokens/s", "ITL p50", "TTFT p50", "power", "furthest off"):
        assert said in out
    lines = out.splitlines()
    told = next(line for line in lines if line.startswith("extrapolated:"))
    for stack in ("h200", "mi325x", "tpu-v4", "tpu-v5e", "tpu-v5p", "trainium2"):
        assert stack in told
    assert any(line.startswith("assumed: groq, cerebras") for line in lines)


def test_the_error_table_of_one_family(capsys) -> None:
    _, out, _ = infertop(capsys, "--accuracy neuron")
    assert "neuron" in out
    assert "hopper" not in out


def test_json_of_the_catalogue(capsys) -> None:
    _, out, _ = infertop(capsys, "--json")
    document = json.loads(out)
    assert document["schema"] == "infertop.hardware/1"
    assert len(document["accelerators"]) == len(document["stacks"]) == 13
    chip = next(chip for chip in document["accelerators"] if chip["name"] == "TPU v5e")
    assert chip["tdp_w"] is None
    assert "docs.cloud.google.com" in chip["source"]
    stack = next(stack for stack in document["stacks"] if stack["id"] == "h200")
    assert stack["provenance"] == "extrapolated"
    assert stack["memory_bought_gb"] == 564
    assert stack["points"][0]["batch"] == 1


def test_json_of_the_accuracy(capsys) -> None:
    _, out, _ = infertop(capsys, "--accuracy --json")
    document = json.loads(out)
    assert document["schema"] == "infertop.accuracy/1"
    assert {"point", "published", "modelled", "left_out", "split"} <= set(document["figures"][0])
    assert document["provenance"]["groq"] == "assumed"


def test_every_example_of_the_help_works(capsys) -> None:
    lines = [line for line in hardware.EPILOG.splitlines() if line.startswith("  infertop")]
    examples = [line.strip().split("   ")[0] for line in lines]
    assert len(examples) == 5
    for example in examples:
        assert cli.main(shlex.split(example)[1:]) == 0, example
        assert capsys.readouterr().out
