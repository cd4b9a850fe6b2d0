"""The engine process that watches over several workers: starts them, opens their windows together, merges Frames.

    screen ⇄ crew ⇄ workers            one protocol (`channel`) on both sides

Started as `python -m infertop.engine.crew FD` for plans of more than one worker, which are processes of this machine,
and for those that run on a cluster, where they may be anywhere (`cluster`). It sends no load itself. It owns
what the workers share, the simulated stacks and the observer; hands every command to all of them; and declares
missing what a worker that died would have sent, while the others go on.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Final, NoReturn

from msgspec.structs import replace

from .clock import RealClock
from .commands import Command, Stop
from .connecting import connect
from .frame import FRAME_NS, Frame
from .inbox import EngineError
from .lane import Lane
from .likeness import LikenessSums
from .link import EngineLink
from .merge import lost, merge
from .observer import Observatory, observing
from .place import Opening, Place
from .plan import RunPlan
from .process import EngineProcess
from .share import Share
from .simulated import stacks_served
from .waiting import first_of
from .watcher import RunError, Watcher, serve_one_plan

LEAD_NS: Final = 50_000_000
"""How long before it the workers are told when the window opens, at the least."""

LEAD_DELAYS: Final = 10
"""And how many times what a message to the farthest of them takes at best."""

LOOK_NS: Final = 2 * FRAME_NS
"""How often the crew looks at its workers' frames and shows them merged: a merge takes several ms of a core."""

SILENT_AFTER: Final = 15
"""Looks in a row without a new frame after which a worker's share counts as missing: 3 s."""


