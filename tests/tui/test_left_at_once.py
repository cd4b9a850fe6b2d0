"""Ctrl+C at the worst moment: the run ends, and the terminal is as it was before."""

import os
import pty
import random
import select
import signal
import sys
import termios
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

LOAD = ["sim:groq", "sim:cerebras", "--workload", "classification", "--max-tokens", "16", "--concurrency", "2"]
KEYS = (b"?", b"\x1b", b"c", b"e", b"3", b"\x10", b"o", b"z", b"/", b"N", b"W", b"t", b"7", b"\x1b[6~", b"]")
MODES = (b"\x1b[?1049", b"\x1b[?1000", b"\x1b[?1003", b"\x1b[?1006", b"\x1b[?2004", b"\x1b[?1004")
"""Of the terminal: its other screen, the mouse, pasting, focus."""


def read(fd, seconds):
    """What is shown meanwhile."""
    shown, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.02)[0]:
            try:
                shown += os.read(fd, 1 << 16)
            except OSError:  # nobody has the other end any more
                break
    return shown


def assert_restored(shown):
    """Nothing that was turned on for the console is on still."""
    for mode in MODES:
        assert shown.rfind(mode + b"l") >= shown.rfind(mode + b"h"), mode
    assert shown.rfind(b"\x1b[?25h") >= shown.rfind(b"\x1b[?25l"), "the cursor can be seen"


@pytest.mark.parametrize(
    ("awaited", "then_s"),
    [(b"", 0.3), (b"\x1b[?1049h", 0.0), (b"infertop", 0.0), (b"tok/s", 0.0), (b"tok/s", 3.0)],
    ids=["before anything", "as it opens", "waiting", "first picture", "running"],
)
def test_the_terminal_is_as_it_was(awaited, then_s, tmp_path):
    chance = random.Random(then_s)
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "XDG_STATE_HOME": str(tmp_path)}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)
    pid, fd = pty.fork()  # with the terminal for its own: the kernel makes a signal of ctrl+c, until it is a key
    if not pid:
        os.execve(sys.executable, [sys.executable, "-m", "infertop", *LOAD], environment)
    before = termios.tcgetattr(fd)
    shown, met, status, end = b"", None, None, time.monotonic() + 60
    try:
        while time.monotonic() < end and (met is None or time.monotonic() < met + then_s):
            termios.tcsetwinsize(fd, (chance.randint(20, 90), chance.randint(60, 280)))
            if met and awaited:
                os.write(fd, chance.choice(KEYS))
            shown += read(fd, 0.05)
            met = met or (time.monotonic() if awaited in shown else None)
        assert met, shown[-2000:]
        os.write(fd, b"\x03")
        for _ in range(10):
            termios.tcsetwinsize(fd, (chance.randint(1, 90), chance.randint(1, 280)))
            shown += read(fd, 0.02)
        while status is None and time.monotonic() < met + 40:
            shown += read(fd, 0.2)
            ended, code = os.waitpid(pid, os.WNOHANG)
            status = code if ended else None
        shown += read(fd, 0.2)
        assert status is not None, shown[-2000:]
        assert termios.tcgetattr(fd)[:6] == before[:6]
    finally:
        if status is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(fd)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, 130}
    print(f"\n{len(shown):,} bytes, exit code {code}")
    assert b"Traceback" not in shown
    assert_restored(shown)
