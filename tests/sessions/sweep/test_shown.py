"""A sweep as table, document and files; and its exit code."""

import csv
import json
import re
from io import StringIO

import pytest
from msgspec.structs import replace

from infertop.engine.cost import RentedPrice
from infertop.engine.plan import BackendPlan, SloPlan
from infertop.engine.sweep.runner import Sweeper
from infertop.engine.sweep.sweep import Target
from infertop.sessions.exit_codes import ExitCode
from infertop.sessions.sweep.document import document, to_json
from infertop.sessions.sweep.ending import exit_code
from infertop.sessions.sweep.export import part
from infertop.sessions.sweep.table import render

from .made import STACK, last_document, sweep_plan

HOSTILE = "=evil\x1b[31m|<b>"


def ttft(limit_ms):
    return (Target(metric="ttft_sched", limit_ms=limit_ms),)


@pytest.fixture(scope="module")
def sweep():
    plan = sweep_plan(high=8, targets=ttft(4000))
    priced = BackendPlan(name=HOSTILE, url=STACK, price=RentedPrice(usd_per_chip_hour=1.0, chips=12))
    run = replace(plan.plan, backends=(priced,), slo=SloPlan(ttft_ms=4000))
    return last_document(Sweeper(replace(plan, plan=run)))


def test_the_table_marks_knee_and_best_and_says_what_was_found(sweep) -> None:
    text = render(sweep, 160)
    assert "knee at " in text
    assert "p95_ttft<4000ms: most tokens/s at " in text
    assert sum("best" in line.split("$")[-1] for line in text.splitlines() if line.startswith(" ")) >= 1
    assert "SIM" in text
    assert "virtual time" in text
    assert "?" in text  # few answers at some level
    assert "\x1b" not in text


def test_a_narrow_terminal_gets_fewer_columns(sweep) -> None:
    table = [line for line in render(sweep, 70).splitlines() if "tok/s" in line and "/user" in line]
    assert max(map(len, table)) <= 70
    assert "/chip" not in table[0]


def test_colour_is_never_needed(sweep) -> None:
    assert re.sub(r"\x1b\[\d+m", "", render(sweep, 160, colour=True)) == render(sweep, 160)


def test_the_document_holds_every_figure_with_its_interval(sweep) -> None:
    made = json.loads(to_json(document(sweep)))
    assert made["schema"] == "infertop.sweep/1"
    curve = made["curves"][0]
    assert (
        curve["best"]["held"] is None or curve["best"]["held"] <= curve["best"]["level"] or not curve["best"]["sure"]
    )
    for point in curve["points"]:
        figures = point["figures"]
        assert figures["tok_s"]["low"] <= figures["tok_s"]["value"]
        assert figures["usd_per_m_output"]["value"] == pytest.approx(
            12 / 3600 / figures["tok_s"]["value"] * 1e6, rel=1e-4
        )
        assert figures["tok_s_per_chip"]["value"] == pytest.approx(figures["tok_s"]["value"] / 12, rel=1e-4)
        assert figures["targets"] in {"holds", "misses", "undecided"}
        assert {each["quantile"] for each in figures["latencies_ms"]["ttft_sched"]} == {0.5, 0.95}


def test_a_row_a_point_and_no_formula(sweep) -> None:
    rows = list(csv.DictReader(StringIO("".join(part(sweep, "csv").chunks))))
    assert len(rows) == len(sweep.curves[0].points)
    assert {row["backend"][0] for row in rows} == {"'"}
    assert [float(row["level"]) for row in rows] == [point.level for point in sweep.curves[0].points]
    assert all(float(row["tok_s_low"]) <= float(row["tok_s"]) for row in rows)
    assert rows[0]["j_per_output_token"] == ""


def test_markdown_shows_names_as_they_are(sweep) -> None:
    text = "".join(part(sweep, "md").chunks)
    assert "\x1b" not in text
    assert "\\|\\<b\\>" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1


def test_exit_codes(sweep) -> None:
    assert exit_code(sweep, gate=True) is ExitCode.OK
    assert exit_code(replace(sweep, targets=ttft(1)), gate=True) is ExitCode.GATE
    assert exit_code(replace(sweep, targets=ttft(1)), gate=False) is ExitCode.OK
    assert exit_code(replace(sweep, state="stopped", stopped_by="budget"), gate=True) is ExitCode.BUDGET
    assert exit_code(replace(sweep, state="stopped", stopped_by="interrupted"), gate=True) is ExitCode.INTERRUPTED
    broken = replace(sweep.curves[0], failed=True, done="connection refused")
    assert exit_code(replace(sweep, curves=(broken,)), gate=True) is ExitCode.FAILED
    assert "could not be measured: connection refused" in render(replace(sweep, curves=(broken,)), 120)
