"""Everything counted about one simulated backend: the definitions of `meter` and `tally` on columns."""

from array import array
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from ...backends.errors import BackendError
from ...backends.fleet.stacks import Stack
from ..cost import spent_usd
from ..frame import GOOD, JUDGED, BackendFrame, Unsent
from ..histogram import Histogram
from ..plan import BackendPlan, SloPlan
from ..restraint import Restraint
from ..serial import SerialSums
from ..workloads.workload import CHARACTERS_PER_TOKEN
from .orders import Order
from .pace import Chunks, Column, Pace
from .spread import Spread

HISTOGRAMS: Final = ("ttft", "ttft_sched", "ttfo", "tpot", "icl", "e2e", "e2e_sched", "send_lag")
"""Those of `frame.METRICS` that a simulated backend fills: it needs no connection and sends no running usage."""

_LEAST_NS: Final = 2
_NOTHING: Final = Order(0, 0, 0, 0, 0)


class Values(NamedTuple):
    """A metric of `frame.JUDGED`, one value a request, in the order in which they became known; all of shape (n,).

    Attributes:
        prompts: their numbers.
        at_ns: when it became known.
        logs: natural logarithm of the value in ns.
    """

    prompts: Column
    at_ns: Column
    logs: npt.NDArray[np.float64]


