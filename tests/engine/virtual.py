"""Virtual time: an event loop whose clock jumps to the next timer, and a backend that answers by a script."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass

from infertop.backends.base import Arrival, Usage
from infertop.backends.errors import BackendError, ErrorKind


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
