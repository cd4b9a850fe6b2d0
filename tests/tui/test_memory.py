"""The console after eight hours, in virtual time: of each, ten minutes of frames through the real app."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOURS = 8
MOST_MB = 150

PROGRAM = f"""
import asyncio
import gc
import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, {str(ROOT)!r})
from tests.tui.frames import STACKS, Fleet, Tape

from infertop.engine.plan import ArrivalsPlan
from infertop.tui.app import InfertopApp
from infertop.tui.feed import FrameArrived
from infertop.tui.view import PANELS


def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def main():
    fleet = Fleet(STACKS, arrivals=ArrivalsPlan(concurrency=1))
    app = InfertopApp(Tape(), shades=True)
    app._view = replace(app._view, wanted=PANELS)
    async with app.run_test(size=(240, 60)) as pilot:
        for hour in range({HOURS}):
            fleet.advance(3600 - 60 * 10).mark(f"rate {{hour}}")
            for step in range(60):
                app.post_message(FrameArrived(fleet.advance(10).frame()))
                await pilot.pause()
                if step % 20 == 0:
                    await pilot.press("tab", "z" if hour % 2 else "Z")
            gc.collect()
            print(resident_mb(), flush=True)


asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(300)
def test_eight_hours_take_no_more_memory_than_two():
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=280)
    assert run.returncode == 0, run.stderr[-2000:]
    sizes = [float(line) for line in run.stdout.split()]
    print("\nMB after each hour:", " ".join(f"{size:.0f}" for size in sizes))
    assert len(sizes) == HOURS
    assert max(sizes) < MOST_MB
    assert sizes[-1] < sizes[1] + 12
