"""`--virtual`: a run of the simulated fleet without sending anything."""

import json
import time

import pytest

from infertop.tui.cli import main


def test_hours_of_load_take_seconds(capfd: pytest.CaptureFixture[str]) -> None:
    began_s = time.process_time()
    code = main(
        ["sim:h200", "sim:groq", "--virtual", "--lengths-only", "--duration", "1h", "--concurrency", "2", "--json"]
    )
    assert code == 0
    document = json.loads(capfd.readouterr().out)
    assert document["run"]["virtual"]
    assert 3600 <= document["run"]["duration_s"] < 3720
    for backend in document["backends"]:
        assert backend["label"] == "SIM"
        assert backend["requests"]["finished"] > 1000
        assert backend["requests"]["failed"] == backend["requests"]["in_flight"] == 0
        assert backend["ttft_ms"]["p99"] > backend["ttft_ms"]["p50"] > 0
    assert time.process_time() - began_s < 30


def test_the_table_says_that_it_was_virtual(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "fleet", "--virtual", "--requests", "20"]) == 0
    table = capfd.readouterr().out
    assert "in virtual time" in table
    assert table.count(" SIM ") == 6


def test_a_budget_ends_it_before_it_is_passed(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sim:h200", "sim:groq", "--virtual", "--budget", "0.02", "--json"]) == 4
    document = json.loads(capfd.readouterr().out)
    assert document["run"]["stop_reason"] == "budget"
    assert sum(backend["requests"]["unsent"].get("budget", 0) for backend in document["backends"]) == 1
    assert 0 < sum(backend["cost"]["spent_usd"] for backend in document["backends"]) <= 0.02


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["http://127.0.0.1:9", "--virtual"], "is a real server: only simulated stacks can run in virtual time"),
        (["sim:h200", "--virtual", "--record", "/tmp/never.journal"], "leave --record and --detach out"),
        (["sim:h200", "--lengths-only", "--json"], "--lengths-only belongs to --virtual"),
    ],
)
def test_what_belongs_to_real_time_is_refused(words: list[str], says: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert says in capfd.readouterr().err