class Account:
    """Counters of one backend; `settle` brings histograms and series up to date.

    Attributes:
        closed_ns: when the window of throughput ended; None before.
    """

    def __init__(self, plan: BackendPlan, stack: Stack, slo: SloPlan) -> None:
        self.closed_ns: int | None = None
        self.scheduled = 0
        self.finished = 0
        self.failed = 0
        self.not_sent = 0
        self.held_back = 0
        self._unsent: dict[str, int] = {}
        self._latest_ns: dict[str, int] = {}
        self._plan = plan
        self._stack = stack
        self._slo = slo
        self._company = 0
        self._errors: dict[str, int] = {}
        self._last_error = ""
        self._first_sent_ns: int | None = None
        self._last_arrival_ns = 0
        self._sums = np.zeros(5, np.int64)  # of `Order`'s columns
        self._estimated = 0
        self._stated_tokens = 0
        self._stated_characters = 0
        self._chunks = 0
        self._good = 0
        self._good_tokens = 0
        self._reasons = {"stop": 0, "length": 0}
        self._spread = Spread()
        self._histograms = {name: Histogram() for name in HISTOGRAMS}
        self._series = {name: SerialSums() for name in (*JUDGED, GOOD)}
        self._first_rows = array("q")  # index, sent, first
        self._end_rows = array("q")  # index, sent, first, last, tokens, whether complete

    @property
    def first_sent_ns(self) -> int | None:
        """When the first request was sent."""
        return self._first_sent_ns

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return self.scheduled - self.not_sent - self.finished - self.failed

    @property
    def sent(self) -> int:
        """Requests that left."""
        return self.scheduled - self.not_sent

    def send(self, at_ns: int) -> None:
        """A request is sent, at its scheduled time."""
        self.scheduled += 1
        if self._first_sent_ns is None:
            self._first_sent_ns = at_ns

    def drop(self, reason: Unsent) -> None:
        """A prompt was due and is not sent."""
        self.scheduled += 1
        self.not_sent += 1
        self._unsent[reason] = self._unsent.get(reason, 0) + 1

    def first(self, index: int, sent_ns: int, at_ns: int) -> None:
        """Its first token comes."""
        self._first_rows.extend((index, sent_ns, at_ns))

    def finish(self, index: int, sent_ns: int, first_ns: int, at_ns: int, order: Order) -> None:
        """Its last token comes."""
        self._company += self.in_flight
        self.finished += 1
        self._stated_tokens += order.output_tokens
        self._stated_characters += order.answer_characters
        self._end_rows.extend((index, sent_ns, first_ns, at_ns, *order, 1))

    def fail(self, index: int, sent_ns: int, at_ns: int, seen: Order | None, error: BackendError) -> Order | None:
        """It fails; of what is `seen` of it until then, tokens are estimated as a client would: what is counted."""
        self.failed += 1
        kind = error.kind.value
        self._errors[kind] = self._errors.get(kind, 0) + 1
        self._latest_ns[kind] = at_ns
        self._last_error = error.message
        counted = _NOTHING
        if seen is not None:
            self._estimated += 1
            known = self._stated_tokens > 0
            a_token = self._stated_characters / self._stated_tokens if known else CHARACTERS_PER_TOKEN
            counted = seen._replace(
                input_tokens=round(seen.prompt_characters / a_token),
                output_tokens=round(seen.answer_characters / a_token),
            )
        self._end_rows.extend((index, sent_ns, 0, at_ns, *counted, 0))
        return None if seen is None else counted

    def close(self, at_ns: int) -> None:
        """End the window of throughput; requests under way are still measured."""
        self.closed_ns = at_ns
        self._spread.close(at_ns)

    def settle(self, paces: list[Pace]) -> dict[str, Values]:
        """Count everything since the last time; the metrics of `frame.JUDGED` that became known."""
        for pace in paces:
            self._count_chunks(pace.take(), np.array(pace.firsts_ns, np.int64))
            del pace.firsts_ns[:]
        self._histograms["send_lag"].count(np.zeros(self.sent - len(self._histograms["send_lag"]), np.int64))
        index, sent_ns, first_ns = np.array(self._first_rows, np.int64).reshape(-1, 3).T
        ends = np.array(self._end_rows, np.int64).reshape(-1, 10).T
        del self._first_rows[:], self._end_rows[:]
        found = {"ttft_sched": self._observe("ttft_sched", index, first_ns, first_ns - sent_ns)}
        for name in ("ttft", "ttfo"):
            self._histograms[name].count(first_ns - sent_ns)
        return found | self._count_ends(*ends)

    def _count_chunks(self, chunks: Chunks, firsts_ns: Column) -> None:
        self._chunks += int(chunks.requests.sum()) + len(firsts_ns)
        self._histograms["icl"].count(chunks.to_ns - chunks.from_ns, chunks.requests)
        self._spread.smear(chunks.from_ns, chunks.to_ns, (chunks.requests * chunks.tokens).astype(np.float64))
        self._spread.smear(firsts_ns, firsts_ns, np.ones(len(firsts_ns)))
        for times in (chunks.to_ns, firsts_ns):
            self._last_arrival_ns = max(self._last_arrival_ns, int(times.max(initial=0)))

    def _count_ends(
        self, index: Column, sent_ns: Column, first_ns: Column, last_ns: Column, read: Column, most: Column,
        tokens: Column, prompt_characters: Column, answer_characters: Column, complete: Column,
    ) -> dict[str, Values]:  # fmt: skip
        self._sums += [each.sum() for each in (read, most, tokens, prompt_characters, answer_characters)]
        whole = complete == 1
        to_length = int((tokens[whole] == most[whole]).sum())
        self._reasons["length"] += to_length
        self._reasons["stop"] += int(whole.sum()) - to_length
        several = whole & (tokens > 1)
        tpot_ns = np.zeros(len(index))
        tpot_ns[several] = (last_ns - first_ns)[several] / (tokens[several] - 1)
        good = whole & self._meets_slo(first_ns - sent_ns, np.where(several, tpot_ns, 0.0), last_ns - sent_ns)
        self._good += int(good.sum())
        self._good_tokens += int(tokens[good].sum())
        self._series[GOOD].extend(good.astype(np.float64))
        e2e_ns = (last_ns - sent_ns)[whole]
        self._histograms["e2e"].count(e2e_ns)
        rounded = np.rint(tpot_ns[several]).astype(np.int64)
        return {
            "e2e_sched": self._observe("e2e_sched", index[whole], last_ns[whole], e2e_ns),
            "tpot": self._observe("tpot", index[several], last_ns[several], rounded),
        }

    def _meets_slo(self, ttft_ns: Column, tpot_ns: npt.NDArray[np.float64], e2e_ns: Column) -> npt.NDArray[np.bool_]:
        limits = (self._slo.ttft_ms, self._slo.tpot_ms, self._slo.e2e_ms)
        met = np.ones(len(ttft_ns), np.bool_)
        for value_ns, limit_ms in zip((ttft_ns, tpot_ns, e2e_ns), limits, strict=True):
            if limit_ms is not None:
                met &= value_ns <= limit_ms * 1e6
        return met

    def _observe(self, metric: str, index: Column, at_ns: Column, value_ns: Column) -> Values:
        self._histograms[metric].count(value_ns)
        logs = np.log(np.maximum(value_ns, _LEAST_NS))
        self._series[metric].extend(logs)
        return Values(index, at_ns, logs)

    def active_ns(self, now_ns: int) -> int:
        """How long it has been active, as of the last `settle` where nothing is in flight."""
        if self._first_sent_ns is None:
            return 0
        end_ns = now_ns if self.in_flight else self._last_arrival_ns
        if self.closed_ns is not None:
            end_ns = min(end_ns, self.closed_ns)
        return max(0, end_ns - self._first_sent_ns)

    def frame(self, now_ns: int, restraint: Restraint, at_risk_usd: float) -> BackendFrame:
        """This backend as of the last `settle`; what holds it back, and what it may still be billed, are told."""
        plan, stack, active_ns = self._plan, self._stack, self.active_ns(now_ns)
        read, _, produced, prompt_characters, characters = map(int, self._sums)
        judged = self._slo != SloPlan()
        series = {name: sums.state() for name, sums in self._series.items() if judged or name != GOOD}
        frame = BackendFrame(
            name=plan.name,
            label="SIM",
            url=plan.url,
            model=plan.model,
            served_model=stack.model.name,
            hardware=plan.hardware,
            engine=plan.engine,
            price=plan.price,
            faults=plan.faults,
            scheduled=self.scheduled,
            finished=self.finished,
            failed=self.failed,
            in_flight=self.in_flight,
            not_sent=self.not_sent,
            unsent=dict(self._unsent),
            held_back=self.held_back,
            pause=restraint.pause(now_ns),
            limits=restraint.allowances(0),
            at_risk_usd=at_risk_usd,
            max_rate_per_s=plan.max_rate_per_s,
            max_concurrency=plan.max_concurrency,
            budget_usd=plan.budget_usd,
            company=self._company,
            errors=dict(self._errors),
            latest_ns=dict(self._latest_ns),
            last_error=self._last_error,
            input_tokens=read,
            output_tokens=produced,
            usage_requests=self.finished,
            estimated_requests=self._estimated,
            first_sent_ns=self._first_sent_ns,
            active_ns=active_ns,
            arriving_tokens=self._spread.total,
            chunks=self._chunks,
            characters=characters,
            prompt_characters=prompt_characters,
            good=self._good if judged else None,
            good_tokens=self._good_tokens if judged else None,
            histograms={name: histogram.state() for name, histogram in self._histograms.items() if len(histogram)},
            series={name: levels for name, levels in series.items() if levels},
            finish_reasons={reason: count for reason, count in self._reasons.items() if count},
            timeline=self._spread.state(),
        )
        return (
            frame if plan.price is None else replace(frame, spent_usd=spent_usd(plan.price, frame, active_ns / 1e9))
        )
