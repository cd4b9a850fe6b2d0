"""The report for people."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from infertop.engine.selftest.report import Accuracy, Finding, Load
from infertop.tui.doctor import checks, conclusion
from infertop.tui.doctor.report import (
    Check,
    Key,
    Machine,
    Measurable,
    Report,
    ScreenEffect,
    Server,
    Terminal,
)
from infertop.tui.doctor.table import render

from .reports import MACHINE, SCREEN, TERMINAL, burst, finding

DOCS = Path(__file__).parents[3] / "docs" / "doctor.md"

LOADS = (finding(8), finding(32), finding(128, "careful"), finding(512, "cannot"), burst())
KEYS = (Key("Groq", "GROQ_API_KEY", "infertop groq:openai/gpt-oss-120b"),)
SERVERS = (Server("http://127.0.0.1:8000/v1", "vLLM", ("llama-3.3-70b", "qwen")),)

REPORT = Report(
    quick=False,
    grade=conclusion.client_grade(LOADS),
    summary=conclusion.summary(LOADS),
    measurable=conclusion.measurable(LOADS),
    loads=LOADS,
    untried_streams=(1024,),
    screen=SCREEN,
    screen_trouble="",
    machine=MACHINE,
    terminal=TERMINAL,
    keys=KEYS,
    servers=SERVERS,
    checks=(
        *checks.machine_checks(MACHINE, LOADS),
        *checks.screen_checks(SCREEN, ""),
        *checks.terminal_checks(TERMINAL),
        *checks.key_checks(KEYS),
        *checks.server_checks(SERVERS),
    ),
)


def test_the_picture():
    lines = render(REPORT, 120).splitlines()
    start = next(at for at, line in enumerate(lines) if line.lstrip().startswith("streams"))
    assert lines[start : start + 9] == [
        " streams    tok/s  TTFT p50   p99   max  gap p50   p99  miscounted  lag p99  CPU",
        "       8      768      0.02  0.12  0.40     0.00  0.05           0     0.40  25%  ok",
        "      32    3,072      0.02  0.12  0.40     0.00  0.05           0     0.40  25%  ok",
        "     128   12,288      0.02  0.12  0.40     0.00  0.05           0     0.40  25%  careful",
        "    TTFT was off by 31.0 ms at p99",
        "     512   49,152      0.02  0.12  0.40     0.00  0.05           0     0.40  25%  cannot",
        "    TTFT was off by 31.0 ms at p99",
        "burst 64  200,000         –     –     –        –     –           0     0.40  80%  ok",
        "1,024 streams were not tried: the limit on open files does not allow them",
    ]
    assert "ok       GROQ_API_KEY  set: infertop groq:openai/gpt-oss-120b" in lines
    assert "ok       cores           4" in lines


@pytest.mark.parametrize("width", [80, 100, 200])
def test_it_keeps_to_the_width(width):
    assert max(map(cell_len, render(REPORT, width).splitlines())) <= max(width, 91)


def test_plain_has_no_control_code_and_colour_says_nothing_more():
    plain, coloured = render(REPORT, 100), render(REPORT, 100, colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    assert "\x1b[33mcareful\x1b[0m" in coloured


def test_every_check_begins_with_its_judgement():
    text = render(REPORT, 300)
    for check in REPORT.checks:
        assert re.search(rf"^{check.grade} +{re.escape(check.name)} +{re.escape(check.found)}", text, re.MULTILINE)


@pytest.mark.parametrize(
    "kind", [Report, Measurable, ScreenEffect, Machine, Terminal, Key, Server, Check, Finding, Load, Accuracy]
)
def test_every_field_of_the_document_is_documented(kind):
    text = DOCS.read_text(encoding="utf-8")
    assert [name for name in kind.__struct_fields__ if f"`{name}`" not in text and f"`{name}[]`" not in text] == []
