"""A provider in virtual time that bills by its own books and limits by its own rules, and runs against it."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from infertop.backends.base import Arrival, Usage
from infertop.backends.errors import BackendError, ErrorKind
from infertop.backends.rate_limits import RateLimit
from infertop.engine.connecting import Connected
from infertop.engine.cost import api_usd
from infertop.engine.driver import Driver
from infertop.engine.instrument import Instrument
from infertop.engine.lane import Lane
from infertop.engine.likeness import LikenessSums
from infertop.engine.place import Opening
from infertop.engine.share import Share

from .virtual import VirtualClock, VirtualLoop

OPENED_NS = 1_000_000_000
SECOND_NS = 1_000_000_000


@dataclass
class _Answer:
    sent_ns: int
    deliver: object
    limits: tuple = ()
    connect_ns: int = 0
    resent: bool = False
    stamp: str = "kernel"
    server: str = ""

    def catch_up(self):
        pass


@dataclass
class Provider:
    """Answers after 0.5 s; `ending` says how by index: "" well, "no usage", "cut", "refused", "timeout".

    Attributes:
        per_s: requests it takes in each second on the clock; what comes above that is refused with 429.
        retry_after: whether it says when to come again.
        sent: when each request came.
        bill: what it bills, request by request.
    """

    clock: object
    ending: object = staticmethod(lambda index: "")
    per_s: int | None = None
    retry_after: bool = True
    sent: list = field(default_factory=list)
    bill: list = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    can_fix_length: bool = True

    @asynccontextmanager
    async def send(self, request):
        now_ns = self.clock.now_ns()
        limits = self._limits(now_ns)
        self.sent.append(now_ns)
        if limits and limits[0].remaining == 0:
            raise BackendError(
                ErrorKind.RATE_LIMIT,
                "slow down",
                status=429,
                retry_after_s=limits[0].reset_s if self.retry_after else None,
                limits=limits if self.retry_after else (),
                sent_ns=now_ns,
            )
        how = self.ending(request.index)
        if how == "refused":
            raise BackendError(ErrorKind.SERVER, "no", status=503, sent_ns=now_ns)
        usage = Usage(input_tokens=sum(len(m.content) for m in request.messages), output_tokens=request.max_tokens)
        self.bill.append(usage)  # whatever becomes of the answer
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if how == "timeout":
                await self.clock.sleep_until(now_ns + 2 * SECOND_NS)
                raise BackendError(ErrorKind.TIMEOUT, "no answer", sent_ns=now_ns)

            async def deliver(take):
                await self.clock.sleep_until(now_ns + SECOND_NS // 2)
                told = None if how else usage
                arrival = Arrival(at_ns=self.clock.now_ns(), chunks=1, answer_chunks=1, text="word", usage=told)
                take(arrival)
                if how == "cut":
                    raise BackendError(ErrorKind.CUT, "gone", status=200, sent_ns=now_ns)

            yield _Answer(now_ns, deliver, self._limits(now_ns))
        finally:
            self.under_way -= 1

    def _limits(self, now_ns):
        if self.per_s is None:
            return ()
        second = now_ns // SECOND_NS
        taken = sum(at_ns // SECOND_NS == second for at_ns in self.sent)
        reset_s = ((second + 1) * SECOND_NS - now_ns) / 1e9
        return (RateLimit(name="requests", limit=self.per_s, remaining=max(0, self.per_s - taken), reset_s=reset_s),)

    async def aclose(self):
        pass

    def billed_usd(self, price):
        return sum(api_usd(price, usage) for usage in self.bill)


def run_against(plan, share=None, orders=(), **rules):
    """(last frame, the provider of each backend by name) of `plan` in virtual time.

    `orders` are commands, each with the second of the run at which it is given.
    """
    share = share or Share()

    async def run():
        clock = VirtualClock(asyncio.get_running_loop())
        providers = {each.name: Provider(clock, **rules) for each in plan.backends}

        async def connect(backend):
            return Connected(providers[backend.name], "m")

        async def open_at_once():
            return Opening(max(OPENED_NS, clock.now_ns()), "2026-11-23T12:00:00.000+00:00")

        likeness = LikenessSums([each.name for each in plan.backends])
        lanes = [Lane(each, plan, connect, clock, likeness, share) for each in plan.backends]
        driver = Driver(plan, lanes, likeness, clock, Instrument(), share, open_at_once)

        async def give(at_s, command):
            await clock.sleep_until(OPENED_NS + round(at_s * SECOND_NS))
            driver.obey(command)

        giving = [asyncio.create_task(give(*order)) for order in orders]
        await driver.run()
        for task in giving:
            task.cancel()
        return await driver.frame(), providers

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run())
