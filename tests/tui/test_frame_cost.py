"""What a drawn frame costs the screen's process: printed with `pytest -s`, held to the design's target with room.

style.md, section 3, and the target of the console: median 10 ms of CPU at 120 x 40 with eight backends.
"""

import statistics
import time

import pytest

from infertop.tui.app import InfertopApp
from infertop.tui.feed import FrameArrived

from .frames import STACKS, Fleet, Tape

FRAMES = 80


@pytest.mark.slow
async def test_frame_cost():
    fleet = Fleet(STACKS).advance(120)
    frames = [fleet.advance(0.3).frame() for _ in range(FRAMES)]
    app = InfertopApp(Tape())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        costs_ms = []
        for frame in frames:
            start = time.process_time()
            app.post_message(FrameArrived(frame))
            await pilot.pause()
            costs_ms.append((time.process_time() - start) * 1e3)
    costs_ms.sort()
    median, p99 = statistics.median(costs_ms), costs_ms[round(0.99 * (FRAMES - 1))]
    print(f"\n120 x 40, 8 backends: median {median:.1f} ms, p99 {p99:.1f} ms of CPU per drawn frame")
    assert median < 20