class Member:
    """A worker of the crew.

    Attributes:
        following: takes its frames in, until there are no more.
        frame: the newest.
        lost: why it is gone before its end; "" while it is not.
        quiet: looks since it was last heard of.
    """

    def __init__(self, number: int, process: EngineLink) -> None:
        self.number = number
        self.process = process
        self.following: asyncio.Task[None] = asyncio.create_task(self._follow())
        self.frame: Frame | None = None
        self.lost = ""
        self.quiet = 0
        self._told_to_stop = False

    @property
    def over(self) -> bool:
        """Whether no more will be heard of it."""
        return self.following.done()

    @property
    def silent(self) -> bool:
        """Whether it lives, has spoken before, and says nothing."""
        return self.frame is not None and self.quiet > SILENT_AFTER and not self.over

    async def _follow(self) -> None:
        try:
            async for frame in self.process.frames():
                self.frame, self.quiet = frame, 0
                if frame.phase == "done" and frame.stop_reason == "interrupted" and not self._told_to_stop:
                    self.lost = "it was ended from outside"
        except EngineError as error:
            self.lost = str(error)

    def send(self, command: Command) -> None:
        """Ask it for something."""
        self._told_to_stop = self._told_to_stop or isinstance(command, Stop)
        self.process.send(command)

    async def ready(self) -> None:
        """Return when it is ready, or has ended as it was told; raises RunError when it cannot begin."""
        ready = asyncio.create_task(self.process.ready.wait())
        await asyncio.wait((ready, self.following), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self.lost:
            raise RunError(self.lost)

    def account(self) -> Frame | None:
        """Its newest frame, with its share declared missing if it is."""
        if self.frame is None:
            return None
        frame, machine = self.frame, self.process.machine
        if machine is not None:
            frame = replace(frame, client=replace(frame.client, machines=(machine,)))
        if self.lost:
            return lost(frame, self.number, self.lost)
        return replace(frame, missing_workers=(self.number,)) if self.silent else frame


class Crew:
    """The workers of one run."""

    def __init__(self, watcher: Watcher, members: list[Member], observatory: Observatory) -> None:
        self._watcher = watcher
        self._observatory = observatory
        self._members = members
        self._clock = RealClock()
        self._stopping = False
        self._shown = -1

    def obey(self, command: Command) -> None:
        """Hand a command on; changes of load take effect at the same moment everywhere."""
        if isinstance(command, Stop):
            self._stopping = True
        else:
            command = replace(command, at_ns=self._clock.now_ns())
        for member in self._members:
            member.send(command)

    async def run(self) -> None:
        """From the first connection to the last frame; raises RunError."""
        await first_of(self._until_over(), self._keep_showing())
        if all(member.lost for member in self._members):
            raise RunError(f"every engine worker was lost: {self._members[0].lost}")
        self._show()

    async def _until_over(self) -> None:
        await asyncio.gather(*(member.ready() for member in self._members))
        lead_ns = LEAD_NS + LEAD_DELAYS * max(member.process.delay_ns for member in self._members)
        opening = Opening.at(self._clock.now_ns() + lead_ns)
        self._observatory.open_window(opening.at_ns)
        for member in self._members:
            member.process.open(opening)
        await asyncio.wait([member.following for member in self._members])

    async def _keep_showing(self) -> None:
        """Show what the workers together show, half way between two of their frames."""
        while True:
            now_ns = self._clock.now_ns()
            await self._clock.sleep_until(now_ns - now_ns % FRAME_NS + LOOK_NS + FRAME_NS // 2)
            self._look_after()
            self._show()

    def _look_after(self) -> None:
        """End the silent when all others wait for them, and the run when one worker's part of the budget is used."""
        for member in self._members:
            member.quiet += 1
        silent = [member for member in self._members if member.silent]
        over = [member for member in self._members if member.over]
        if self._stopping or (over and len(over) + len(silent) == len(self._members)):
            for member in silent:
                member.process.kill()
        if not self._stopping and any(m.frame is not None and m.frame.stop_reason == "budget" for m in self._members):
            self.obey(Stop("budget", hurry=False))

    def _show(self) -> None:
        """Show what is known of all of them, if that has changed."""
        frames = [frame for member in self._members if (frame := member.account()) is not None]
        if frames and (merged := merge(frames)).seq > self._shown:
            self._shown = merged.seq
            self._watcher.show(self._observatory.onto(merged))


async def perform(plan: RunPlan, watcher: Watcher) -> None:
    """Run `plan` with as many workers as it asks for; raises RunError."""
    if plan.arrivals.kind == "closed" and plan.arrivals.concurrency < plan.workers:
        raise RunError(
            f"concurrency {plan.arrivals.concurrency} cannot be shared among {plan.workers} workers: "
            "each needs a prompt in flight"
        )
    begun = _not_begun(plan)
    watcher.show(begun)
    async with AsyncExitStack() as resources:
        hiring = asyncio.create_task(_hire(plan, resources))
        await asyncio.wait((hiring, watcher.stopped), return_when=asyncio.FIRST_COMPLETED)
        if not hiring.done():  # a cluster may take its time
            hiring.cancel()
            await asyncio.wait([hiring])
            watcher.show(replace(begun, seq=1, phase="done", stop_reason=watcher.stopped.result().reason))
            return
        members = []
        for number, process in enumerate(hiring.result()):
            process.keep = watcher.record
            members.append(Member(number, process))
        observatory = await resources.enter_async_context(observing(plan))
        stacks = await resources.enter_async_context(stacks_served(plan))
        await observatory.begin(stacks)
        for member in members:
            member.process.assign(plan, Place(Share(member.number, plan.workers), stacks), watcher.keep)
        crew = Crew(watcher, members, observatory)
        watcher.obeyed_by(crew.obey)
        await crew.run()


def _not_begun(plan: RunPlan) -> Frame:
    """What there is to show before there are workers."""
    clock, likeness, share = RealClock(), LikenessSums([each.name for each in plan.backends]), Share(0, plan.workers)
    lanes = [Lane(each, plan, lambda each: connect(each, each.url), clock, likeness, share) for each in plan.backends]
    return Frame(
        title=plan.title,
        seed=plan.seed,
        workload=plan.workload,
        arrivals=plan.arrivals,
        slo=plan.slo,
        requests=plan.requests,
        duration_s=plan.duration_s,
        workers=plan.workers,
        warmup=plan.warmup,
        budget_usd=plan.budget_usd,
        backends=tuple(lane.frame() for lane in lanes),
    )


async def _hire(plan: RunPlan, resources: AsyncExitStack) -> list[EngineLink]:
    """The workers' processes, here or on a cluster, which end with `resources`; raises RunError or EngineError."""
    workers: list[EngineLink] = []
    if plan.ray:
        from .cluster.joining import joined  # noqa: PLC0415 - only where it is asked for

        cluster = await resources.enter_async_context(joined(plan.ray))
        resources.push_async_callback(_dismiss, workers)
        workers += await cluster.place(plan)
    else:
        resources.push_async_callback(_dismiss, workers)
        for _ in range(plan.workers):
            workers.append(await EngineProcess.spawn("worker"))
    return workers


async def _dismiss(workers: list[EngineLink]) -> None:
    await asyncio.gather(*(worker.stop() for worker in workers))


def main() -> NoReturn:
    """Entry of the process, which waits for nothing that Ray may still try in threads of its own."""
    os._exit(serve_one_plan(perform))


if __name__ == "__main__":
    main()
