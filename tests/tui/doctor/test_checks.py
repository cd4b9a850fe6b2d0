"""The judgement of each line."""

import pytest
from msgspec.structs import replace

from infertop.engine.selftest.ladder import USUAL
from infertop.engine.selftest.report import Spread
from infertop.tui.doctor import checks
from infertop.tui.doctor.report import Key, Server

from .reports import MACHINE, SCREEN, TERMINAL, finding


def by_name(lines):
    return {check.name: check for check in lines}


def test_a_good_machine_is_ok_throughout():
    lines = [
        *checks.machine_checks(MACHINE, [finding(8)]),
        *checks.screen_checks(SCREEN, ""),
        *checks.terminal_checks(TERMINAL),
        *checks.key_checks([]),
        *checks.server_checks([]),
    ]
    assert {check.grade for check in lines} == {"ok"}


@pytest.mark.parametrize(
    ("changes", "name", "told"),
    [
        ({"uvloop": ""}, "event loop", "uvloop is not installed"),
        ({"cores": 1}, "cores", "share it"),
        ({"open_files": 256}, "open files", "at most 192 requests at once"),
    ],
)
def test_what_is_wrong_with_a_machine(changes, name, told):
    check = by_name(checks.machine_checks(replace(MACHINE, **changes), [finding(8)]))[name]
    assert check.grade == "careful"
    assert told in check.remark


def test_stamps_are_what_the_loads_had():
    lines = by_name(checks.machine_checks(MACHINE, [finding(8, stamp="user")]))
    assert lines["receive stamps"].grade == "careful"
    assert "receive stamps" not in by_name(checks.machine_checks(MACHINE, []))


def test_loads_that_the_descriptors_do_not_allow_are_left_out():
    assert checks.affordable(USUAL, replace(MACHINE, open_files=-1)) == USUAL
    assert checks.affordable(USUAL, replace(MACHINE, open_files=512 + 64)) == USUAL
    few = checks.affordable(USUAL, replace(MACHINE, open_files=256))
    assert [load.streams for load in few] == [8, 32, 128, 64]
    assert checks.affordable(USUAL, replace(MACHINE, open_files=10)) == ()


@pytest.mark.parametrize(
    ("off", "on", "grade"),
    [
        ((0.2, 0.2), (0.9, 0.9), "ok"),  # below the limit
        ((2.0, 2.0), (3.9, 3.9), "ok"),  # less than twice
        ((0.5, 4.0), (5.0, 5.0), "ok"),  # runs differ by as much
        ((0.5, 0.6), (5.0, 5.2), "careful"),
    ],
)
def test_when_the_screen_disturbs(off, on, grade):
    effect = replace(
        SCREEN,
        off_ms=Spread(n=9, p99=max(off)),
        on_ms=Spread(n=9, p99=max(on)),
        off_runs_p99_ms=off,
        on_runs_p99_ms=on,
    )
    (check,) = checks.screen_checks(effect, "")
    assert check.grade == grade


def test_a_screen_that_could_not_be_tried_says_why():
    (check,) = checks.screen_checks(None, "no pseudo-terminal")
    assert (check.grade, check.remark) == ("careful", "no pseudo-terminal")


@pytest.mark.parametrize(
    ("changes", "name", "told"),
    [
        ({"interactive": False}, "terminal", "--headless"),
        ({"columns": 60}, "size", "80 × 24"),
        ({"colours": "standard", "colorterm": ""}, "colours", "COLORTERM=not set"),
        ({"tier": "ascii", "tier_reason": "TERM=linux has no such characters"}, "glyphs", "TERM=linux"),
        ({"cells": {"braille": 2, "block": 1}}, "cells a glyph", "INFERTOP_GLYPHS=ascii"),
    ],
)
def test_what_is_wrong_with_a_terminal(changes, name, told):
    check = by_name(checks.terminal_checks(replace(TERMINAL, **changes)))[name]
    assert check.grade == "careful"
    assert told in check.remark


def test_what_others_wrote_is_made_safe():
    hostile = "x\x1b[2J"
    lines = [
        *checks.terminal_checks(replace(TERMINAL, term=hostile, colorterm=hostile, colours="standard")),
        *checks.server_checks([Server("http://127.0.0.1:8000/v1", "vLLM", (hostile,))]),
    ]
    assert not any("\x1b" in check.found + check.remark for check in lines)


def test_keys_are_named_with_what_they_are_good_for():
    (check,) = checks.key_checks([Key("Groq", "GROQ_API_KEY", "infertop groq:openai/gpt-oss-120b")])
    assert (check.name, check.found, check.remark) == ("GROQ_API_KEY", "set", "infertop groq:openai/gpt-oss-120b")
