"""`infertop import` and `infertop diff` as a shell sees them."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from infertop.tui.cli import main

SAMPLES = Path(__file__).parent.parent / "sessions" / "imports"
DETAILED = str(SAMPLES / "vllm-detailed.json")


@pytest.fixture(autouse=True)
def _own_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_an_imported_result_is_listed_shown_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", DETAILED, "--as", "before"]) == 0
    assert "before: 39 requests of vLLM bench serve" in capsys.readouterr().out
    assert main(["import", str(SAMPLES / "guidellm.json"), "--as", "sweep"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["sweep-1:", "sweep-2:"]
    assert main(["sessions"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in ("before", "sweep-1", "sweep-2", "imported"))
    assert main(["sessions", "show", "before"]) == 0
    assert "from vLLM bench serve" in capsys.readouterr().out
    assert main(["diff", "before", DETAILED]) == 0
    assert "TTFT p50" in capsys.readouterr().out


def test_a_file_without_requests_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(SAMPLES / "vllm.json")]) == 0
    assert "--save-detailed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--fail-on", "p50_ttft>10%"], 0),
        (["--fail-on", "p50_ttft>10ms"], 3),
        (["--fail-on", "p50_ttft>10%", "--fail-on", "p50_ttft>10ms"], 3),
        (["--fail-on", "p99_ttft>10%"], 0),
        (["--fail-on", "p99_ttft>10%", "--strict"], 3),
    ],
)
def test_the_exit_code_is_the_gates(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", DETAILED, DETAILED, *words]) == code
    assert ("FAIL" in capsys.readouterr().out) == (code == 3)


def test_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["diff", "--a", f"{DETAILED},{DETAILED}", "--b", DETAILED, "--fail-on", "p50_ttft>10%", "--format"]
    assert main([*words, "json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "infertop.diff/1"
    assert main([*words, "md"]) == 0
    assert capsys.readouterr().out.startswith("### infertop: gates passed")
    assert main([*words, "junit"]) == 0
    assert ElementTree.fromstring(capsys.readouterr().out).get("tests") == "1"


def test_repeats_by_pattern_and_a_baseline_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("main-1", "main-2", "pr"):
        main(["import", DETAILED, "--as", name])
    capsys.readouterr()
    assert main(["diff", "--baseline", "main-*", "pr", "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [len(made[side]["runs"]) for side in "ab"] == [2, 1]
    assert main(["diff", "--a", str(SAMPLES / "vllm*.json"), "--b", "pr", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["a"]["runs"]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "two sides"),
        (["x"], "two sides"),
        ([DETAILED, DETAILED, DETAILED], "a third run"),
        ([DETAILED, DETAILED, "--b", DETAILED], "is it of side a or of b"),
        ([DETAILED, "nothing"], "no session is called 'nothing'"),
        ([DETAILED, "nothing-*"], "matches no file and no session's name"),
        ([DETAILED, "./nothing.json"], "no such file"),
        ([DETAILED, str(SAMPLES / "README.md")], "no JSON"),
        ([DETAILED, DETAILED, "--fail-on", "p95_tft>10%"], 'did you mean "p95_ttft"'),
        ([DETAILED, DETAILED, "--fail-on", "attainment>0.9"], "write attainment<0.9"),
        ([DETAILED, DETAILED, "--map", "x"], "OLD=NEW"),
        ([DETAILED, DETAILED, "--map", "x=y"], "no backend of a is called 'x'"),
        ([DETAILED, DETAILED, "--run-noise", "lots"], "percentage"),
        ([DETAILED, DETAILED, "--format", "pdf"], "junit"),
    ],
)
def test_a_mistake_is_told_in_words(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *words]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


def test_import_tells_mistakes_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "nothing.json"]) == 2
    assert main(["import", str(SAMPLES / "README.md")]) == 2
    said = capsys.readouterr().err
    assert "no such file" in said
    assert "no JSON" in said
