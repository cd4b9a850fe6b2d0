"""kill -9 at any moment, of any of the processes: the journal opens, is whole, and holds all but the last second."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infertop.sessions.folder import session_of
from infertop.sessions.journal.reader import open_recording

from .hosted import all_gone, family, is_whole, named

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("screen", "host", "engine", "all")

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for orphans in /proc")

SCREEN = """
import asyncio, json, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.sessions.hosted import order
from infertop.sessions.session import Session

async def main():
    ours = await Session.start(order(Path(sys.argv[2])))
    async for frame in ours.frames():
        backend = frame.backends[0]
        host = ours.status.host if ours.status else 0
        print(json.dumps([time.monotonic(), host, frame.phase, backend.finished, frame.at_ns]), flush=True)
asyncio.run(main())
"""


def kill_once(folder, target, delay_s, seed, *, answers=0):
    """Run a session, kill `target` so long after it has so many answers, and look at what is left: its requests."""
    folder.mkdir()
    command = [sys.executable, "-c", SCREEN, str(ROOT), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as screen:
        host, finished = 0, 0
        while not host or finished < answers:
            _, host, _, finished, _ = json.loads(screen.stdout.readline())
        time.sleep(delay_s)
        processes = family(screen.pid)
        victims = {
            "screen": [screen.pid],
            "host": [host],
            "engine": named(processes, b"infertop.engine.worker"),
            "all": random.Random(seed).sample(sorted(processes), len(processes)),
        }[target]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        killed_s = time.monotonic()
        assert all_gone(processes - {screen.pid}, 20), f"an orphan is left after killing {target}"
        screen.kill()
        seen = [json.loads(line) for line in screen.stdout.read().splitlines() if line.endswith("]")]
    (path,) = folder.glob("*.itop")
    long_before = [finished for at_s, _, _, finished, _ in seen if at_s < killed_s - 1.0]
    with open_recording(path) as recording:
        requests = list(recording.requests())
        frames = list(recording.frames())
        facts = recording.facts
    assert is_whole(path)
    assert session_of(path) == facts.id
    assert len(requests) >= max(long_before, default=0), f"requests are missing after killing {target}"
    assert [frame.at_ns for frame in frames] == sorted(frame.at_ns for frame in frames)
    if target == "screen":
        assert (facts.finished, facts.stop_reason) == (True, "parent gone")
    elif target == "engine":
        assert (facts.finished, facts.stop_reason) == (True, "the engine ended unexpectedly (exit status -9)")
    if facts.finished and frames:
        assert len(requests) >= sum(backend.finished + backend.failed for backend in frames[-1].backends)
    return len(requests)


@pytest.mark.parametrize("target", ["all", "screen"])
def test_a_killed_session_leaves_a_whole_journal(tmp_path, target):
    assert kill_once(tmp_path / "state", target, 1.2, 1, answers=20) >= 20


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_hundred_kills(tmp_path):
    """25 of each kind at random moments, from before the journal is made to some seconds into the run."""
    rng = random.Random(20261123)
    rounds = [(TARGETS[at % 4], rng.uniform(0, 4), at) for at in range(100)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda each: kill_once(tmp_path / str(each[2]), *each), rounds))
    assert len(counts) == 100
    print(
        f"\n100 kills: every journal whole; {sum(counts):,} requests in them, {counts.count(0)} journals without any"
    )
