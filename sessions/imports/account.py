"""Requests of another tool's run counted as an engine counts its own: what a frame says at any moment of the run.

Only what the requests tell is counted: without gaps no ICL, and no stamp, price or power is known. Output tokens are
smeared evenly from a request's first to its last, for no file says when each came.
"""

from collections.abc import Sequence
from math import log
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from ...engine.frame import SLOT_NS, SLOTS, BackendFrame, Timeline
from ...engine.histogram import Histogram
from ...engine.record import RequestRecord
from ...engine.serial import SerialSums

_LEAST_NS: Final = 2


class Account:
    """Counts a run up to moments that only go forward.

    Args:
        requests: sorted by the time of sending.
        gaps_ns: between chunks, for each of them; empty where not told.
        backend: what is known of it, without counts.
    """

    def __init__(
        self, requests: Sequence[RequestRecord], gaps_ns: Sequence[Sequence[int]], backend: BackendFrame
    ) -> None:
        self._requests = requests
        self._gaps_ns = gaps_ns
        self._backend = backend
        self._sent = np.array([each.sent_ns or 0 for each in requests], np.int64)
        ends = [_end_ns(each) for each in requests]
        self._by_end = np.argsort(np.array(ends, np.int64), kind="stable")
        self._ends = np.array(ends, np.int64)[self._by_end]
        firsts = [(each.first_ns, at) for at, each in enumerate(requests) if each.first_ns is not None]
        self._firsts = sorted(firsts)
        self._first_at = 0
        self._end_at = 0
        self._tokens = _Tokens(requests)
        self._histograms = {name: Histogram() for name in ("ttft", "ttft_sched", "tpot", "icl", "e2e", "e2e_sched")}
        self._series = {name: SerialSums() for name in ("ttft_sched", "tpot", "e2e_sched")}
        self._errors: dict[str, int] = {}
        self._last_error = ""
        self._finished = self._failed = self._company = self._chunks = 0
        self._input_tokens = self._output_tokens = self._reasoning_tokens = 0

    @property
    def end_ns(self) -> int:
        """When the last request ended."""
        return int(self._ends[-1]) if len(self._ends) else 0

    def frame(self, at_ns: int) -> BackendFrame:
        """The backend as it stood at `at_ns`."""
        while self._first_at < len(self._firsts) and self._firsts[self._first_at][0] <= at_ns:
            request = self._requests[self._firsts[self._first_at][1]]
            self._count("ttft", request.ttft_ns)
            self._count("ttft_sched", request.ttft_sched_ns)
            self._first_at += 1
        while self._end_at < len(self._ends) and self._ends[self._end_at] <= at_ns:
            self._end(int(self._by_end[self._end_at]), int(self._ends[self._end_at]))
            self._end_at += 1
        scheduled = int(np.searchsorted(self._sent, at_ns, "right"))
        ended = self._finished + self._failed
        active_ns = min(at_ns, self.end_ns) if scheduled == ended else at_ns
        return replace(
            self._backend,
            scheduled=scheduled,
            finished=self._finished,
            failed=self._failed,
            in_flight=scheduled - ended,
            company=self._company,
            errors=dict(self._errors),
            last_error=self._last_error,
            input_tokens=self._input_tokens,
            output_tokens=self._output_tokens,
            reasoning_tokens=self._reasoning_tokens,
            first_sent_ns=int(self._sent[0]) if scheduled else None,
            active_ns=active_ns,
            arriving_tokens=self._tokens.until(at_ns),
            chunks=self._chunks,
            histograms={name: each.state() for name, each in self._histograms.items() if len(each)},
            series={name: levels for name, each in self._series.items() if (levels := each.state())},
            timeline=self._tokens.timeline(at_ns),
        )

    def _end(self, at: int, end_ns: int) -> None:
        request = self._requests[at]
        self._input_tokens += request.input_tokens
        self._output_tokens += request.output_tokens
        self._reasoning_tokens += request.reasoning_tokens
        self._chunks += request.chunks
        if request.status == "failed":
            self._failed += 1
            self._errors[request.error] = self._errors.get(request.error, 0) + 1
            self._last_error = request.message
            return
        in_flight = int(np.searchsorted(self._sent, end_ns, "right")) - self._finished - self._failed
        self._company += max(1, in_flight)
        self._finished += 1
        self._count("e2e", request.e2e_ns)
        self._count("e2e_sched", None if request.last_ns is None else request.last_ns - request.scheduled_ns)
        self._count("tpot", None if request.tpot_ns is None else round(request.tpot_ns))
        if self._gaps_ns:
            self._histograms["icl"].extend(self._gaps_ns[at])

    def _count(self, metric: str, value_ns: int | None) -> None:
        if value_ns is None:
            return
        self._histograms[metric].add(value_ns)
        if metric in self._series:
            self._series[metric].add(log(max(value_ns, _LEAST_NS)))


class _Tokens:
    """Output tokens over time: one with the first read, the rest evenly up to the last."""

    def __init__(self, requests: Sequence[RequestRecord]) -> None:
        told = [
            each for each in requests if each.status == "finished" and each.output_tokens and each.last_ns is not None
        ]
        starts = np.array([each.last_ns if each.first_ns is None else each.first_ns for each in told], np.float64)
        ends = np.array([each.last_ns for each in told], np.float64)
        tokens = np.array([each.output_tokens for each in told], np.float64)
        at_once = np.where(ends > starts, np.minimum(tokens, 1.0), tokens)
        self._points, self._at_once = _cumulated(starts, at_once)
        slopes = (tokens - at_once) / np.maximum(ends - starts, 1.0)
        kinks, turns = np.concatenate([starts, ends]), np.concatenate([slopes, -slopes])
        order = np.argsort(kinks, kind="stable")
        self._kinks = kinks[order]
        rates = np.cumsum(turns[order])
        self._smeared = np.concatenate(([0.0], np.cumsum(rates[:-1] * np.diff(self._kinks)))) if told else rates

    def until(self, at_ns: float) -> float:
        """Tokens that had come by `at_ns`."""
        return float(self._each(np.array([at_ns], np.float64))[0])

    def timeline(self, at_ns: int) -> Timeline:
        """Those of the last slots, the one that contains `at_ns` included."""
        if not len(self._kinks):
            return Timeline()
        last = at_ns // SLOT_NS
        first = max(0, last + 1 - SLOTS)
        edges = np.minimum(np.arange(first, last + 2, dtype=np.float64) * SLOT_NS, at_ns)
        return Timeline(first_slot=first, tokens=tuple(np.maximum(np.diff(self._each(edges)), 0.0).tolist()))

    def _each(self, moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if not len(self._kinks):
            return np.zeros(len(moments))
        came = self._at_once[np.searchsorted(self._points, moments, "right")]
        return np.asarray(came + np.interp(moments, self._kinks, self._smeared, left=0.0))


def _cumulated(
    at: npt.NDArray[np.float64], amounts: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    order = np.argsort(at, kind="stable")
    return at[order], np.concatenate(([0.0], np.cumsum(amounts[order])))


def _end_ns(request: RequestRecord) -> int:
    """When it ended; one that failed, with its last sign of life."""
    known = (request.last_ns, request.first_ns, request.sent_ns)
    return next((at for at in known if at is not None), 0)
