"""Real sessions for tests: short plans on the simulated fleet, and looking after every process they start."""

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager
from pathlib import Path

from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.sessions.session import Session
from infertop.sessions.wire import Order


def plan(*stacks, **more):
    more.setdefault("workload", WorkloadPlan(source="classification", max_tokens=8))
    more.setdefault("arrivals", ArrivalsPlan(concurrency=2))
    backends = tuple(BackendPlan(name=stack, url=f"sim:{stack}") for stack in stacks or ("cerebras",))
    return RunPlan(title="test", backends=backends, **more)


def order(folder, *stacks, record=True, keep_text=False, file="", **more):
    return Order(plan=plan(*stacks, **more), folder=str(folder), record=record, keep_text=keep_text, file=str(file))


@asynccontextmanager
async def session(folder, *stacks, **more):
    """A running session, stopped in the end whatever became of it."""
    made = await Session.start(order(folder, *stacks, **more))
    try:
        yield made
    finally:
        if not made.detached:
            await made.stop()


async def watch(watched, until):
    """Frames up to the first for which `until` holds; it and its like are the last."""
    seen = []
    async with asyncio.timeout(30):
        async for frame in watched.frames():
            seen.append(frame)
            if until(frame):
                return seen
    raise AssertionError("the run ended first")


def answered(count):
    return lambda frame: frame.phase == "running" and all(backend.finished >= count for backend in frame.backends)


def family(pid):
    """`pid` and all processes below it."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(folder.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def named(pids, word):
    """Those of `pids` whose command lines hold `word`."""
    found = []
    for pid in pids:
        try:
            if word in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


def alive(pids):
    """Those of `pids` that have not ended."""
    left = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            left.add(pid)
    return left


def all_gone(pids, timeout_s=15.0):
    """Whether all of `pids` end in time."""
    end_s = time.monotonic() + timeout_s
    while alive(pids):
        if time.monotonic() > end_s:
            return False
        time.sleep(0.02)
    return True


def is_whole(path):
    """Whether SQLite finds nothing wrong with the file."""
    database = sqlite3.connect(path)
    try:
        return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        database.close()
