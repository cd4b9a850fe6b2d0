"""How long until something is there to read: run with `pytest -s`.

Each figure stands beside what the interpreter or Textual alone takes, measured in turns in the same run.
"""

import os
import selectors
import statistics
import subprocess
import sys
import termios
import time

import pytest

ROUNDS = int(os.environ.get("INFERTOP_BENCH_ROUNDS", "5"))
TIMEOUT_S = 30.0
SIZE = (40, 120)
BARE_APP = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("first picture")
Bare().run()
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def until_ended_s(*command):
    """How long a command takes to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - start


def until_shown_s(words, *command):
    """How long until a command on a terminal of its own has written `words`."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, SIZE)
    start = time.perf_counter()
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(ours, selectors.EVENT_READ)
            while words not in written:
                left_s = start + TIMEOUT_S - time.perf_counter()
                assert selector.select(max(0.0, left_s)), written[-500:]
                written += os.read(ours, 1 << 16)
        return time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(10)
        os.close(ours)


def in_turns(ours, reference):
    """ROUNDS of each, in turns."""
    pairs = [(ours(), reference()) for _ in range(ROUNDS)]
    return [list(times) for times in zip(*pairs, strict=True)]


def say(what, times, reference, reference_times):
    """Print both; the ratio of their medians."""
    ours_ms, reference_ms = (statistics.median(each) * 1e3 for each in (times, reference_times))
    spread = max(times) / min(times)
    print(
        f"\n{what}: median {ours_ms:.0f} ms (slowest {spread:.2f}× the fastest); {reference}: {reference_ms:.0f} ms; "
        f"{ours_ms / reference_ms:.2f}×, {ours_ms - reference_ms:+.0f} ms"
    )
    return ours_ms / reference_ms


def test_help():
    ours, bare = in_turns(
        lambda: until_ended_s("-m", "infertop", "--help"), lambda: until_ended_s("-c", "import argparse")
    )
    assert say("infertop --help", ours, "an interpreter with argparse", bare) < 8


def test_first_picture():
    """Of the console on the simulated fleet, whose process starts meanwhile."""
    ours, bare = in_turns(
        lambda: until_shown_s(b"quit", "-m", "infertop", "sim:h200", "sim:groq"),
        lambda: until_shown_s(b"first picture", "-c", BARE_APP),
    )
    assert say("first picture of infertop sim:h200 sim:groq", ours, "a Textual app of one line", bare) < 6
