"""kill -9 of each process of a run in turn: what cannot go on ends, what can goes on, and in the end nothing is left.

What the journal holds then is the matter of `tests/sessions/test_kills.py`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infertop.sessions.journal.reader import RecordingError, open_recording

from .neighbours import all_gone, family, named

ROLES = {
    "screen": b"-m\0infertop\0",
    "host": b"infertop.sessions.host",
    "engine": b"infertop.engine.worker",
    "observer": b"infertop.backends.observe",
    "fleet": b"infertop.backends.fleet",
}
FATAL = {"screen", "host", "engine"}
"""Without these there is no run."""

RUN = ["sim:groq", "sim:cerebras", "--workload", "classification", "--max-tokens", "8", "--duration", "7s", "--json"]
GONE_S = 10.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(90),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_left_when_one_is_killed(tmp_path, role):
    with subprocess.Popen(
        [sys.executable, "-m", "infertop", *RUN, "--record", str(tmp_path / "run.itop")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(tmp_path)},
    ) as run:  # fmt: skip
        processes = _at_work(run.pid, tmp_path / "run.itop")
        (victim,) = named(processes, ROLES[role])
        os.kill(victim, signal.SIGKILL)
        if role in FATAL:
            assert all_gone(processes - {run.pid}, GONE_S), f"left after the {role} was killed: {_lines(processes)}"
        printed, _ = run.communicate(timeout=40)
    assert all_gone(processes, GONE_S), f"left after the {role} was killed: {_lines(processes)}"
    if role in FATAL:
        assert run.returncode == (-signal.SIGKILL if role == "screen" else 1)
        return
    told = json.loads(printed)
    assert told["run"]["stop_reason"] in {"duration", "unreachable"}
    for backend in told["backends"]:
        requests = backend["requests"]
        assert requests["finished"] > 0
        assert requests["failed"] > 0 if role == "fleet" else requests["failed"] == 0
        settled = requests["finished"] + requests["failed"] + requests["not_sent"] + requests["in_flight"]
        assert requests["scheduled"] == settled


def _at_work(pid, file):
    """All processes of the run of `pid`, once every role is there and every backend has answered."""
    end_s = time.monotonic() + 30
    while time.monotonic() < end_s:
        time.sleep(0.1)
        processes = family(pid)
        try:
            with open_recording(file) as recording:
                answered = all(backend.finished for backend in recording.last_frame().backends)
        except RecordingError:  # not begun yet
            continue
        if answered and all(len(named(processes, word)) == 1 for word in ROLES.values()):
            return processes
    raise AssertionError(_lines(processes))


def _lines(pids):
    lines = []
    for pid in pids:
        path = Path(f"/proc/{pid}/cmdline")
        if path.exists():
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
    return lines
