"""One backend under load: sends prompts to it, never twice, and counts what comes of them."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from msgspec.structs import replace

from ..backends.base import Answer, Arrival, Backend, Request
from ..backends.errors import UNREACHABLE, BackendError, ErrorKind
from ..backends.prices import is_old, today
from ..backends.printable import printable
from .clock import Clock
from .connecting import Connected
from .cost import ApiPrice, FormerPrice, Price, Spending, api_usd, spending
from .following import Following
from .frame import GOOD, BackendFrame, Label, Serial, Unsent
from .ledger import LONGEST_TEXT, Ledger
from .likeness import LikenessSums
from .meter import Meter
from .pairing import Side
from .plan import BackendPlan, RunPlan, SloPlan
from .prompts import Prompt
from .purse import Purse, may_be_billed, most_tokens
from .restraint import Restraint
from .share import Share
from .tally import Tally

DOWN_AFTER: Final = 3
"""Connection failures in a row after which a backend counts as down."""

HELD_LOOK_S: Final = 0.1
"""How often it is looked whether a person still holds a backend: there is no telling when that ends."""

_ANSWERS_AT_ONCE: Final = 32
SIMULATED_SERVER: Final = "infertop-fleet"


class Connector(Protocol):
    """Makes the adapter for a backend, asking the server which model it has where the plan does not say."""

    async def __call__(self, plan: BackendPlan) -> Connected:
        """Raises BackendError while the server cannot be asked."""
        ...


class Lane:
    """A backend, its adapter, and its tally; of its caps, the part that is `share`'s.

    Args:
        ledger: gets a record of each request of the measured window; None where nobody wants them.

    Attributes:
        held: whether a person holds it: nothing is sent.
    """

    def __init__(
        self,
        plan: BackendPlan,
        run: RunPlan,
        connect: Connector,
        clock: Clock,
        likeness: LikenessSums,
        share: Share,
        ledger: Ledger | None = None,
    ) -> None:
        self.plan = plan
        self.tally = Tally(clock.now_ns())
        self._open = False
        self._ledger = ledger
        self._former_prices: tuple[FormerPrice, ...] = ()
        self._price_old = _is_old(plan.price)
        self.following: Following | None = None
        self.held = False
        self._purse = Purse(plan.price)
        self._workers = share.workers
        self._budget_usd = None if plan.budget_usd is None else plan.budget_usd / share.workers
        self._restraint = Restraint(plan, share)
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
        self._engine = ""
        self._simulated = plan.url.startswith("sim:")
        self._stamp: str = ""
        self._unreachable = False

    @property
    def down(self) -> bool:
        """Whether nobody answers there."""
        return self._unreachable and self._restraint.failures_in_a_row >= DOWN_AFTER

    def open_window(self, at_ns: int, side: Side) -> None:
        """Forget what was counted: the measured window opens, and `side` pairs this backend with the others."""
        self._purse.warmup_usd = self._spending().by_token_usd
        self._former_prices = ()
        self.tally = Tally(at_ns, side)
        self._open = True

    def become(self, plan: BackendPlan, at_ns: int) -> None:
        """Go on as `plan` says from `at_ns` on; what was spent until then stays spent at the price of then."""
        if plan.price != self.plan.price:
            tally = self.tally
            ended = FormerPrice(
                price=self.plan.price,
                until_ns=max(0, at_ns - tally.opened_ns),
                input_tokens=tally.input_tokens,
                cached_tokens=tally.cached_tokens,
                cache_write_tokens=tally.cache_write_tokens,
                output_tokens=tally.output_tokens,
                arriving_tokens=tally.timeline.total,
            )
            self._former_prices = (*self._former_prices, ended)
            self._purse.become(plan.price)
            self._price_old = _is_old(plan.price)
        self.plan = plan

    async def prepare(self) -> None:
        """Connect the adapter ahead of the first prompt; a failure shows when that prompt is sent."""
        try:
            await self._ready()
        except BackendError as error:
            self._note(error)

    async def _ready(self) -> Backend:
        async with self._connecting:
            if self._backend is None:
                made = await self._connect(self.plan)
                self._backend, self._model, self._engine = made.backend, made.model, made.engine
            return self._backend

    async def perform(self, prompt: Prompt, scheduled_ns: int) -> None:
        """Send one prompt, once, and measure it; never raises for what a backend does."""
        meter = Meter(self.tally, prompt.index, scheduled_ns, sum(len(m.content) for m in prompt.messages))
        answer_text: list[str] = []
        kept = 0

        def keep(arrival: Arrival) -> None:
            nonlocal kept
            meter.arrive(arrival)
            if arrival.text and kept < LONGEST_TEXT:
                kept += len(arrival.text)
                answer_text.append(arrival.text)

        compared = self._temperature == 0 and self._likeness.wanted(prompt.index)
        keep_text = compared or (self._ledger is not None and self._ledger.texts)
        now_ns = self._clock.now_ns()
        followed = self.following.begin(prompt, self.plan.name, now_ns) if self.following and self._open else None
        self._restraint.sent(now_ns)
        billed = False
        try:
            backend = await self._ready()
            async with backend.send(self._request(prompt)) as answer:
                meter.sent(answer)
                self._restraint.keep_limits(answer.limits, self._clock.now_ns())
                self._stamp = answer.stamp
                self._simulated = self._simulated or answer.server.startswith(SIMULATED_SERVER)
                self._answering[meter] = answer
                try:
                    take = keep if keep_text else meter.arrive
                    await answer.deliver(followed.taking(take) if followed else take)
                finally:
                    del self._answering[meter]
            meter.finish(self._slo)
        except BackendError as error:
            meter.fail(error)
            self._ended(prompt, meter, answer_text, error)
            billed = meter.has_usage or not may_be_billed(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one request must not end the run; it is shown
            ours = BackendError(ErrorKind.INTERNAL, printable(f"{type(error).__name__}: {error}"))
            meter.give_up(ours)
            self._ended(prompt, meter, answer_text, ours)
        else:
            self._ended(prompt, meter, answer_text)
            billed = meter.has_usage
            if compared:
                self._likeness.add(prompt.index, self.plan.name, "".join(answer_text))
        finally:
            if followed:
                followed.end(failed=self._restraint.failures_in_a_row > 0)
            self._purse.release(prompt.index, meter.counted, billed=billed)

    def _ended(
        self, prompt: Prompt, meter: Meter, answer_text: Sequence[str], error: BackendError | None = None
    ) -> None:
        """A request has come to its end."""
        self._record(prompt, meter, answer_text, error)
        if error is not None:
            self._note(error)
        else:
            self._restraint.answered()
            self._unreachable = False

    def _record(self, prompt: Prompt, meter: Meter, answer_text: Sequence[str], error: BackendError | None) -> None:
        """Hand on what came of a request of the measured window, where somebody keeps that."""
        ledger, price = self._ledger, self.plan.price
        if ledger is None or not self._open:
            return
        counted = meter.counted
        record = meter.record(
            error,
            judged=self._slo != SloPlan(),
            backend=self.plan.name,
            worker=ledger.worker,
            workload=prompt.workload,
            cost_usd=api_usd(price, counted) if isinstance(price, ApiPrice) and counted else None,
        )
        if ledger.texts:
            asked = "\n\n".join(message.content for message in prompt.messages)
            texts = {"prompt": asked[:LONGEST_TEXT], "answer": "".join(answer_text)[:LONGEST_TEXT]}
            record = replace(record, **texts)
        ledger.add(record)

    def drop(self, prompt: Prompt, reason: Unsent) -> None:
        """Count a prompt that was due here and is not sent."""
        self._purse.release(prompt.index, None, billed=True)
        self.tally.count_not_sent(reason)

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
        now_ns = self._clock.now_ns()
        self.tally.latest_ns[error.kind.value] = max(0, now_ns - self.tally.opened_ns)
        self._unreachable = error.kind in UNREACHABLE
        self._restraint.failed(error, now_ns)

    # --- what holds sending back ---

    def backoff_s(self) -> float:
        """How long one who failed here should wait before trying again."""
        return self._restraint.backoff_s()

    def hold_s(self) -> float:
        """How long nothing may be sent here: a person holds it, its provider asked for a pause, or a cap of rate."""
        if self.held:
            return HELD_LOOK_S
        return max(0, self._restraint.free_ns() - self._clock.now_ns()) / 1e9

    def most_in_flight(self, concurrency: int) -> int:
        """How many of `concurrency` requests may be in flight here at once."""
        return self._restraint.most_in_flight(concurrency)

    def holds_back(self) -> Unsent | None:
        """Why a prompt that is due now must not be sent; None if it may."""
        return "held" if self.held else self._restraint.holds_back(self._clock.now_ns(), self.tally.in_flight)

    # --- money ---

    def worst_usd(self, prompt: Prompt) -> float:
        """The most one more prompt can cost at a price per token; 0 where chips are paid by the hour."""
        return 0.0 if self._purse.price is None else self._purse.worst_usd(most_tokens(prompt, self.plan.extra))

    def affords(self, prompt: Prompt) -> bool:
        """Whether this backend's own budget bears the worst case of one more prompt."""
        return self._budget_usd is None or self.committed_usd() + self.worst_usd(prompt) <= self._budget_usd

    def set_aside(self, prompt: Prompt) -> None:
        """Keep the worst case of `prompt` from being spent otherwise; then `perform` or `drop` it."""
        if self._purse.price is not None:
            self._purse.set_aside(prompt.index, most_tokens(prompt, self.plan.extra))

    def committed_usd(self) -> float:
        """Spend so far, warm-up included, and what may still be billed at the worst.

        Of what costs by the clock, this worker's part.
        """
        spent = self._spending()
        own = spent.by_token_usd + spent.by_clock_usd / self._workers
        return own + self._purse.warmup_usd + self._purse.at_risk_usd

    def _spending(self) -> Spending:
        """Spend since the window opened, or, before that, since the first prompt of the warm-up."""
        tally = self.tally
        active_ns = tally.active_ns(self._clock.now_ns())
        return spending(self.plan.price, self._former_prices, tally, self._first_sent_ns(), active_ns)

    def _first_sent_ns(self) -> int | None:
        """Run time of the first send."""
        first_ns = self.tally.first_sent_ns
        return None if first_ns is None else first_ns - self.tally.opened_ns

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
            engine=self._engine if self._engine.startswith(plan.engine) else plan.engine,
            price=plan.price,
            former_prices=self._former_prices,
            price_old=self._price_old,
            faults=plan.faults,
            stamp="kernel" if self._stamp == "kernel" else "user" if self._stamp else "",
            state="down" if self.down else "ok",
            scheduled=tally.scheduled,
            finished=tally.finished,
            failed=tally.failed,
            in_flight=tally.in_flight,
            not_sent=tally.not_sent,
            unsent=dict(tally.unsent),
            held=self.held,
            held_back=tally.held_back,
            pause=self._restraint.pause(self._clock.now_ns()),
            limits=self._restraint.allowances(tally.opened_ns),
            company=tally.company,
            resent=tally.resent,
            errors=dict(tally.errors),
            latest_ns=dict(tally.latest_ns),
            last_error=tally.last_error,
            input_tokens=tally.input_tokens,
            cached_tokens=tally.cached_tokens,
            cache_write_tokens=tally.cache_write_tokens,
            output_tokens=tally.output_tokens,
            reasoning_tokens=tally.reasoning_tokens,
            usage_requests=tally.usage_requests,
            estimated_requests=tally.estimated_requests,
            disbelieved_requests=tally.disbelieved_requests,
            first_sent_ns=self._first_sent_ns(),
            active_ns=tally.active_ns(self._clock.now_ns()),
            arriving_tokens=tally.timeline.total,
            chunks=tally.chunks,
            characters=tally.characters,
            prompt_characters=tally.prompt_characters,
            spent_usd=None if plan.price is None else self._spending().usd,
            warmup_usd=self._purse.warmup_usd,
            at_risk_usd=self._purse.at_risk_usd,
            max_rate_per_s=plan.max_rate_per_s,
            max_concurrency=plan.max_concurrency,
            budget_usd=plan.budget_usd,
            good=None if self._slo == SloPlan() else tally.good,
            good_tokens=None if self._slo == SloPlan() else tally.good_tokens,
            histograms={name: h.state() for name, h in tally.histograms.items() if len(h)},
            series=self._series(),
            vendor={name: h.state() for name, h in tally.vendor.items() if len(h)},
            can_fix_length=self._backend is None or self._backend.can_fix_length,
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


def _is_old(price: Price | None) -> bool:
    return price is not None and is_old(price.as_of, today())
