"""Terminals that misbehave: the console draws what they take, and what is measured does not know of it."""

import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from infertop.sessions.journal.reader import open_recording

INFERTOP = [sys.executable, "-m", "infertop"]
LOAD = ["sim:groq", "sim:cerebras", "--workload", "classification", "--max-tokens", "16", "--concurrency", "2"]
STALL_S = 12.0
"""More than Textual's queue of writes holds at the console's usual rate; then its loop stands still."""

SLACK_MB = 8.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


class Terminal:
    """A console on a terminal, of which no more is read than is asked for."""

    def __init__(self, process, fd):
        self.process = process
        self.fd = fd
        self.shown = b""

    def read(self, seconds, until=b""):
        """What it shows within so many seconds, or up to a text."""
        end_s, begun = time.monotonic() + seconds, len(self.shown)
        while time.monotonic() < end_s and not (until and until in self.shown[begun:]):
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self.fd, 1 << 16)
                except OSError:  # nobody has the other end any more
                    break
        return self.shown[begun:]

    def type(self, keys):
        os.write(self.fd, keys)


@contextmanager
def console(tmp_path, *words, size):
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, size)
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": str(tmp_path)}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [*INFERTOP, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def resident_mb(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def seconds_shown(picture):
    """The newest run time in a picture."""
    found = re.findall(rb"(\d\d):(\d\d)", picture)
    assert found, picture[-500:]
    return max(int(minutes) * 60 + int(seconds) for minutes, seconds in found)


def test_a_terminal_that_stops_reading_disturbs_nothing(tmp_path):
    file = tmp_path / "run.itop"
    with console(tmp_path, *LOAD, "--record", str(file), size=(40, 120)) as screen:
        assert b"tok/s" in screen.read(20, until=b"tok/s")
        screen.read(3)
        before_mb = resident_mb(screen.process.pid)
        time.sleep(STALL_S)
        grown_mb = resident_mb(screen.process.pid) - before_mb
        screen.read(3)
        newest = screen.read(2)
        screen.type(b"q")
        screen.read(20)
        assert screen.process.wait(10) == 0
    assert grown_mb < SLACK_MB
    with open_recording(file) as recording:
        moments = recording.moments()
        gaps_s = [(after - before) / 1e9 for before, after in pairwise(moments)]
        stalled = recording.frame_at(round(4.5e9)), recording.frame_at(round((2 + STALL_S) * 1e9))
        last = recording.last_frame()
        assert recording.facts.stop_reason == "told"
    print(f"\ngrown {grown_mb:.1f} MB, longest gap in the journal {max(gaps_s):.1f} s, {len(newest)} bytes after it")
    assert max(gaps_s) < 4, "frames came to the journal all the time"
    assert stalled[1].at_ns - stalled[0].at_ns > 6e9
    for then, now in zip(stalled[0].backends, stalled[1].backends, strict=True):
        assert now.finished > then.finished + 10, "the load went on"
        assert not now.failed
    assert seconds_shown(newest) > last.at_ns / 1e9 - 5, "what is shown is of now"


def test_a_console_whose_terminal_does_not_read_can_be_ended(tmp_path):
    file = tmp_path / "run.itop"
    with console(tmp_path, *LOAD, "--record", str(file), size=(40, 120)) as screen:
        assert b"tok/s" in screen.read(20, until=b"tok/s")
        time.sleep(STALL_S)
        screen.process.send_signal(signal.SIGTERM)
        assert screen.process.wait(5)
    end_s = time.monotonic() + 20
    while True:
        with open_recording(file) as recording:
            if recording.facts.finished:
                break
        assert time.monotonic() < end_s, "the session did not end with its screen"
        time.sleep(0.2)


def test_a_terminal_of_no_size_is_drawn_on_and_left(tmp_path):
    with console(tmp_path, *LOAD, "--no-record", size=(0, 0)) as screen:
        assert b"tok/s" in screen.read(20, until=b"tok/s")
        begun = len(screen.shown)
        screen.read(2)
        assert len(screen.shown) - begun < 1 << 20, "it draws over and over"
        screen.type(b"q")
        screen.read(20)
        assert screen.process.wait(10) == 0
