"""The engine process that sends load: reads one plan, runs its share of it, sends Frames, ends.

Started as `python -m infertop.engine.worker FD`, where FD is its end of a socket pair: by `process.EngineProcess`
when one worker is enough, which then runs the whole plan, or by a crew (`crew`).
"""

import gc
import sys
from collections.abc import Mapping

from ..backends.adapters.registry import open_backend
from ..backends.base import Backend
from ..backends.errors import BackendError, ErrorKind
from ..backends.models import list_models
from .clock import RealClock
from .driver import Driver
from .frame import FRAME_NS
from .instrument import Instrument
from .lane import Lane
from .likeness import LikenessSums
from .place import Opening
from .plan import BackendPlan, RunPlan
from .share import Share
from .simulated import stack_of, stacks_served
from .waiting import first_of
from .watcher import Watcher, serve_one_plan

_ASK_TIMEOUT_S = 10.0

_YOUNG_OBJECTS = 20_000
"""How many objects are made before the collector looks at them: while it does, nothing is read, and a request that
is answered leaves no cycles behind."""


class Worker:
    """One run in this process, or its share of one."""

    def __init__(self, plan: RunPlan, watcher: Watcher, instrument: Instrument) -> None:
        share = watcher.place.share if watcher.place else Share()
        likeness = LikenessSums([each.name for each in plan.backends])
        self._clock = RealClock()
        self._watcher = watcher
        self._stacks: Mapping[str, str] = {}
        self._lanes = [Lane(each, plan, self._connect, self._clock, likeness) for each in plan.backends]
        self._driver = Driver(plan, self._lanes, likeness, self._clock, instrument, share, self._opening)
        watcher.obeyed_by(self._driver.obey)

    async def show(self) -> None:
        """Send a frame."""
        self._watcher.show(await self._driver.frame())

    async def run(self, stacks: Mapping[str, str]) -> None:
        """From the first connection to the last frame; `stacks` are base URLs by stack id."""
        self._stacks = stacks
        gc.collect()
        gc.freeze()  # what was loaded so far is never garbage: later collections stay short
        gc.set_threshold(_YOUNG_OBJECTS, 50, 1000)
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
            return Opening.at(self._clock.now_ns())
        self._watcher.ready()
        return await self._watcher.opening

    async def _connect(self, plan: BackendPlan) -> tuple[Backend, str]:
        stack = stack_of(plan)
        url = self._stacks[stack] if stack else plan.url
        model = plan.model or await self._first_model(url, plan.key)
        return open_backend(plan.api, url=url, model=model, key=plan.key, extra=plan.extra), model

    async def _first_model(self, url: str, key: str) -> str:
        """The model a server names first; raises BackendError."""
        models = await list_models(url, key, _ASK_TIMEOUT_S)
        if not models:
            raise BackendError(ErrorKind.MALFORMED, "the server lists no model: name one (--model)")
        return models[0].id


async def perform(plan: RunPlan, watcher: Watcher) -> None:
    """Run `plan`, or the share of it that this worker's place in a crew gives it."""
    with Instrument() as instrument:
        worker = Worker(plan, watcher, instrument)
        await worker.show()
        if watcher.place is None:
            async with stacks_served(plan) as stacks:
                await worker.run(stacks)
        else:
            await worker.run(watcher.place.stacks)


def main() -> int:
    """Entry of the process."""
    return serve_one_plan(perform)


if __name__ == "__main__":
    sys.exit(main())
