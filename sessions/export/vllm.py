"""A result of `vllm bench serve`, one file a backend, so that what plots or compares those reads ours too.

Field names and units are those of vLLM's `benchmarks/serve.py` (2026): seconds in lists, milliseconds in statistics.
docs/export.md says which are filled and from what.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np

from ... import __version__
from ...backends.printable import printable
from ...engine.figures import goodput_per_s
from ...engine.frame import BackendFrame
from ...engine.histogram import CENTRES_NS, Histogram, HistogramState
from ...engine.plan import ArrivalsPlan
from ...engine.record import RequestRecord
from ..figures import six_digits
from .snapshot import Snapshot

_STATISTICS: Final = {"ttft": "ttft", "tpot": "tpot", "itl": "icl", "e2el": "e2e"}
"""vLLM's names to our histograms; its "inter-token latency" is the gap between chunks."""

_PERCENTILES: Final = (50, 90, 95, 99)


def results(snapshot: Snapshot) -> Iterator[tuple[str, dict[str, Any]]]:
    """(backend, result) of every backend; raises RecordingError."""
    sent: dict[str, list[RequestRecord]] = {backend.name: [] for backend in snapshot.frame.backends}
    for request in snapshot.requests():
        if request.backend in sent and request.sent_ns is not None:
            sent[request.backend].append(request)
    for backend in snapshot.frame.backends:
        requests = sorted(sent[backend.name], key=lambda each: each.sent_ns or 0)
        yield backend.name, result(snapshot, backend, requests)


def to_text(made: dict[str, Any]) -> str:
    """A result as JSON."""
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def result(snapshot: Snapshot, backend: BackendFrame, requests: Sequence[RequestRecord]) -> dict[str, Any]:
    """The result of one backend; `requests` are empty where nothing was recorded."""
    frame = snapshot.frame
    seconds = backend.active_ns / 1e9
    tokens = backend.input_tokens + backend.output_tokens

    def per_s(amount: float) -> float:
        return amount / seconds if seconds else 0.0

    return {
        "date": _date(frame.started_utc, snapshot.made),
        "endpoint_type": "openai-chat",
        "backend": "openai-chat",
        "label": printable(backend.name, 60),
        "model_id": printable(backend.served_model or backend.model),
        "tokenizer_id": None,
        "num_prompts": backend.scheduled,
        "infertop": __version__,
        "infertop_label": backend.label,
        "infertop_token_source": backend.token_source,
        **_traffic(frame.arrivals),
        "duration": seconds,
        "completed": backend.finished,
        "failed": backend.failed,
        "total_input_tokens": backend.input_tokens,
        "total_output_tokens": backend.output_tokens,
        "request_throughput": per_s(backend.finished),
        "request_goodput": goodput_per_s(backend),
        "output_throughput": per_s(backend.output_tokens),
        "total_token_throughput": per_s(tokens),
        **(_lists(requests) if requests else {}),
        "max_output_tokens_per_s": None,
        "max_concurrent_requests": _most_at_once(requests) or None,
        **{key: value for name, ours in _STATISTICS.items() for key, value in _statistics(backend, name, ours)},
    }


def _date(started_utc: str, made: datetime) -> str:
    try:
        return f"{datetime.fromisoformat(started_utc):%Y%m%d-%H%M%S}"
    except ValueError:
        return f"{made:%Y%m%d-%H%M%S}"


def _traffic(arrivals: ArrivalsPlan) -> dict[str, Any]:
    if arrivals.kind == "closed":
        return {"request_rate": "inf", "burstiness": 1.0, "max_concurrency": arrivals.concurrency}
    made: dict[str, Any] = {"request_rate": arrivals.rate_per_s, "burstiness": 1.0, "max_concurrency": None}
    if arrivals.kind == "gamma":
        made["burstiness"] = 1 / arrivals.cv**2  # vLLM's is the shape of the gamma distribution
    if arrivals.kind == "ramp":
        made |= {"ramp_up_strategy": "linear", "ramp_up_start_rps": arrivals.rate_per_s}
        made |= {"ramp_up_end_rps": arrivals.ramp_to_per_s}
    return made


def _lists(requests: Sequence[RequestRecord]) -> dict[str, list[Any]]:
    """One value a request, in the order of sending; 0 where a request has none, as vLLM writes it."""
    return {
        "input_lens": [each.input_tokens for each in requests],
        "output_lens": [each.output_tokens for each in requests],
        "ttfts": [(each.ttft_ns or 0) / 1e9 for each in requests],
        "itls": [[] for _ in requests],
        "latencies": [(each.e2e_ns or 0) / 1e9 for each in requests],
        "start_times": [(each.sent_ns or 0) / 1e9 for each in requests],
        "queue_times": [((each.sent_ns or 0) - each.scheduled_ns) / 1e9 for each in requests],
        "generated_texts": [each.answer or "" for each in requests],
        "errors": [printable(f"{each.error}: {each.message}") if each.error else "" for each in requests],
    }


def _most_at_once(requests: Sequence[RequestRecord]) -> int:
    begun = np.array([each.sent_ns or 0 for each in requests], np.int64)
    ended = np.array([each.last_ns or each.sent_ns or 0 for each in requests], np.int64)
    times = np.concatenate([begun, ended])
    steps = np.concatenate([np.ones(len(begun), np.int64), -np.ones(len(ended), np.int64)])
    order = np.lexsort((-steps, times))
    return int(np.cumsum(steps[order]).max(initial=0))


def _statistics(backend: BackendFrame, name: str, ours: str) -> Iterator[tuple[str, float | None]]:
    """VLLM states percentiles of any sample, however small; so does this, and only this, format."""
    histogram = Histogram.of(backend.histograms.get(ours, HistogramState()))
    mean_ns = histogram.mean_ns()
    if mean_ns is None:
        return
    inside = histogram.counts.sum()
    spread = np.sqrt((histogram.counts * (CENTRES_NS - mean_ns) ** 2).sum() / inside) if inside else 0.0
    yield f"mean_{name}_ms", six_digits(mean_ns / 1e6)
    yield f"median_{name}_ms", six_digits((histogram.quantile_ns(0.5) or 0.0) / 1e6)
    yield f"std_{name}_ms", six_digits(float(spread) / 1e6)
    for percent in _PERCENTILES:
        yield f"p{percent}_{name}_ms", six_digits((histogram.quantile_ns(percent / 100) or 0.0) / 1e6)
