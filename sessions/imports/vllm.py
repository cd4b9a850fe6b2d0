"""Results of `vllm bench serve --save-result`, with or without `--save-detailed`.

Field names and units are those of vLLM's `benchmarks/serve.py` (2026): seconds in lists, milliseconds in statistics.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Final

import msgspec

from ...engine.frame import Label
from ...engine.plan import ArrivalsPlan
from ...engine.record import RequestRecord
from .result import ContentError, Result, count, kind_of_error, nanoseconds, said, short_model

TOOL: Final = "vLLM bench serve"

_MARKS: Final = {"duration", "completed", "request_throughput", "total_token_throughput"}
_STATISTICS: Final = {"ttft": "ttft", "tpot": "tpot", "itl": "icl", "e2el": "e2e"}
_PERCENTILES: Final = {"median": "p50", "p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p99.9": "p999"}
_LABELS: Final[tuple[Label, ...]] = ("LIVE", "SIM", "REPLAY")


class _File(msgspec.Struct, frozen=True):
    date: str = ""
    backend: str | None = None
    endpoint_type: str | None = None
    label: str | None = None
    model_id: str | None = None
    infertop: str | None = None
    infertop_label: str | None = None
    num_prompts: int = 0
    request_rate: float | str | None = None
    burstiness: float | None = None
    max_concurrency: int | None = None
    ramp_up_strategy: str | None = None
    ramp_up_start_rps: float | None = None
    ramp_up_end_rps: float | None = None
    duration: float = 0.0
    completed: int = 0
    failed: int | None = None
    total_input_tokens: float = 0
    total_output_tokens: float = 0
    input_lens: list[int] | None = None
    output_lens: list[int] | None = None
    ttfts: list[float] | None = None
    itls: list[list[float]] | None = None
    latencies: list[float] | None = None
    start_times: list[float] | None = None
    queue_times: list[float | None] | None = None
    errors: list[str | None] | None = None


def is_one(keys: Mapping[str, object]) -> bool:
    """Whether a document with these keys is such a result."""
    return keys.keys() >= _MARKS


def read(data: bytes) -> Result:
    """The result in `data`; raises ContentError or msgspec's errors."""
    file = msgspec.json.decode(data, type=_File)
    requests, gaps, is_timed = _requests(file) if file.ttfts else ([], [], False)
    failed = file.failed if file.failed is not None else max(0, file.num_prompts - file.completed)
    stated = {} if requests else _stated(msgspec.json.decode(data, type=dict[str, msgspec.Raw]))
    notes = [] if requests else ["percentiles are vLLM's own: the file was saved without --save-detailed"]
    if requests and not is_timed:
        notes.append("the file does not say when requests were sent")
    model, label = said(file.model_id), said(file.label)
    asked = file.backend or file.endpoint_type
    return Result(
        tool=f"infertop {said(file.infertop, 20)}, as {TOOL}" if file.infertop else TOOL,
        title=f"{short_model(model) or TOOL}, {count(file.num_prompts, 'num_prompts'):,} prompts",
        started=_started(file.date),
        backend=label if label and label != asked else short_model(model),
        url="",
        model=model,
        label=next((known for known in _LABELS if known == file.infertop_label), "REPLAY"),
        workload="",
        arrivals=_arrivals(file),
        seed=None,
        duration_s=(nanoseconds(file.duration, "duration") or 0) / 1e9,
        finished=count(file.completed, "completed"),
        failed=count(failed, "failed"),
        input_tokens=count(file.total_input_tokens, "total_input_tokens"),
        output_tokens=count(file.total_output_tokens, "total_output_tokens"),
        requests=requests,
        gaps_ns=gaps,
        is_timed=is_timed,
        stated=stated,
        notes=tuple(notes),
    )


