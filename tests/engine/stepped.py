"""A simulated stack behind the seam of adapters, step by step in virtual time: what virtual time must agree with."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from infertop.backends.base import Arrival, Usage
from infertop.backends.errors import BackendError, ErrorKind
from infertop.backends.fleet.answering import cut_off, held_back
from infertop.backends.fleet.faults import Fault, first_of_kind, struck_by, token_of
from infertop.backends.fleet.replica import Deliver
from infertop.backends.fleet.replicas import least_loaded
from infertop.backends.fleet.scheduler import Job, Scheduler
from infertop.backends.fleet.text import answer_text
from infertop.backends.fleet.wire import ApiError, Order, read_order, refusal
from infertop.engine.clock import Clock


@dataclass
class SteppedAnswer:
    """One answer: an arrival for each step that brought it something."""

    order: Order
    sent_ns: int
    connect_ns: int = 0
    resent: bool = False
    stamp: str = "kernel"
    server: str = ""
    limits: tuple = ()
    came: asyncio.Queue = field(default_factory=asyncio.Queue)
    take_tokens: Deliver | None = None
    produced: int = 0

    def catch_up(self) -> None:
        pass

    async def deliver(self, take) -> None:
        while self.produced < self.order.output_tokens:
            at_ns, tokens = await self.came.get()
            if not tokens:
                raise BackendError(ErrorKind.CUT, "cut", status=200, sent_ns=self.sent_ns)
            text = answer_text(self.order.text_start + self.produced, tokens)
            self.produced += tokens
            last = self.produced == self.order.output_tokens
            take(
                Arrival(
                    at_ns=at_ns,
                    chunks=1,
                    answer_chunks=1,
                    text=text,
                    usage=Usage(self.order.input_tokens, self.order.output_tokens) if last else None,
                    finish_reason=self.order.finish_reason if last else None,
                )
            )


class SteppedBackend:
    """An adapter whose server's copies make one step at a time."""

    can_fix_length = True

    def __init__(self, stack, seed: int, clock: Clock, faults: tuple[Fault, ...] = (), opened_ns: int = 0) -> None:
        self._faults = faults
        self._opened_ns = opened_ns
        self._stack = stack
        self._seed = seed
        self._clock = clock
        self._schedulers = [Scheduler(stack, seed, number) for number in range(stack.replicas)]
        self._joined_ns = [0] * stack.replicas
        self._answers: dict[int, SteppedAnswer] = {}
        self._work = [asyncio.Event() for _ in self._schedulers]
        self._pacing = [asyncio.create_task(self._pace(number)) for number in range(stack.replicas)]

    async def _pace(self, number: int) -> None:
        scheduler, work = self._schedulers[number], self._work[number]
        while True:
            for _ in range(10):  # all that is sent at one moment is there before a step begins
                await asyncio.sleep(0)
            end_ns = scheduler.begin()
            if end_ns is None:
                work.clear()
                await work.wait()
                continue
            await self._clock.sleep_until(end_ns)
            for emission in scheduler.complete().emissions:
                self._answers[emission.job_id].take_tokens(emission.tokens, emission.finished)

    @asynccontextmanager
    async def send(self, request):
        body = {"messages": [{"role": m.role, "content": m.content} for m in request.messages]}
        asked = {"max_tokens": request.max_tokens, "ignore_eos": request.fixed_length, "stream": True}
        sent_ns = self._clock.now_ns()
        try:
            order = read_order(msgspec.json.encode(body | asked), self._stack, self._seed)
        except ApiError as error:
            raise BackendError(ErrorKind.CLIENT, str(error), status=error.status, sent_ns=sent_ns) from None
        struck = struck_by(self._faults, self._seed, order.known_by, (sent_ns - self._opened_ns) / 1e9)
        if refused := first_of_kind(struck, "rate-limit", "error"):
            error = refusal(refused)
            kind = ErrorKind.RATE_LIMIT if error.status == 429 else ErrorKind.SERVER
            wait_s = refused.retry_after_s or None
            raise BackendError(kind, str(error), status=error.status, retry_after_s=wait_s, sent_ns=sent_ns)
        number = least_loaded(self._schedulers)
        arrival_ns = max(sent_ns + round(self._stack.front_end_ms * 1e6), self._joined_ns[number])
        if cold := first_of_kind(struck, "cold"):
            arrival_ns = max(arrival_ns, self._opened_ns + round((cold.after_s + cold.for_s) * 1e9))
        self._joined_ns[number] = arrival_ns
        self._schedulers[number].submit(Job(request.index, arrival_ns, order.input_tokens, order.output_tokens))
        self._answers[request.index] = answer = SteppedAnswer(order, sent_ns)
        answer.take_tokens = self._suffering(struck, order, answer)
        self._work[number].set()
        try:
            async with asyncio.timeout(request.timeout_s):
                yield answer
        except TimeoutError:
            raise BackendError(ErrorKind.TIMEOUT, "too long", sent_ns=sent_ns) from None
        finally:
            self._schedulers[number].cancel(request.index)
            del self._answers[request.index]

    def _suffering(self, struck, order: Order, answer: SteppedAnswer) -> Deliver:
        """As `fleet.answering` has it."""

        def deliver(tokens: int, _: bool) -> None:
            answer.came.put_nowait((self._clock.now_ns(), tokens))

        made = deliver
        if cut := first_of_kind(struck, "cut"):
            after = token_of(cut, self._seed, order.known_by, order.output_tokens)
            made = cut_off(made, after, lambda: answer.came.put_nowait((0, 0)))
        if stall := first_of_kind(struck, "stall"):
            after = token_of(stall, self._seed, order.known_by, order.output_tokens)
            made = held_back(made, after, stall.stall_s)
        return made

    async def aclose(self) -> None:
        for pacing in self._pacing:
            pacing.cancel()
