"""Results of GuideLLM: `benchmarks.json`, one benchmark for each load that was tried.

Field names are those of GuideLLM 0.4–0.7 (`schemas/request_stats.py`, `schemas/info.py`): moments are seconds since
1970, and a request that the end of the benchmark cut short is "incomplete".
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

import msgspec

from ...engine.plan import ArrivalsPlan
from ...engine.record import RequestRecord
from .result import ContentError, Result, count, kind_of_error, nanoseconds, said, short_model

TOOL: Final = "GuideLLM"

_STATISTICS: Final = {
    "time_to_first_token_ms": ("ttft", 1.0),
    "time_to_first_output_token_ms": ("ttfo", 1.0),
    "inter_token_latency_ms": ("tpot", 1.0),
    "request_latency": ("e2e", 1e3),
}
_OPEN: Final = ("constant", "poisson")
_PERCENTILES: Final = ("p50", "p90", "p95", "p99", "p999")


class _Timings(msgspec.Struct, frozen=True):
    targeted_start: float | None = None
    request_start: float | None = None
    first_token_iteration: float | None = None
    last_token_iteration: float | None = None
    request_end: float | None = None
    token_iterations: int = 0


class _Info(msgspec.Struct, frozen=True):
    timings: _Timings
    error: str | None = None


class _Request(msgspec.Struct, frozen=True):
    info: _Info | None = None
    prompt_tokens: float | None = None
    output_tokens: float | None = None


class _Requests(msgspec.Struct, frozen=True):
    successful: list[_Request] = []
    errored: list[_Request] = []
    incomplete: list[_Request] = []


class _Distribution(msgspec.Struct, frozen=True):
    count: float = 0
    total_sum: float | None = None
    percentiles: dict[str, float | None] = {}


class _ByStatus(msgspec.Struct, frozen=True):
    successful: _Distribution | None = None


class _Totals(msgspec.Struct, frozen=True):
    successful: int = 0
    errored: int = 0
    incomplete: int = 0


class _Metrics(msgspec.Struct, frozen=True):
    request_totals: _Totals | None = None
    prompt_token_count: _ByStatus | None = None
    output_token_count: _ByStatus | None = None
    time_to_first_token_ms: _ByStatus | None = None
    time_to_first_output_token_ms: _ByStatus | None = None
    inter_token_latency_ms: _ByStatus | None = None
    request_latency: _ByStatus | None = None


class _Config(msgspec.Struct, frozen=True):
    strategy: dict[str, Any] = {}
    backend: dict[str, Any] = {}
    requests: dict[str, Any] = {}


class _Benchmark(msgspec.Struct, frozen=True):
    metrics: _Metrics
    config: _Config = _Config()
    requests: _Requests | None = None
    start_time: float | None = None
    duration: float | None = None


class _About(msgspec.Struct, frozen=True):
    guidellm_version: str | None = None


class _File(msgspec.Struct, frozen=True):
    benchmarks: list[_Benchmark]
    args: dict[str, Any] = {}
    metadata: _About = _About()


def is_one(keys: Mapping[str, object]) -> bool:
    """Whether a document with these keys is such a result."""
    return "benchmarks" in keys and bool(keys.keys() & {"args", "config", "metadata"})


def read(data: bytes) -> list[Result]:
    """The benchmarks in `data`, as they were run; raises ContentError or msgspec's errors."""
    file = msgspec.json.decode(data, type=_File)
    if not file.benchmarks:
        raise ContentError("it holds no benchmark")
    return [_result(file, each, number) for number, each in enumerate(file.benchmarks, 1)]


def _result(file: _File, benchmark: _Benchmark, number: int) -> Result:
    where, metrics = f"benchmark {number}", benchmark.metrics
    told = benchmark.requests or _Requests()
    totals = metrics.request_totals or _Totals(len(told.successful), len(told.errored), len(told.incomplete))
    whole = len(told.successful) >= totals.successful
    strategy = benchmark.config.strategy
    is_open = strategy.get("type_") in _OPEN
    requests = _requests(where, told.successful, told.errored, is_open=is_open) if whole else []
    begun = min((each.info.timings.request_start or 0.0 for each in told.successful if each.info), default=0.0)
    started = benchmark.start_time or begun
    model = said(benchmark.config.backend.get("model") or file.args.get("model"))
    version = f" {said(file.metadata.guidellm_version, 20)}" if file.metadata.guidellm_version else ""
    return Result(
        tool=f"{TOOL}{version}",
        title=f"{short_model(model) or TOOL}, {_load_in_words(strategy) or where}",
        started=_moment(started),
        backend=short_model(model),
        url=said(benchmark.config.backend.get("target") or file.args.get("target"), 300),
        model=model,
        workload=said(_data(benchmark.config.requests.get("data") or file.args.get("data"))),
        arrivals=_arrivals(strategy),
        seed=_whole(benchmark.config.requests.get("random_seed") or file.args.get("random_seed")),
        duration_s=(nanoseconds(benchmark.duration, f"{where}: duration") or 0) / 1e9,
        finished=count(totals.successful, f"{where}: successful"),
        failed=count(totals.errored, f"{where}: errored"),
        unfinished=count(totals.incomplete, f"{where}: incomplete"),
        input_tokens=_total(metrics.prompt_token_count, f"{where}: prompt_token_count"),
        output_tokens=_total(metrics.output_token_count, f"{where}: output_token_count"),
        requests=requests,
        is_timed=bool(requests),
        stated={} if requests else dict(_stated(metrics)),
        notes=() if requests else ("percentiles are GuideLLM's own: the file does not hold all requests",),
    )


