"""What the terminal is found to be, on real pseudo-terminals whose other end is the test."""

import os
import re
import termios
import threading
from contextlib import contextmanager

import pytest
from rich.cells import cell_len

from infertop.tui.doctor.terminal import SAMPLES, look, measure_cells, tier_reason
from infertop.tui.draw.glyphs import Tier, choose_tier


@contextmanager
def terminal(cells, *, answers=True):
    """Descriptor of a terminal that moves on by `cells(text)` and says so when asked, and what it was told."""
    ours, theirs = os.openpty()
    seen = bytearray()

    def serve():
        line = b""
        while True:
            try:
                data = os.read(ours, 1024)
            except OSError:
                return
            seen.extend(data)
            line += data
            while b"\x1b[6n" in line:
                before, _, line = line.partition(b"\x1b[6n")
                text = before.rpartition(b"\r")[2].decode()
                if answers:
                    os.write(ours, b"\x1b[24;%dR" % (1 + cells(text)))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield theirs, seen
    finally:
        os.close(theirs)
        thread.join(5)
        os.close(ours)


def test_a_terminal_that_draws_one_cell_a_glyph():
    with terminal(cell_len) as (descriptor, seen):
        assert measure_cells(descriptor, descriptor) == dict.fromkeys(SAMPLES, 1)
    assert seen.endswith(b"\r\x1b[K")  # nothing is left on the line


def test_a_terminal_that_takes_some_glyphs_for_wide():
    with terminal(lambda text: 2 if text == SAMPLES["marker"] else 1) as (descriptor, _):
        assert measure_cells(descriptor, descriptor) == dict.fromkeys(SAMPLES, 1) | {"marker": 2}


def test_a_terminal_that_does_not_answer_is_not_waited_for():
    with terminal(cell_len, answers=False) as (descriptor, _):
        assert measure_cells(descriptor, descriptor) == {}


def test_the_terminal_is_left_as_it_was():
    with terminal(cell_len) as (descriptor, _):
        before = termios.tcgetattr(descriptor)
        measure_cells(descriptor, descriptor)
        assert termios.tcgetattr(descriptor) == before


@pytest.mark.parametrize(
    ("environ", "encoding", "tier", "why"),
    [
        ({}, "utf-8", Tier.BRAILLE, "UTF-8"),
        ({"TERM": "linux"}, "utf-8", Tier.ASCII, "TERM=linux"),
        ({"TERM": "xterm"}, "latin-1", Tier.ASCII, "latin-1"),
        ({"INFERTOP_GLYPHS": "block", "TERM": "linux"}, "utf-8", Tier.BLOCK, "INFERTOP_GLYPHS=block"),
        ({"INFERTOP_GLYPHS": "nonsense"}, "utf-8", Tier.BRAILLE, "UTF-8"),
    ],
)
def test_why_a_tier_was_chosen(environ, encoding, tier, why):
    assert choose_tier(environ, encoding) == tier
    assert why in tier_reason(tier, environ, encoding)


def test_without_a_terminal_there_is_no_size_and_nothing_is_asked(monkeypatch):
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    found = look()
    assert (found.interactive, found.columns, found.rows, found.cells) == (False, None, None, {})
    assert found.colours == "truecolor"
    assert re.fullmatch(r"braille|block|ascii", found.tier)
