"""The engine process that sends load: reads one plan, runs its share of it, sends Frames, ends.

Started as `python -m infertop.engine.worker FD`, where FD is its end of a socket pair: by `process.EngineProcess`
when one worker is enough, which then runs the whole plan, or by a crew (`crew`).
"""

import gc
import sys
from collections.abc import Mapping

from .clock import RealClock
from .connecting import Connected, connect
from .descriptors import make_room
from .driver import Driver
from .frame import FRAME_NS
from .instrument import Instrument
from .lane import Lane
from .ledger import TEXTS, Ledger
from .likeness import LikenessSums
from .observer import Observatory, observing
from .place import Opening
from .plan import BackendPlan, RunPlan
from .share import Share
from .simulated import stacks_served
from .waiting import first_of
from .watcher import Watcher, serve_one_plan

_YOUNG_OBJECTS = 20_000
"""How many objects are made and not freed before the collector looks at them: while it does, nothing is read, and no
request leaves cycles behind, whatever comes of it (`no_cycles` in tests/conftest.py)."""


class Worker:
    """One run in this process, or its share of one."""

    def __init__(self, plan: RunPlan, watcher: Watcher, instrument: Instrument) -> None:
        share = watcher.place.share if watcher.place else Share()
        likeness = LikenessSums([each.name for each in plan.backends])
        self._clock = RealClock()
        self._watcher = watcher
        self._observatory: Observatory | None = None
        self._stacks: Mapping[str, str] = {}
        self._ledger = Ledger(share.worker, watcher.record, texts=watcher.keep == TEXTS) if watcher.keep else None
        self._lanes = [
            Lane(each, plan, self._connect, self._clock, likeness, share, self._ledger) for each in plan.backends
        ]
        self._driver = Driver(plan, self._lanes, likeness, self._clock, instrument, share, self._opening)
        watcher.obeyed_by(self._driver.obey)

    async def show(self) -> None:
        """Send a frame, after the records of what it counts."""
        frame = await self._driver.frame()
        if self._ledger is not None:
            self._ledger.flush()  # with what a frame counts, nothing it counts is missing
        self._watcher.show(self._observatory.onto(frame) if self._observatory else frame)

    async def run(self, stacks: Mapping[str, str], observatory: Observatory | None = None) -> None:
        """From the first connection to the last frame; `stacks` are base URLs of simulated backends, by name.

        In a crew, which observes for all, there is no `observatory` here.
        """
        self._stacks, self._observatory = stacks, observatory
        self._driver.what_if.stacks = stacks
        gc.collect()
        gc.freeze()  # what was loaded so far is never garbage: later collections stay short
        gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
        try:
            await first_of(self._driver.run(), self._keep_showing())
        finally:
            for lane in self._lanes:
                await lane.aclose()
        await self.show()

    async def _keep_showing(self) -> None:
        while True:
            await self.show()
            await self._clock.sleep_until((self._clock.now_ns() // FRAME_NS + 1) * FRAME_NS)

    async def _opening(self) -> Opening:
        """When the window opens: at once, or with those of the other workers."""
        if self._watcher.place is None:
            opening = Opening.at(self._clock.now_ns())
            if self._observatory is not None:
                self._observatory.open_window(opening.at_ns)
            return opening
        self._watcher.ready()
        return await self._watcher.opening

    async def _connect(self, plan: BackendPlan) -> Connected:
        simulated = self._stacks.get(plan.name)
        return await connect(plan, simulated, "fleet") if simulated else await connect(plan, plan.url)


async def perform(plan: RunPlan, watcher: Watcher) -> None:
    """Run `plan`, or the share of it that this worker's place in a crew gives it."""
    make_room(plan, watcher.place.share if watcher.place else Share())
    with Instrument() as instrument:
        worker = Worker(plan, watcher, instrument)
        await worker.show()
        if watcher.place is None:
            async with observing(plan) as observatory, stacks_served(plan) as stacks:
                await observatory.begin(stacks)
                await worker.run(stacks, observatory)
        else:
            await worker.run(watcher.place.stacks)


def main() -> int:
    """Entry of the process."""
    return serve_one_plan(perform)


if __name__ == "__main__":
    sys.exit(main())