def _requests(
    where: str, successful: Sequence[_Request], errored: Sequence[_Request], *, is_open: bool
) -> list[RequestRecord]:
    begun = [_begun(each.info.timings, is_open=is_open) for each in (*successful, *errored) if each.info]
    first_s = min((at for at in begun if at is not None), default=0.0)
    made = [
        _request(f"{where}: {status} {number}", each, status, first_s, is_open=is_open)
        for status, requests in (("successful", successful), ("errored", errored))
        for number, each in enumerate(requests, 1)
    ]
    made.sort(key=lambda each: each.sent_ns or 0)
    return [msgspec.structs.replace(each, index=at) for at, each in enumerate(made)]


def _begun(timings: _Timings, *, is_open: bool) -> float | None:
    """When a request was due; in a closed loop, where that says when there was room for it, when it was sent."""
    return timings.targeted_start or timings.request_start if is_open else timings.request_start


def _request(where: str, told: _Request, status: str, first_s: float, *, is_open: bool) -> RequestRecord:
    if told.info is None:
        raise ContentError(f"{where} has no timings: files of GuideLLM before 0.4 are not understood")
    timings = told.info.timings

    def moment_ns(at: float | None, name: str) -> int | None:
        return None if at is None else nanoseconds(max(0.0, at - first_s), f"{where}: {name}")

    sent_ns = moment_ns(timings.request_start, "request_start")
    due_ns = moment_ns(_begun(timings, is_open=is_open), "targeted_start") or 0
    last = timings.last_token_iteration or timings.request_end
    failed = status == "errored"
    error = told.info.error or ""
    return RequestRecord(
        backend="",
        index=0,
        status="failed" if failed else "finished",
        error=kind_of_error(None, error) if failed else "",
        message=said(error),
        scheduled_ns=due_ns if sent_ns is None else min(due_ns, sent_ns),
        sent_ns=sent_ns,
        first_ns=moment_ns(timings.first_token_iteration, "first_token_iteration"),
        last_ns=None if failed else moment_ns(last, "last_token_iteration"),
        input_tokens=count(told.prompt_tokens, f"{where}: prompt_tokens"),
        output_tokens=count(told.output_tokens, f"{where}: output_tokens"),
        chunks=count(timings.token_iterations, f"{where}: token_iterations"),
    )


def _stated(metrics: _Metrics) -> list[tuple[str, float]]:
    found = []
    for theirs, (ours, factor) in _STATISTICS.items():
        told: _ByStatus | None = getattr(metrics, theirs)
        if told is None or told.successful is None or not told.successful.count:
            continue
        for percentile in _PERCENTILES:
            value = told.successful.percentiles.get(percentile)
            if value is not None and isfinite(value) and value > 0:
                found.append((f"{percentile}_{ours}", value * factor))
    return found


def _total(told: _ByStatus | None, where: str) -> int:
    return count(told.successful.total_sum, where) if told and told.successful else 0


def _arrivals(strategy: dict[str, Any]) -> ArrivalsPlan | None:
    kind, rate = strategy.get("type_"), strategy.get("rate")
    together = strategy.get("streams") or strategy.get("max_concurrency")
    if kind == "synchronous":
        return ArrivalsPlan(kind="closed", concurrency=1)
    if kind in {"concurrent", "throughput"} and isinstance(together, int) and together > 0:
        return ArrivalsPlan(kind="closed", concurrency=together)
    if kind in {"constant", "poisson"} and isinstance(rate, int | float) and rate > 0:
        return ArrivalsPlan(kind=kind, rate_per_s=rate)
    return None


def _load_in_words(strategy: dict[str, Any]) -> str:
    kind = said(strategy.get("type_"), 20)
    amount = next((strategy[key] for key in ("rate", "streams") if isinstance(strategy.get(key), int | float)), None)
    return f"{kind} {amount:g}" if kind and amount is not None else kind


def _data(value: object) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value or "")


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(at_s: float) -> str:
    try:
        return datetime.fromtimestamp(at_s, UTC).isoformat("T", "milliseconds") if at_s > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""
