"""Eight hours of load in virtual time, engine's counting and screen's model together: flat, and without drift."""

import json
import subprocess
import sys

import pytest

HOURS = 8
SLACK_MB = 8.0

PROGRAM = f"""
import gc
import json
import os
import time
from pathlib import Path

from infertop.engine.frame import decode, encode
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from infertop.engine.virtual import simulate
from infertop.tui.metrics import TTFT
from infertop.tui.model import Model
from infertop.tui.view import PANELS

COUNTS = "scheduled", "finished", "failed", "in_flight", "not_sent", "output_tokens", "input_tokens", "chunks"


def totals(backend):
    return [getattr(backend, name) for name in COUNTS]


plan = RunPlan(
    backends=tuple(BackendPlan(name=each, url=f"sim:{{each}}") for each in ("h200", "mi300x", "inferentia2")),
    arrivals=ArrivalsPlan(concurrency=1),
    duration_s={HOURS} * 3600.0,
)
model = Model()
for number, frame in enumerate(simulate(plan, every_s=30.0, lengths_only=True)):
    data = encode(frame)
    began = time.thread_time()
    model.take(decode(data))
    board = model.board(TTFT, panels=PANELS)
    cost_s = time.thread_time() - began
    if number % 120 == 119 or frame.phase == "done":
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        print(json.dumps({{
            "hours": frame.at_ns / 3.6e12,
            "mb": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
            "bytes": len(data),
            "ms": cost_s * 1e3,
            "frame": [totals(each) for each in frame.backends],
            "screen": [totals(card.window.totals) for card in board.cards],
        }}), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(200)
def test_eight_hours_of_load_take_no_more_memory_than_two():
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=180)
    assert run.returncode == 0, run.stderr[-2000:]
    hours = [json.loads(line) for line in run.stdout.splitlines()]
    for each in hours:
        answers = sum(backend[1] for backend in each["frame"])
        print(
            f"{each['hours']:.1f} h  {answers:7,}  {each['mb']:.1f} MB  {each['bytes']:,} bytes  {each['ms']:.1f} ms"
        )
    assert len(hours) == HOURS + 1
    assert all(each["screen"] == each["frame"] for each in hours)
    assert sum(backend[1] for backend in hours[-1]["frame"]) > 20_000
    assert hours[-1]["mb"] < hours[1]["mb"] + SLACK_MB
    assert hours[-1]["bytes"] < 2 * hours[1]["bytes"]
    assert min(each["ms"] for each in hours[-3:]) < 4 * max(each["ms"] for each in hours[:3])
