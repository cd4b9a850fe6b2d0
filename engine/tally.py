"""Everything counted about one backend since the window opened: only additions, so tallies of workers merge."""

from collections.abc import Mapping
from math import log
from typing import Final

from ..backends.base import VENDOR_TIMINGS, Answer, Usage
from ..backends.errors import BackendError
from ..backends.printable import printable
from .frame import GOOD, JUDGED, METRICS, Unsent
from .histogram import Histogram
from .pairing import Side
from .serial import SerialSums
from .timeline import TokenTimeline

CHARACTERS_PER_TOKEN: Final = 4.0
"""What a token is taken for until a backend's own usage says better."""

_MOST_FINISH_REASONS = 8
_LONGEST_VENDOR_S = 1e6


class Tally:
    """Counters and histograms of one backend; see `frame.BackendFrame` for what each means.

    Args:
        opened_ns: when the window opened.
        side: where values go to be paired with other backends'; nowhere before the window opens.
    """

    def __init__(self, opened_ns: int, side: Side | None = None) -> None:
        self.opened_ns = opened_ns
        self.closed_ns: int | None = None
        self.histograms = {name: Histogram() for name in METRICS}
        self.vendor = {name: Histogram() for name in VENDOR_TIMINGS}
        self.series = {name: SerialSums() for name in (*JUDGED, GOOD)}
        self._side = side
        self.timeline = TokenTimeline()
        self.scheduled = 0
        self.finished = 0
        self.failed = 0
        self.not_sent = 0
        self.unsent: dict[str, int] = {}
        self.held_back = 0
        self.company = 0
        self.resent = 0
        self.errors: dict[str, int] = {}
        self.latest_ns: dict[str, int] = {}
        self.last_error = ""
        self.input_tokens = 0
        self.cached_tokens = 0
        self.cache_write_tokens = 0
        self.output_tokens = 0
        self.reasoning_tokens = 0
        self.usage_requests = 0
        self.estimated_requests = 0
        self.disbelieved_requests = 0
        self.chunks = 0
        self.characters = 0
        self.prompt_characters = 0
        self.good = 0
        self.good_tokens = 0
        self.finish_reasons: dict[str, int] = {}
        self.first_sent_ns: int | None = None
        self.last_arrival_ns: int | None = None
        self._stated_tokens = 0
        self._stated_chunks = 0
        self._stated_characters = 0

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return self.scheduled - self.finished - self.failed - self.not_sent

    @property
    def tokens_per_chunk(self) -> float:
        """Learned from this backend's own usage; 1 until then."""
        return self._stated_tokens / self._stated_chunks if self._stated_chunks else 1.0

    @property
    def characters_per_token(self) -> float:
        """Learned from this backend's own usage; CHARACTERS_PER_TOKEN until then."""
        if not self._stated_tokens or not self._stated_characters:
            return CHARACTERS_PER_TOKEN
        return self._stated_characters / self._stated_tokens

    def active_ns(self, now_ns: int) -> int:
        """From the first send to the last arrival (to the present while requests are under way)."""
        if self.first_sent_ns is None:
            return 0
        end_ns = now_ns if self.in_flight else self.last_arrival_ns or self.first_sent_ns
        if self.closed_ns is not None:
            end_ns = min(end_ns, self.closed_ns)
        return max(0, end_ns - self.first_sent_ns)

    def close(self, at_ns: int) -> None:
        """End the window of throughput; requests under way are still measured."""
        self.closed_ns = at_ns
        self.timeline.close(at_ns - self.opened_ns)

    def count_not_sent(self, reason: Unsent, requests: int = 1) -> None:
        """Requests that were due and never left."""
        self.scheduled += requests
        self.not_sent += requests
        self.unsent[reason] = self.unsent.get(reason, 0) + requests

    def count_sent(self, answer: Answer, scheduled_ns: int) -> None:
        """A request was written and the status line said yes."""
        self._sent_at(answer.sent_ns, scheduled_ns)
        self.resent += answer.resent
        if answer.connect_ns:
            self.histograms["connect"].add(answer.connect_ns)

    def _sent_at(self, sent_ns: int, scheduled_ns: int) -> None:
        if self.first_sent_ns is None:
            self.first_sent_ns = sent_ns
        self.histograms["send_lag"].add(sent_ns - scheduled_ns)

    def observe(self, metric: str, index: int, value_ns: int) -> None:
        """A metric of JUDGED, measured for prompt `index`."""
        self.histograms[metric].add(value_ns)
        x = log(max(value_ns, 2))
        self.series[metric].add(x)
        if self._side is not None:
            self._side.add(metric, index, x)

    def count_good(self, *, good: bool, tokens: int = 0) -> None:
        """Whether a request, answered (with so many output tokens) or failed, met every limit of the SLO."""
        self.good += good
        self.good_tokens += tokens if good else 0
        self.series[GOOD].add(float(good))

    def count_usage(self, usage: Usage, chunks: int, characters: int) -> None:
        """Token counts the server stated for one answer of `chunks` chunks and `characters` characters."""
        self.usage_requests += 1
        self.input_tokens += usage.input_tokens
        self.cached_tokens += usage.cached_tokens
        self.cache_write_tokens += usage.cache_write_tokens
        self.output_tokens += usage.output_tokens
        self.reasoning_tokens += usage.reasoning_tokens
        if chunks:
            self._stated_tokens += usage.output_tokens
            self._stated_chunks += chunks
            self._stated_characters += characters

    def count_estimate(self, usage: Usage) -> None:
        """Token counts of one answer whose server stated none."""
        self.estimated_requests += 1
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens

    def count_vendor(self, seconds: Mapping[str, float]) -> None:
        """A server's own timings of one answer; what can be no time is left out."""
        for name, value_s in seconds.items():
            if name in self.vendor and 0 <= value_s < _LONGEST_VENDOR_S:
                self.vendor[name].add(round(value_s * 1e9))

    def count_finished(self, finish_reason: str | None) -> None:
        """A complete answer."""
        self.company += self.in_flight
        self.finished += 1
        reason = printable(finish_reason or "", 20)
        if reason not in self.finish_reasons and len(self.finish_reasons) >= _MOST_FINISH_REASONS:
            reason = "other"
        self.finish_reasons[reason] = self.finish_reasons.get(reason, 0) + 1

    def count_failed(self, error: BackendError, scheduled_ns: int, *, send_counted: bool) -> None:
        """A request that failed, before or inside its stream."""
        self.failed += 1
        self.errors[error.kind.value] = self.errors.get(error.kind.value, 0) + 1
        self.last_error = printable(error.message)
        if error.sent_ns is not None and not send_counted:
            self._sent_at(error.sent_ns, scheduled_ns)
