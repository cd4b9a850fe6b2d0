"""One backend under load: sends prompts to it, never twice, and counts what comes of them."""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from ..backends.base import Answer, Arrival, Backend, Request
from ..backends.errors import UNREACHABLE, BackendError, ErrorKind
from ..backends.printable import printable
from .clock import Clock
from .cost import ApiPrice, api_usd, spent_usd
from .frame import GOOD, BackendFrame, Label, Serial
from .likeness import LikenessSums
from .meter import Meter
from .pairing import Side
from .plan import BackendPlan, RunPlan, SloPlan
from .prompts import Prompt
from .tally import CHARACTERS_PER_TOKEN, Tally

DOWN_AFTER: Final = 3
"""Connection failures in a row after which a backend counts as down."""

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
_ANSWERS_AT_ONCE: Final = 32
SIMULATED_SERVER: Final = "infertop-fleet"


class Connector(Protocol):
    """Makes the adapter for a backend, asking the server which model it has where the plan does not say."""

    async def __call__(self, plan: BackendPlan) -> tuple[Backend, str]:
        """The adapter and the model's name; raises BackendError while the server cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class _WorstCase:
    """Most tokens a request can be billed for."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0


class Lane:
    """A backend, its adapter, and its tally."""

    def __init__(
        self, plan: BackendPlan, run: RunPlan, connect: Connector, clock: Clock, likeness: LikenessSums
    ) -> None:
        self.plan = plan
        self.tally = Tally(clock.now_ns())
        self.reserved_usd = 0.0
        self._connect = connect
        self._clock = clock
        self._slo = run.slo
        self._timeout_s = run.timeout_s
        self._temperature = run.workload.temperature
        self._likeness = likeness
        self._backend: Backend | None = None
        self._connecting = asyncio.Lock()
        self._answering: dict[Meter, Answer] = {}
        self._model = plan.model
        self._simulated = plan.url.startswith("sim:")
        self._stamp: str = ""
        self._failures_in_a_row = 0
        self._unreachable = False
        self._paused_until_ns = 0

    @property
    def down(self) -> bool:
        """Whether nobody answers there."""
        return self._unreachable and self._failures_in_a_row >= DOWN_AFTER

    def open_window(self, at_ns: int, side: Side) -> None:
        """Forget what was counted: the measured window opens, and `side` pairs this backend with the others."""
        self.tally = Tally(at_ns, side)

    async def prepare(self) -> None:
        """Connect the adapter ahead of the first prompt; a failure shows when that prompt is sent."""
        try:
            await self._ready()
        except BackendError as error:
            self._note(error)

    async def _ready(self) -> Backend:
        async with self._connecting:
            if self._backend is None:
                self._backend, self._model = await self._connect(self.plan)
            return self._backend

    async def perform(self, prompt: Prompt, scheduled_ns: int) -> None:
        """Send one prompt, once, and measure it; never raises for what a backend does."""
        meter = Meter(self.tally, prompt.index, scheduled_ns, sum(len(m.content) for m in prompt.messages))
        answer_text: list[str] = []

        def keep(arrival: Arrival) -> None:
            meter.arrive(arrival)
            answer_text.append(arrival.text)

        keep_text = self._temperature == 0 and self._likeness.wanted(prompt.index)
        worst_usd = self.worst_usd(prompt)
        self.reserved_usd += worst_usd
        try:
            backend = await self._ready()
            async with backend.send(self._request(prompt)) as answer:
                meter.sent(answer)
                self._stamp = answer.stamp
                self._simulated = self._simulated or answer.server.startswith(SIMULATED_SERVER)
                self._answering[meter] = answer
                try:
                    await answer.deliver(keep if keep_text else meter.arrive)
                finally:
                    del self._answering[meter]
        except BackendError as error:
            meter.fail(error)
            self._note(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one request must not end the run; it is shown
            ours = BackendError(ErrorKind.INTERNAL, printable(f"{type(error).__name__}: {error}"))
            meter.fail(ours)
            self._note(ours)
        else:
            meter.finish(self._slo)
            if keep_text:
                self._likeness.add(prompt.index, self.plan.name, "".join(answer_text))
            self._failures_in_a_row = 0
            self._unreachable = False
        finally:
            self.reserved_usd -= worst_usd

    def _request(self, prompt: Prompt) -> Request:
        return Request(
            index=prompt.index,
            messages=prompt.messages,
            max_tokens=prompt.max_tokens,
            fixed_length=prompt.fixed_length,
            temperature=self._temperature,
            timeout_s=self._timeout_s,
        )

    def _note(self, error: BackendError) -> None:
        self._failures_in_a_row += 1
        self._unreachable = error.kind in UNREACHABLE
        if error.retry_after_s:
            self._paused_until_ns = self._clock.now_ns() + round(error.retry_after_s * 1e9)

    def pause_s(self) -> float:
        """How long a closed loop should wait before its next prompt here: failing fast must not become a flood.

        Doubles with each failure in a row; at least what a Retry-After asked for.
        """
        if not self._failures_in_a_row:
            return 0.0
        asked_s = (self._paused_until_ns - self._clock.now_ns()) / 1e9
        own_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures_in_a_row - 1, 10))
        return max(asked_s, own_s)

    def worst_usd(self, prompt: Prompt) -> float:
        """The most one more prompt can cost at a price per token; 0 where chips are paid by the hour."""
        price = self.plan.price
        if not isinstance(price, ApiPrice):
            return 0.0
        characters = sum(len(message.content) for message in prompt.messages)
        most_input = round(2 * characters / CHARACTERS_PER_TOKEN)
        return api_usd(price, _WorstCase(most_input, prompt.max_tokens))

    def spent_usd(self) -> float:
        """Spend so far, 0 without a price."""
        if self.plan.price is None:
            return 0.0
        return spent_usd(self.plan.price, self.tally, self.tally.active_ns(self._clock.now_ns()) / 1e9)

    def label(self) -> Label:
        """SIM for anything the simulated fleet answers, however it was named."""
        return "SIM" if self._simulated else "LIVE"

    async def catch_up(self) -> None:
        """Count what was read and not looked into yet; gives way to the loop after every few answers."""
        for number, answer in enumerate(list(self._answering.values()), 1):
            answer.catch_up()
            if number % _ANSWERS_AT_ONCE == 0:
                await asyncio.sleep(0)

    def frame(self) -> BackendFrame:
        """This backend so far."""
        plan, tally = self.plan, self.tally
        return BackendFrame(
            name=plan.name,
            label=self.label(),
            url=plan.url,
            model=plan.model,
            served_model=self._model,
            hardware=plan.hardware,
            engine=plan.engine,
            price=plan.price,
            stamp="kernel" if self._stamp == "kernel" else "user" if self._stamp else "",
            state="down" if self.down else "ok",
            scheduled=tally.scheduled,
            finished=tally.finished,
            failed=tally.failed,
            in_flight=tally.in_flight,
            not_sent=tally.not_sent,
            company=tally.company,
            resent=tally.resent,
            errors=dict(tally.errors),
            last_error=tally.last_error,
            input_tokens=tally.input_tokens,
            cached_tokens=tally.cached_tokens,
            output_tokens=tally.output_tokens,
            reasoning_tokens=tally.reasoning_tokens,
            usage_requests=tally.usage_requests,
            estimated_requests=tally.estimated_requests,
            first_sent_ns=None if tally.first_sent_ns is None else tally.first_sent_ns - tally.opened_ns,
            active_ns=tally.active_ns(self._clock.now_ns()),
            arriving_tokens=tally.timeline.total,
            chunks=tally.chunks,
            characters=tally.characters,
            prompt_characters=tally.prompt_characters,
            spent_usd=None if plan.price is None else self.spent_usd(),
            good=None if self._slo == SloPlan() else tally.good,
            histograms={name: h.state() for name, h in tally.histograms.items() if len(h)},
            series=self._series(),
            finish_reasons=dict(tally.finish_reasons),
            timeline=tally.timeline.state(),
        )

    def _series(self) -> dict[str, tuple[Serial, ...]]:
        made = {name: sums.state() for name, sums in self.tally.series.items()}
        return {name: levels for name, levels in made.items() if levels and (name != GOOD or self._slo != SloPlan())}

    async def aclose(self) -> None:
        """Close its connections."""
        if self._backend is not None:
            await self._backend.aclose()
