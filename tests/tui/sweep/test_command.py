"""`infertop sweep --show` and `--across`, as they are typed."""

import json

import pytest

from infertop.tui.cli import main

QUICK = ["--virtual", "--lengths-only", "--levels", "1..2", "--workload", "classification"]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)


def test_a_sweep_is_shown_again_with_pictures(capsys, tmp_path):
    assert main(["sweep", "sim:cerebras", *QUICK]) == 0
    made = capsys.readouterr().out
    assert main(["sweep", "--show", "last", "-f", "curves.svg", "-f", "curves.txt"]) == 0
    assert capsys.readouterr().out == made
    assert "<svg" in (tmp_path / "curves.svg").read_text()
    picture = (tmp_path / "curves.txt").read_text()
    assert "SIM" in picture.splitlines()[0]
    for chart in ("throughput", "latency", "pareto", "points"):
        assert chart in picture


def test_a_sweep_across_workloads_says_how_backends_take_them(capsys):
    assert main(["sweep", "sim:cerebras", *QUICK, "--across", "0,1.5"]) == 0
    table = capsys.readouterr().out
    assert "sensitivity to the workload" in table
    assert "classification, prompt cv 0" in table
    assert "classification, prompt cv 1.5" in table
    assert main(["sweep", "sim:cerebras", *QUICK, "--across", "classification,code:1+rag:1", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [sweep["plan"]["workload"]["source"] for sweep in made["sweeps"]] == ["classification", "code:1+rag:1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fleet", "--virtual", "--across", "0"], "give two or more"),
        (["fleet", "--virtual", "--across", "0,9"], "--across 9: must be from 0 (all equal) to 2"),
        (["fleet", "--virtual", "--across", "chat,chst"], 'did you mean "chat"'),
        (["fleet", "--virtual", "--across", "chat,rag:1+code"], "needs a weight above 0"),
        (["--across", "0,1", "--show", "last"], "leave out --resume, --show and --export"),
        (["--show", "last", "fleet"], "--show sends nothing"),
        (["--show", "nobody"], "no one sweep is called"),
        (["fleet", "--virtual", "-f", "curves.gif"], ".svg or .txt"),
    ],
)
def test_what_makes_no_sense_is_said_so(words, said, capsys):
    assert main(["sweep", *words]) == 2
    assert said in capsys.readouterr().err
