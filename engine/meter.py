"""One request, measured: its arrivals become TTFT, ICL, TPOT, E2E and tokens in its backend's tally.

Definitions: measurement.md, "Clock and stamps" and its table. t_s scheduled, t_0 sent, t_1 … t_n reads that
brought generated content, N output tokens.
"""

from collections.abc import Mapping
from math import isfinite
from operator import sub
from typing import Any, Final

from ..backends.base import Answer, Arrival, Usage
from ..backends.errors import BackendError
from ..backends.printable import printable
from .plan import SloPlan
from .record import RequestRecord
from .tally import Tally

MOST_TOKENS: Final = 100_000_000
"""Of one request: ten times the longest context that any model has been sold with."""


def is_believable(usage: Usage) -> bool:
    """Whether a request can have had these counts: a server may say anything, and sums and money rest on it."""
    parts_of_input = usage.cached_tokens + usage.cache_write_tokens
    counts = (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.cache_write_tokens)
    return all(0 <= each <= MOST_TOKENS for each in (*counts, usage.reasoning_tokens)) and (
        parts_of_input <= usage.input_tokens
    )


class Meter:
    """Follows one request; `arrive` is the hot path."""

    __slots__ = (
        "_begins_with_answer", "_characters", "_chunks", "_connect_ns", "_credited", "_disbelieved",
        "_finish_reason", "_first_ns", "_first_tokens", "_good", "_icl", "_index", "_last_ns", "_opened_ns",
        "_prompt_characters", "_resent", "_scheduled_ns", "_seen_answer", "_sent_ns", "_smear", "_smear_each",
        "_stated", "_tally", "_tokens_per_chunk", "_usage", "_vendor", "counted",
    )  # fmt: skip

    def __init__(self, tally: Tally, index: int, scheduled_ns: int, prompt_characters: int) -> None:
        self._tally = tally
        self._index = index
        self._scheduled_ns = scheduled_ns
        self._prompt_characters = prompt_characters
        self._icl = tally.histograms["icl"]
        self._smear = tally.timeline.smear
        self._smear_each = tally.timeline.smear_each
        self._opened_ns = tally.opened_ns
        self._tokens_per_chunk = tally.tokens_per_chunk
        self._connect_ns = 0
        self._resent = False
        self._good = False
        self._sent_ns: int | None = None
        self._first_ns: int | None = None
        self._last_ns = 0
        self._seen_answer = False
        self._chunks = 0
        self._characters = 0
        self._stated: int | None = None  # running total of continuous usage
        self._first_tokens = 1
        self._begins_with_answer = False
        self._credited = 0.0  # tokens put on the timeline so far
        self._disbelieved = False  # the server stated token counts that cannot be
        self._usage: Usage | None = None
        self._finish_reason: str | None = None
        self._vendor: Mapping[str, float] = {}
        self.counted: Usage | None = None  # once it has ended: what was counted for it, by the server or estimated
        tally.scheduled += 1

    @property
    def got_content(self) -> bool:
        """Whether anything was generated for it."""
        return self._first_ns is not None

    @property
    def has_usage(self) -> bool:
        """Whether the server said how many tokens it was."""
        return self._usage is not None

    def sent(self, answer: Answer) -> None:
        """The request was written and accepted. `answer` is not kept: it knows this meter, and would make a cycle."""
        self._sent_ns = answer.sent_ns
        self._connect_ns = answer.connect_ns
        self._resent = answer.resent
        self._tally.count_sent(answer, self._scheduled_ns)

    def arrive(self, arrival: Arrival) -> None:
        """Count what one read brought."""
        chunks = arrival.chunks
        if arrival.usage is not None:
            if is_believable(arrival.usage):
                self._usage = arrival.usage
            else:
                self._disbelieve()
        if arrival.finish_reason is not None:
            self._finish_reason = arrival.finish_reason
        if arrival.vendor:
            self._vendor = {**self._vendor, **arrival.vendor}
        if not chunks:
            return
        if arrival.earlier_ns:
            self._arrive_together(arrival)
            return
        tally, at_ns = self._tally, arrival.at_ns
        stated = None if arrival.output_tokens is None else self._newly_stated(arrival.output_tokens)
        tokens = chunks * self._tokens_per_chunk if stated is None else stated
        characters = len(arrival.text) + len(arrival.reasoning) + len(arrival.tool_arguments)
        self._credited += tokens
        self._chunks += chunks
        self._characters += characters
        tally.chunks += chunks
        tally.characters += characters
        tally.last_arrival_ns = at_ns
        if self._first_ns is None:
            self._first(at_ns, stated)
            self._begins_with_answer = chunks == arrival.answer_chunks
            tally.timeline.point(at_ns - self._opened_ns, tokens)
        else:
            last_ns = self._last_ns
            self._icl.add(at_ns - last_ns)
            if stated:
                tally.histograms["itl"].add_times((at_ns - last_ns) // stated, stated)
            self._smear(last_ns - self._opened_ns, at_ns - self._opened_ns, tokens)
        if chunks > 1:  # the others of this read share its stamp
            self._icl.extend([0] * (chunks - 1))
        if not self._seen_answer and arrival.answer_chunks:
            self._seen_answer = True
            tally.histograms["ttfo"].add(at_ns - self._t0)
        self._last_ns = at_ns

    def _arrive_together(self, arrival: Arrival) -> None:
        """Count reads that were held back; they never hold a first chunk."""
        assert self._first_ns is not None
        tally, opened_ns, last_ns = self._tally, self._opened_ns, self._last_ns
        times_ns = [*arrival.earlier_ns, arrival.at_ns]
        chunks, reads = arrival.chunks, len(times_ns)
        characters = len(arrival.text) + len(arrival.reasoning)
        each = self._tokens_per_chunk
        self._chunks += chunks
        self._characters += characters
        tally.chunks += chunks
        tally.characters += characters
        tally.last_arrival_ns = arrival.at_ns
        gaps_ns = list(map(sub, times_ns, [last_ns, *times_ns]))
        self._icl.extend(gaps_ns)
        tokens = [each] * reads
        if chunks > reads:  # the others of a read share its stamp
            self._icl.extend([0] * (chunks - reads))
            counts = [*arrival.earlier_chunks, chunks - sum(arrival.earlier_chunks)]
            tokens = [count * each for count in counts]
        if arrival.output_tokens is not None:
            tokens = self._stated_each(gaps_ns, tokens, [*arrival.earlier_output_tokens, arrival.output_tokens])
        self._credited += sum(tokens)
        self._smear_each(last_ns - opened_ns, [at_ns - opened_ns for at_ns in times_ns], tokens)
        if not self._seen_answer and arrival.answer_chunks:
            self._seen_answer = True
            tally.histograms["ttfo"].add(times_ns[0] - self._t0)
        self._last_ns = arrival.at_ns

    def _stated_each(self, gaps_ns: list[int], tokens: list[float], output_tokens: list[int]) -> list[float]:
        """`tokens` of each read, or what the server states for it, which is counted in ITL."""
        itl = self._tally.histograms["itl"]
        newly = list(map(sub, output_tokens, [self._stated or 0, *output_tokens]))
        if newly == [1] * len(newly) and not self._disbelieved:  # nearly always
            self._stated = output_tokens[-1]
            itl.extend(gaps_ns)
            return [1.0] * len(tokens)
        counted = []
        for gap_ns, estimate, total in zip(gaps_ns, tokens, output_tokens, strict=True):
            stated = self._newly_stated(total)
            if stated:
                itl.add_times(gap_ns // stated, stated)
            counted.append(estimate if stated is None else stated)
        return counted

    def _newly_stated(self, output_tokens: int) -> int | None:
        """Tokens since the last chunk, by the server's running total; None once that went back or cannot be."""
        newly = output_tokens - (self._stated or 0)
        if newly < 0 or output_tokens > MOST_TOKENS or self._disbelieved:
            self._disbelieve()
            return None
        self._stated = output_tokens
        return newly

    def _disbelieve(self) -> None:
        """Go on as if this server stated no token counts."""
        self._usage = self._stated = None
        if not self._disbelieved:
            self._disbelieved = True
            self._tally.disbelieved_requests += 1

    @property
    def _t0(self) -> int:
        return self._scheduled_ns if self._sent_ns is None else self._sent_ns

    def _first(self, at_ns: int, stated: int | None) -> None:
        tally = self._tally
        self._first_ns = at_ns
        if stated:
            self._first_tokens = stated
        tally.histograms["ttft"].add(at_ns - self._t0)
        tally.observe("ttft_sched", self._index, at_ns - self._scheduled_ns)

    def finish(self, slo: SloPlan) -> None:
        """The stream is complete."""
        tally = self._tally
        tokens = self._settle_tokens()
        tpot_ns: float | None = None
        if self._first_ns is not None:
            tally.histograms["e2e"].add(self._last_ns - self._t0)
            tally.observe("e2e_sched", self._index, self._last_ns - self._scheduled_ns)
            if self._begins_with_answer and self._usage is not None and self._stated is None:
                # Reasoning that is billed and not streamed was all generated before the first chunk.
                self._first_tokens += self._usage.reasoning_tokens
            if tokens > self._first_tokens:
                tpot_ns = (self._last_ns - self._first_ns) / (tokens - self._first_tokens)
                tally.observe("tpot", self._index, round(tpot_ns))
        tally.count_vendor(self._vendor)
        self._good = self._is_good(slo, tpot_ns)
        tally.count_good(good=self._good, tokens=tokens)
        tally.count_finished(self._finish_reason)

    def fail(self, error: BackendError) -> None:
        """The request failed; what it generated until then stays counted, for it may be billed."""
        if self.got_content:
            self._settle_tokens()
        self.give_up(error)

    def give_up(self, error: BackendError) -> None:
        """The request ends in a fault of ours, perhaps in counting it: only that it failed is counted."""
        self._tally.count_good(good=False)
        self._tally.count_failed(error, self._scheduled_ns, send_counted=self._sent_ns is not None)

    def _settle_tokens(self) -> int:
        """Output tokens of this answer: the server's word, else an estimate; the timeline is set right."""
        tally, usage = self._tally, self._usage
        tally.prompt_characters += self._prompt_characters
        if usage is not None:
            tokens = usage.output_tokens
            tally.count_usage(usage, self._chunks, self._characters)
        else:
            estimate = self._characters / tally.characters_per_token
            tokens = round(estimate) if self._stated is None else self._stated
            usage = Usage(round(self._prompt_characters / tally.characters_per_token), tokens)
            tally.count_estimate(usage)
        self.counted = usage
        if self._first_ns is not None and tokens != self._credited:
            opened_ns = tally.opened_ns
            tally.timeline.smear(self._first_ns - opened_ns, self._last_ns - opened_ns, tokens - self._credited)
        return tokens

    def record(self, error: BackendError | None, *, judged: bool, **more: Any) -> RequestRecord:
        """What is known of this request, now that it has ended.

        Args:
            error: how it failed, if it did.
            judged: whether there is an SLO to meet.
            more: the fields that a meter does not know.
        """
        counted, opened_ns = self.counted, self._opened_ns
        sent_ns = self._sent_ns if error is None or self._sent_ns is not None else error.sent_ns
        return RequestRecord(
            index=self._index,
            status="failed" if error else "finished",
            error=error.kind.value if error else "",
            message=printable(error.message) if error else "",
            finish_reason=printable(self._finish_reason or "", 20),
            scheduled_ns=self._scheduled_ns - opened_ns,
            sent_ns=None if sent_ns is None else sent_ns - opened_ns,
            first_ns=None if self._first_ns is None else self._first_ns - opened_ns,
            last_ns=None if self._first_ns is None else self._last_ns - opened_ns,
            connect_ns=self._connect_ns,
            resent=self._resent,
            input_tokens=counted.input_tokens if counted else 0,
            cached_tokens=counted.cached_tokens if counted else 0,
            cache_write_tokens=counted.cache_write_tokens if counted else 0,
            output_tokens=counted.output_tokens if counted else 0,
            reasoning_tokens=counted.reasoning_tokens if counted else 0,
            token_source="" if counted is None else "usage" if self.has_usage else "≈",
            first_tokens=self._first_tokens,
            chunks=self._chunks,
            characters=self._characters,
            prompt_characters=self._prompt_characters,
            good=self._good if judged else None,
            vendor={name: seconds for name, seconds in self._vendor.items() if isfinite(seconds)},
            **more,
        )

    def _is_good(self, slo: SloPlan, tpot_ns: float | None) -> bool:
        """Whether every limit was met; latencies count from the scheduled time."""
        if self._first_ns is None:
            return slo.ttft_ms is None and slo.e2e_ms is None
        met = slo.ttft_ms is None or self._first_ns - self._scheduled_ns <= slo.ttft_ms * 1e6
        met = met and (slo.tpot_ms is None or tpot_ns is None or tpot_ns <= slo.tpot_ms * 1e6)
        return met and (slo.e2e_ms is None or self._last_ns - self._scheduled_ns <= slo.e2e_ms * 1e6)
