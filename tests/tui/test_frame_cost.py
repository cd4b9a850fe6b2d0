"""What a drawn frame costs the screen's process, beside one plain widget of as many cells: run with `pytest -s`.

style.md, section 3; the target at 120 x 40 with eight backends is a median of 10 ms of CPU and a p99 of 40 ms,
verdicts included, which are made once a second.
"""

import asyncio
import statistics
import time
from itertools import cycle

import pytest
from textual.app import App
from textual.widgets import Static

from infertop.tui.app import InfertopApp
from infertop.tui.feed import FrameArrived

from .frames import STACKS, Fleet, Tape

FRAMES = 80
SIZE = (120, 40)


class Running(Tape):
    """A run that goes on."""

    async def frames(self):
        yield self._frames[0]
        await asyncio.Event().wait()


class Plain(App[None]):
    """One widget that fills the screen."""

    def compose(self):
        yield Static(markup=False)


def percentiles(costs_ms):
    """Median and p99."""
    costs_ms = sorted(costs_ms)
    return statistics.median(costs_ms), costs_ms[round(0.99 * (len(costs_ms) - 1))]


async def costs_ms(app, changes, keys=()):
    """CPU time of each change, up to its picture, once `keys` were pressed."""
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        costs = []
        for change in changes:
            start = time.process_time()
            change()
            await pilot.pause()
            costs.append((time.process_time() - start) * 1e3)
    return costs


@pytest.mark.slow
@pytest.mark.parametrize("keys", [(), ("3",), ("4",)], ids=["first view", "heat map", "cost"])
async def test_frame_cost(keys):
    fleet = Fleet(STACKS).advance(120)
    frames = [fleet.advance(0.3).frame() for _ in range(FRAMES)]
    console, plain = InfertopApp(Running(fleet.frame()), shades=True, clock=lambda: 0.0), Plain()
    drawn = await costs_ms(
        console, [lambda frame=frame: console.post_message(FrameArrived(frame)) for frame in frames], keys
    )
    texts = ["\n".join([letter * SIZE[0]] * SIZE[1]) for letter in "ab"]
    reference = await costs_ms(
        plain,
        [
            lambda text=text: plain.query_one(Static).update(text, layout=False)
            for text, _ in zip(cycle(texts), frames, strict=False)
        ],
    )
    (median, p99), (plain_median, plain_p99) = percentiles(drawn), percentiles(reference)
    print(f"\n120 x 40, 8 backends: median {median:.1f} ms, p99 {p99:.1f} ms of CPU per drawn frame")
    print(
        f"one plain widget of as many cells: {plain_median:.1f} and {plain_p99:.1f} ms; {median / plain_median:.1f}×"
    )
    assert median < 9 * plain_median
    assert p99 < 3.5 * median
