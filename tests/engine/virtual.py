"""Virtual time: an event loop whose clock jumps to the next timer, and a backend that answers by a script."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass

from msgspec.structs import replace

from infertop.backends.base import Arrival, Usage
from infertop.backends.errors import BackendError, ErrorKind
from infertop.engine.commands import Stop
from infertop.engine.connecting import Connected
from infertop.engine.driver import Driver
from infertop.engine.instrument import Instrument
from infertop.engine.lane import Lane
from infertop.engine.likeness import LikenessSums
from infertop.engine.place import Opening

OPENED_NS = 20_000_000_000
"""When the window of a driven run opens."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits: where another loop would sleep, its clock jumps."""

    def __init__(self):
        super().__init__()
        self.now_ns = 0
        select = self._selector.select

        def jump(timeout):
            assert timeout is not None, "everything waits for nothing"
            self.now_ns += round(timeout * 1e9)
            return select(0)

        self._selector.select = jump

    def time(self):
        return self.now_ns / 1e9


class VirtualClock:
    """The clock of a `VirtualLoop`."""

    def __init__(self, loop):
        self._loop = loop

    def now_ns(self):
        return self._loop.now_ns

    async def sleep_until(self, at_ns):
        while True:
            await asyncio.sleep(max(at_ns - self._loop.now_ns, 0) / 1e9)
            if self._loop.now_ns >= at_ns:
                return


@dataclass
class _Answer:
    sent_ns: int
    arrivals: object
    connect_ns: int = 0
    resent: bool = False
    stamp: str = "kernel"
    server: str = ""
    limits: tuple = ()

    async def deliver(self, take):
        async for arrival in self.arrivals:
            take(arrival)

    def catch_up(self):
        pass


class ScriptedBackend:
    """Answers each prompt as its index says, whatever else is under way: every 11th fails, lengths and gaps vary."""

    can_fix_length = True

    def __init__(self, clock, slowness):
        self._clock = clock
        self._slowness = slowness

    @asynccontextmanager
    async def send(self, request):
        sent_ns = self._clock.now_ns()
        if request.index % 11 == 7:
            await self._clock.sleep_until(sent_ns + 3_000_000)
            raise BackendError(ErrorKind.SERVER, "no", sent_ns=sent_ns)
        yield _Answer(sent_ns, self._arrivals(request.index, sent_ns))

    async def _arrivals(self, index, sent_ns):
        at_ns = sent_ns + (20 + 7919 * index % 400) * 1_000_000 * self._slowness
        tokens = 2 + index % 17
        for number in range(tokens):
            await self._clock.sleep_until(at_ns)
            last = number == tokens - 1
            yield Arrival(
                at_ns=at_ns,
                chunks=1,
                answer_chunks=1,
                text="word ",
                usage=Usage(input_tokens=10 + index % 5, output_tokens=tokens) if last else None,
                finish_reason="stop" if last else None,
            )
            at_ns += (3 + 31 * (index + number) % 11) * 1_000_000 * self._slowness

    async def aclose(self):
        pass


def drive(plan, share, commands=(), made=ScriptedBackend):
    """The last frame of a worker that has `share` of `plan`, in virtual time; `commands` by run time in seconds.

    Backends are `made` of the clock and of what the plan says instead of a URL: how slow they are.
    """

    async def run():
        clock = VirtualClock(asyncio.get_running_loop())

        async def connect(backend):
            return Connected(made(clock, int(backend.url)), "m")

        async def open_together():
            return Opening(OPENED_NS, "2026-11-23T12:00:00.000+00:00")

        async def give_commands():
            for at_s, command in commands:
                at_ns = OPENED_NS + round(at_s * 1e9)
                await clock.sleep_until(at_ns)
                driver.obey(command if isinstance(command, Stop) else replace(command, at_ns=at_ns))

        likeness = LikenessSums([each.name for each in plan.backends])
        lanes = [Lane(each, plan, connect, clock, likeness, share) for each in plan.backends]
        driver = Driver(plan, lanes, likeness, clock, Instrument(), share, open_together)
        async with asyncio.TaskGroup() as group:
            commanding = group.create_task(give_commands())
            await driver.run()
            commanding.cancel()
        return await driver.frame()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run())
