"""Results of AIPerf: `profile_export.jsonl`, one request a line, and `profile_export_aiperf.json`, statistics.

Field names are those of AIPerf 0.10–0.13 (docs/reference/json-export-schema.md, working-with-profile-exports.md); a
value's unit is always the one it states.
"""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, Final

import msgspec

from ...engine.plan import ArrivalsPlan
from ...engine.record import RequestRecord
from .result import ContentError, Result, count, kind_of_error, nanoseconds, said, short_model

TOOL: Final = "AIPerf"

_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0}
_STATISTICS: Final = {
    "time_to_first_token": "ttft",
    "time_to_first_output_token": "ttfo",
    "inter_token_latency": "tpot",
    "inter_chunk_latency": "icl",
    "request_latency": "e2e",
}
_PERCENTILES: Final = ("p50", "p90", "p95", "p99")
_MEASURED: Final = "profiling"


class _Statistic(msgspec.Struct, frozen=True):
    unit: str = ""
    avg: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None


class _RunInfo(msgspec.Struct, frozen=True):
    random_seed: int | None = None


class _File(msgspec.Struct, frozen=True):
    aiperf_version: str | None = None
    start_time: str | None = None
    was_cancelled: bool | None = None
    input_config: dict[str, Any] | None = None
    run_info: _RunInfo | None = None
    time_to_first_token: _Statistic | None = None
    time_to_first_output_token: _Statistic | None = None
    inter_token_latency: _Statistic | None = None
    inter_chunk_latency: _Statistic | None = None
    request_latency: _Statistic | None = None
    request_count: _Statistic | None = None
    error_request_count: _Statistic | None = None
    benchmark_duration: _Statistic | None = None
    total_isl: _Statistic | None = None
    total_osl: _Statistic | None = None
    total_output_tokens: _Statistic | None = None


class _Value(msgspec.Struct, frozen=True):
    value: float | list[float] | None = None
    unit: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    request_start_ns: int = 0
    benchmark_phase: str = _MEASURED
    was_cancelled: bool | None = None


class _Error(msgspec.Struct, frozen=True):
    code: int | None = None
    type: str | None = None
    message: str | None = None


class _Line(msgspec.Struct, frozen=True):
    metadata: _Metadata
    metrics: dict[str, _Value] | None = None
    error: _Error | None = None


def is_one(keys: Mapping[str, object]) -> bool:
    """Whether a document with these keys is the statistics of a run."""
    return "request_latency" in keys and bool(keys.keys() & {"aiperf_version", "input_config", "benchmark_id"})


def is_line(keys: Mapping[str, object]) -> bool:
    """Whether a line with these keys is a request."""
    return keys.keys() >= {"metadata", "metrics"}


def read(statistics: bytes | None, lines: Iterable[bytes] = ()) -> Result:
    """The result in the statistics, in the requests, or in both; raises ContentError or msgspec's errors."""
    file = msgspec.json.decode(statistics, type=_File) if statistics is not None else _File()
    requests, gaps = _requests(lines)
    config = file.input_config or {}
    model = said(_first(config, ("models", "items", 0, "name"), ("endpoint", "model_names", 0), ("model_names", 0)))
    version = f" {said(file.aiperf_version, 20)}" if file.aiperf_version else ""
    if requests:
        finished = sum(each.status == "finished" for each in requests)
        failed = len(requests) - finished
    else:
        finished = count(_average(file.request_count), "request_count")
        failed = count(_average(file.error_request_count), "error_request_count")
    duration_ns = max((each.last_ns or each.sent_ns or 0 for each in requests), default=0)
    notes = [] if requests else ["percentiles are AIPerf's own: profile_export.jsonl with the requests was not there"]
    if file.was_cancelled:
        notes.append("the run was cancelled")
    return Result(
        tool=f"{TOOL}{version}",
        title=f"{short_model(model) or TOOL}, {finished + failed:,} requests",
        started=said(file.start_time, 40),
        backend=short_model(model),
        url=said(_first(config, ("endpoint", "urls", 0), ("endpoint", "url")), 300),
        model=model,
        workload=said(_first(config, ("datasets", 0, "path"), ("datasets", 0, "type"), ("input", "file"))),
        arrivals=_arrivals(config),
        seed=file.run_info.random_seed if file.run_info else None,
        duration_s=duration_ns / 1e9 if requests else _seconds(file.benchmark_duration),
        finished=finished,
        failed=failed,
        input_tokens=sum(each.input_tokens for each in requests) or count(_average(file.total_isl), "total_isl"),
        output_tokens=sum(each.output_tokens for each in requests)
        or count(_average(file.total_osl or file.total_output_tokens), "total_osl"),
        requests=requests,
        gaps_ns=gaps,
        is_timed=bool(requests),
        stated={} if requests else dict(_stated(file)),
        notes=tuple(notes),
    )


