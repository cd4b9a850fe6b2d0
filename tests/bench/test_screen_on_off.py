"""The engine's loop lag with and without the console drawing, in turns: run with `pytest -s`.

What counts is the ratio and how far runs of the same kind differ; figures in ms are this machine's at this moment.
"""

import os
import statistics

import pytest

from infertop.backends.groundtruth import start_ground_truth
from infertop.engine.histogram import Histogram
from infertop.engine.selftest.errors import spread_of
from infertop.tui.doctor.screen import LOAD, run

ROUNDS = int(os.environ.get("INFERTOP_BENCH_ROUNDS", "4"))
SECONDS = 3.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_screen_on_off():
    lags = {"nothing": [], "screen": []}
    with start_ground_truth() as server:
        for number in range(ROUNDS):
            for watched in sorted(lags, reverse=number % 2 == 1):  # neither kind always comes second
                lags[watched].append(await run(server, SECONDS, watched))
    print(f"\nloop lag in ms, {LOAD.streams} streams × 100 tok/s, {ROUNDS} runs of {SECONDS:g} s each, in turns")
    p99s = {}
    for watched, runs in lags.items():
        pooled = spread_of(sum((each.histogram for each in runs), Histogram()))
        p99s[watched] = [spread_of(each.histogram).p99 for each in runs]
        each_run = "  ".join(f"{p99:.2f}" for p99 in p99s[watched])
        print(f"  {watched:8}  p50 {pooled.p50:.3f}  p99 {pooled.p99:.2f}  max {pooled.max:.1f}  of runs: {each_run}")
    off, on = (statistics.median(p99s[watched]) for watched in ("nothing", "screen"))
    spread = max(max(runs) / min(runs) for runs in p99s.values())
    print(f"  screen ÷ nothing, medians of p99: {on / off:.2f}; runs of a kind differ by up to {spread:.2f}×")
    assert all(each.drawn_bytes > 10_000 for each in lags["screen"])
    assert all(each.drawn_bytes < 1_000 for each in lags["nothing"])
    assert all(len(each.histogram) > 100 * SECONDS / 2 for runs in lags.values() for each in runs)
