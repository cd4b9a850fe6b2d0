"""`infertop decide` as a person types it: the answer, the report, the kept decision, another look, mistakes."""

import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from infertop.sessions.decide.saved import load
from infertop.tui.cli import main
from infertop.tui.commands import decide as command

DEMAND = """
title = "Small"

[[classes]]
name = "chat"
requests_per_day = { value = 100_000, low = 80_000, high = 130_000 }
shape = "office"
ttft_ms = 500

[[options]]
name = "rented"
price = { basis = "rented", usd_per_chip_hour = 4.0, chips = 2, as_of = "2026-11-01", source = "quote" }
vendor = "A"
requests_per_s = { chat = 5 }

[[options]]
name = "owned"
price = { basis = "owned", capex_usd = 60_000, as_of = "2026-11-01", source = "quote" }
vendor = "us"
requests_per_s = { chat = { value = 4, low = 3, high = 5 } }

[[options]]
name = "api"
price = { basis = "api", usd_per_m_input = 0.5, usd_per_m_output = 1.5, as_of = "2026-11-01", source = "list" }
vendor = "B"
requests_per_s = { chat = 50 }
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(DEMAND)
    return tmp_path


def infertop(capsys, *words):
    code = main(["decide", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def kept(home):
    return sorted((home / "home/infertop/sessions").glob("*.decision.json"))


def test_the_answer_is_printed_first_and_kept(home, capsys):
    code, out, err = infertop(capsys, "small.toml")
    assert code == 0
    assert out.splitlines()[5].startswith("Send chat to owned: $")
    for words in ("RANKING FOR CHAT", "HOW SURE IT IS", "PRICES", "CAPACITIES", "stated in the demand"):
        assert words in out
    assert "\x1b" not in out
    (file,) = kept(home)
    assert str(file) in err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(file).demand.title == "Small"


def test_json_is_one_document_and_nothing_else(home, capsys):
    code, out, _ = infertop(capsys, "small.toml", "--json", "--no-save")
    assert code == 0
    document = json.loads(out)
    assert (document["schema"], document["split"]["shares"][0]["option"]) == ("infertop.decision/1", "owned")
    assert not kept(home)


@pytest.mark.parametrize(
    ("file", "begins"), [("r.html", "<!doctype html>"), ("r.md", "# Small"), ("r.txt", "Small"), ("r.json", "{")]
)
def test_a_report_is_written(home, capsys, file, begins):
    code, out, err = infertop(capsys, "small.toml", "-o", file, "--no-save")
    assert (code, out) == (0, "")
    assert f"report: {file}" in err
    assert (home / file).read_text().startswith(begins)
    assert "exists already" in infertop(capsys, "small.toml", "-o", file)[2]
    assert infertop(capsys, "small.toml", "-o", file, "--force", "--no-save")[0] == 0


def test_another_look_at_other_prices(home, capsys):
    """The book's price of an option changes between: the user's own list wins over ours."""
    (home / "small.toml").write_text(
        DEMAND.replace(
            'basis = "rented", usd_per_chip_hour = 4.0, chips = 2, as_of = "2026-11-01", source = "quote"',
            'basis = "book", seller = "Crusoe", accelerator = "MI300X"',
        )
    )
    assert infertop(capsys, "small.toml", "--save", "spring")[0] == 0
    code, out, _ = infertop(capsys, "--revisit", "spring", "--no-save")
    assert code == 0
    assert "The choice stands" in out
    assert "Nothing that bears on it has changed" in out
    book = home / "home/infertop/prices_hour.csv"
    book.parent.mkdir(parents=True, exist_ok=True)
    book.write_text("accelerator,seller,usd_per_chip_hour,as_of,source\nMI300X,Crusoe,0.50,2026-11-20,call\n")
    code, out, _ = infertop(capsys, "--revisit", "spring", "--json", "--no-save")
    document = json.loads(out)
    assert (code, document["schema"], document["state"]) == (0, "infertop.revisit/1", "changed")
    assert [each["kind"] for each in document["moved"]] == ["price", "share"]
    assert "staying with the options of then would be" in document["words"]
    code, out, _ = infertop(capsys, "--revisit", "last", "--no-save")
    assert "price of rented: 1 × $0.50/h rented" in out


def test_what_cannot_be_served_is_exit_code_3(home, capsys):
    (home / "small.toml").write_text(DEMAND + "\n[constraints]\nmost_usd_per_month = 10\n")
    code, out, _ = infertop(capsys, "small.toml")
    assert code == 3
    assert "In the way: " in out
    assert "at most $10" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nonesuch", "no demand has this name"),
        ("none.toml", "no such file"),
        ("small.toml --save a --no-save", "contradict"),
        ("small.toml -o report.pdf", "end it with .html"),
        ("small.toml --save a%b", "letters, digits"),
        ("small.toml --session nonesuch", "nonesuch"),
        ("small.toml --sweep nonesuch", "nonesuch"),
        ("small.toml nonesuch.sweep.jsonl", "nonesuch"),
        ("--revisit nonesuch", "nonesuch"),
        ("--revisit small.toml", "no saved decision"),
        ("small.toml --hedless", 'did you mean "--headless"'),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(home, capsys, words, told):
    code, out, err = infertop(capsys, *words.split())
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_a_demand_that_makes_no_sense_names_every_key(home, capsys):
    (home / "small.toml").write_text(DEMAND.replace("ttft_ms = 500", "ttft_ms = -5").replace('"office"', '"oficce"'))
    code, _, err = infertop(capsys, "small.toml")
    assert code == 2
    assert "small.toml" in err
    assert "classes[0]" in err


def test_every_example_is_one_that_parses():
    examples = re.findall(r"^  infertop decide(.*?)(?:  +.*)?$", command.EPILOG, re.MULTILINE)
    assert len(examples) >= 6
    from infertop.tui.cli import _Parser

    for example in examples:
        _Parser(prog="infertop decide", command=command).read(example.split(">")[0].split())


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_built_in_example_on_simulated_hardware_in_another_process(home):
    """The real thing, measured by nobody: simulated in virtual time, and told as that."""
    done = subprocess.run(
        [sys.executable, "-m", "infertop", "decide", "--headless", "-o", "report.html"],
        capture_output=True, text=True, timeout=170, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "simulating" in done.stderr
    page = (home / "report.html").read_text()
    assert "SIM. Every option" in page
    assert "Send chat" in page


def test_built_in_demands_are_files_that_the_questions_take():
    from infertop.profiles.demand_files import load as read
    from infertop.profiles.demand_files import names
    from infertop.tui.decide import interview
    from infertop.tui.decide.console import checked, tables

    for file in names().values():
        demand = read(Path(file))
        assert interview.begun(tables(demand), checked).demand == demand
        assert tomllib.loads(Path(file).read_text())