def _requests(lines: Iterable[bytes]) -> tuple[list[RequestRecord], list[list[int]]]:
    decoder = msgspec.json.Decoder(_Line)
    told = [(number, decoder.decode(line)) for number, line in enumerate(lines, 1)]
    told = [(number, line) for number, line in told if line.metadata.benchmark_phase == _MEASURED]
    told.sort(key=lambda each: each[1].metadata.request_start_ns)
    first_ns = told[0][1].metadata.request_start_ns if told else 0
    made = [_request(f"line {number}", index, line, first_ns) for index, (number, line) in enumerate(told)]
    return [request for request, _ in made], [gaps for _, gaps in made]


def _request(where: str, index: int, line: _Line, first_ns: int) -> tuple[RequestRecord, list[int]]:
    metrics = line.metrics or {}

    def duration_ns(name: str) -> int | None:
        told = metrics.get(name)
        return (
            nanoseconds(_in_seconds(told.value, told.unit, f"{where}: {name}"), f"{where}: {name}") if told else None
        )

    def tokens(*names: str) -> int:
        told = next((metrics[name].value for name in names if name in metrics), None)
        return count(told if isinstance(told, int | float) else None, f"{where}: {names[0]}")

    sent_ns = nanoseconds((line.metadata.request_start_ns - first_ns) / 1e9, f"{where}: request_start_ns") or 0
    ttft_ns, latency_ns = duration_ns("time_to_first_token"), duration_ns("request_latency")
    error = line.error
    failed = error is not None or bool(line.metadata.was_cancelled)
    text = f"{error.type or ''} {error.message or ''}".strip() if error else "cancelled" if failed else ""
    gaps = _gaps(where, metrics.get("inter_chunk_latency"))
    return RequestRecord(
        backend="",
        index=index,
        status="failed" if failed else "finished",
        error=kind_of_error(error.code if error else None, text) if failed else "",
        message=said(text),
        scheduled_ns=sent_ns,
        sent_ns=sent_ns,
        first_ns=None if ttft_ns is None or failed else sent_ns + ttft_ns,
        last_ns=None if latency_ns is None or failed else sent_ns + latency_ns,
        input_tokens=tokens("input_sequence_length", "error_isl"),
        output_tokens=tokens("output_sequence_length", "output_token_count"),
        reasoning_tokens=tokens("reasoning_token_count"),
        chunks=len(gaps) + 1 if gaps else 0,
    ), gaps


def _gaps(where: str, told: _Value | None) -> list[int]:
    if told is None or not isinstance(told.value, list):
        return []
    name = f"{where}: inter_chunk_latency"
    return [nanoseconds(_in_seconds(gap, told.unit, name), name) or 0 for gap in told.value]


def _in_seconds(value: float | list[float] | None, unit: str, where: str) -> float | None:
    if value is None or isinstance(value, list):
        return None
    if unit not in _SECONDS:
        raise ContentError(f"{where} is in {said(unit, 20) or 'no unit'}, which is no time")
    return value * _SECONDS[unit]


def _average(told: _Statistic | None) -> float | None:
    return told.avg if told else None


def _seconds(told: _Statistic | None) -> float:
    value = _in_seconds(told.avg, told.unit, "benchmark_duration") if told else None
    return (nanoseconds(value, "benchmark_duration") or 0) / 1e9


def _stated(file: _File) -> Iterable[tuple[str, float]]:
    for theirs, ours in _STATISTICS.items():
        told: _Statistic | None = getattr(file, theirs)
        for percentile in _PERCENTILES if told else ():
            value = _in_seconds(getattr(told, percentile), told.unit if told else "", theirs)
            if value is not None and isfinite(value) and value > 0:
                yield f"{percentile}_{ours}", value * 1e3


def _arrivals(config: dict[str, Any]) -> ArrivalsPlan | None:
    phases = [each for each in _list(config.get("phases")) if isinstance(each, dict)]
    load = next((each for each in phases if each.get("name") == _MEASURED), None) or config.get("loadgen")
    if not isinstance(load, dict):
        return None
    rate, together = load.get("request_rate", load.get("rate")), load.get("concurrency")
    if isinstance(rate, int | float) and rate > 0:
        constant = load.get("request_rate_mode", load.get("type")) == "constant"
        return ArrivalsPlan(kind="constant" if constant else "poisson", rate_per_s=rate)
    return ArrivalsPlan(kind="closed", concurrency=together) if isinstance(together, int) and together > 0 else None


def _first(config: object, *paths: tuple[str | int, ...]) -> object:
    """What stands at the first of `paths` that leads anywhere."""
    for path in paths:
        found = config
        for step in path:
            if isinstance(step, int):
                values = _list(found)
                found = values[step] if step < len(values) else None
            else:
                found = found.get(step) if isinstance(found, dict) else None
        if found:
            return found
    return None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