def _requests(file: _File) -> tuple[list[RequestRecord], list[list[int]], bool]:
    assert file.ttfts is not None
    many = len(file.ttfts)
    lists: dict[str, Sequence[object] | None] = {
        name: getattr(file, name)
        for name in ("input_lens", "output_lens", "itls", "latencies", "start_times", "queue_times", "errors")
    }
    for name, values in lists.items():
        if values is not None and len(values) != many:
            raise ContentError(f"{name} has {len(values)} values where ttfts has {many}")
    is_timed = file.start_times is not None
    starts = file.start_times or [0.0] * many
    sent = [at for at in starts if at > 0] or [0.0]
    first_s = min(sent)
    made = [_request(file, at, max(0.0, starts[at] - first_s) if is_timed else 0.0) for at in range(many)]
    order = sorted(range(many), key=lambda at: made[at][0].sent_ns or 0)
    return [made[at][0] for at in order], [made[at][1] for at in order], is_timed


def _request(file: _File, at: int, start_s: float) -> tuple[RequestRecord, list[int]]:
    """Request `at` of the lists and the gaps between its chunks; a TTFT of 0 is vLLM's way to say there was none."""
    assert file.ttfts is not None
    sent_ns = nanoseconds(start_s, f"start_times[{at}]") or 0
    ttft_ns = nanoseconds(file.ttfts[at], f"ttfts[{at}]") or 0
    gaps = [nanoseconds(gap, f"itls[{at}]") or 0 for gap in (file.itls[at] if file.itls else ())]
    latency_ns = nanoseconds(file.latencies[at], f"latencies[{at}]") or 0 if file.latencies else ttft_ns + sum(gaps)
    if not file.latencies and not gaps:
        latency_ns = 0
    is_open = isinstance(file.request_rate, int | float)  # else all are due at once, and wait for their turn
    waited_ns = nanoseconds((file.queue_times[at] or 0.0) if file.queue_times else 0.0, f"queue_times[{at}]") or 0
    error = (file.errors[at] or "") if file.errors else ""
    tokens = count(file.output_lens[at], f"output_lens[{at}]") if file.output_lens else 0
    return RequestRecord(
        backend="",
        index=at,
        status="failed" if error else "finished",
        error=kind_of_error(None, error) if error else "",
        message=said(error),
        scheduled_ns=max(0, sent_ns - waited_ns) if is_open else sent_ns,
        sent_ns=sent_ns,
        first_ns=sent_ns + ttft_ns if ttft_ns else None,
        last_ns=sent_ns + max(latency_ns, ttft_ns) if latency_ns and not error else None,
        input_tokens=count(file.input_lens[at], f"input_lens[{at}]") if file.input_lens else 0,
        output_tokens=tokens,
        chunks=len(gaps) + 1 if gaps else 0,
    ), gaps


def _stated(values: Mapping[str, msgspec.Raw]) -> dict[str, float]:
    found = {}
    for theirs, ours in _STATISTICS.items():
        for word, percentile in _PERCENTILES.items():
            raw = values.get(f"{word}_{theirs}_ms")
            if raw is not None:
                value = msgspec.json.decode(raw, type=float | None)
                if value is not None and isfinite(value) and value > 0:
                    found[f"{percentile}_{ours}"] = value
    return found


def _arrivals(file: _File) -> ArrivalsPlan | None:
    if file.ramp_up_strategy and file.ramp_up_start_rps is not None and file.ramp_up_end_rps is not None:
        return ArrivalsPlan(kind="ramp", rate_per_s=file.ramp_up_start_rps, ramp_to_per_s=file.ramp_up_end_rps)
    rate = file.request_rate
    if isinstance(rate, int | float) and rate > 0:
        if file.burstiness in {None, 1.0}:
            return ArrivalsPlan(kind="poisson", rate_per_s=rate)
        shape = file.burstiness or 1.0
        return ArrivalsPlan(kind="gamma", rate_per_s=rate, cv=max(shape, 1e-6) ** -0.5)  # vLLM's is the shape
    if rate == "inf" and (file.max_concurrency or file.num_prompts) > 0:
        return ArrivalsPlan(kind="closed", concurrency=file.max_concurrency or file.num_prompts)
    return None


def _started(date: str) -> str:
    """VLLM writes local time and no zone."""
    try:
        return datetime.strptime(date, "%Y%m%d-%H%M%S").isoformat()  # noqa: DTZ007 - the file has no zone
    except ValueError:
        return ""
