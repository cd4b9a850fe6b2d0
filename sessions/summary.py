"""The summary document of a run: what `--json` prints and what every table and export starts from.

Pure: a Frame in, a Document out. docs/json.md documents every field; definitions are measurement.md's.
"""

from typing import Any, Final

import msgspec

from .. import __version__
from ..backends.base import VENDOR_TIMINGS
from ..engine.comparability import all_differences
from ..engine.figures import (
    attainment,
    attainment_interval,
    characters_s,
    goodput_per_s,
    quantile_interval_ns,
    shared_read_share,
    tok_s,
    usd_per_m_characters,
)
from ..engine.frame import JUDGED, BackendFrame, Frame, Label
from ..engine.histogram import Histogram, HistogramState
from ..engine.plan import ArrivalsPlan, SloPlan, WorkloadPlan
from ..engine.verdict import Paired, Verdict, verdicts
from .figures import six_digits as _figure
from .money import Cost, cost
from .observed import Energy, Server, energy, server
from .trust import Trust, client_trust

SCHEMA: Final = "infertop.summary/1"
"""Name and version; the version rises when a field changes its meaning or goes away."""


_LATENCIES: Final = ("connect", "ttft", "ttft_sched", "ttfo", "tpot", "icl", "itl", "e2e")


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """A confidence sequence, ends included; None where nothing bounds it yet."""

    low: float
    high: float | None


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """One histogram in ms; a percentile the sample cannot support is None (`engine.histogram.FLOORS`).

    Intervals are of ttft_sched and tpot, None for others, which have several values a request or serve no verdict.
    """

    n: int
    mean: float
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    p999: float | None
    max: float
    p50_interval: Bounds | None = None
    p95_interval: Bounds | None = None


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """scheduled = finished + failed + in_flight + not_sent; errors sum to failed, unsent to not_sent.

    last_error is one safe line; held_back is how many a closed loop sent later because of a pause or a cap.
    """

    scheduled: int
    finished: int
    failed: int
    in_flight: int
    not_sent: int
    resent: int
    errors: dict[str, int]
    last_error: str
    unsent: dict[str, int] = {}
    held_back: int = 0


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Of finished and failed requests; source is "usage", "tok", "≈" or "" (none counted yet).

    disbelieved is how many requests' counts, as the server stated them, cannot be; they are estimated.
    """

    input: int
    output: int
    reasoning: int
    source: str
    disbelieved: int = 0


class Slo(msgspec.Struct, frozen=True, kw_only=True):
    """None without limits, or before the first request settled; low and high until the interval is known."""

    attainment: float | None
    low: float | None
    high: float | None
    goodput_per_s: float | None


class Characters(msgspec.Struct, frozen=True, kw_only=True):
    """Output in characters, the common unit where tokenizers differ."""

    output: int
    per_s: float | None
    usd_per_m: float | None


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """One backend; a latency is None when nothing was measured.

    `engine` is the serving software; `server_timings_ms` are the server's own, by name of VENDOR_TIMINGS, on its
    clock and by its definitions.
    """

    name: str
    label: Label
    url: str
    model: str
    hardware: str
    engine: str = ""
    requests: Requests
    tokens: Tokens
    tok_s: float | None
    characters: Characters
    shared_read_share: float | None
    connect_ms: Latency | None
    ttft_ms: Latency | None
    ttft_sched_ms: Latency | None
    ttfo_ms: Latency | None
    tpot_ms: Latency | None
    icl_ms: Latency | None
    itl_ms: Latency | None
    e2e_ms: Latency | None
    server_timings_ms: dict[str, Latency] = {}
    cost: Cost
    energy: Energy
    server: Server | None = None
    slo: Slo


class LoopLag(msgspec.Struct, frozen=True, kw_only=True):
    """How late the engine's event loop was, in ms."""

    p50: float | None
    p99: float | None
    max: float | None


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where a worker of a cluster ran, and how its clock went (`engine.frame.MachineFrame`)."""

    worker: int
    host: str
    clock_offset_ms: float | None
    clock_error_ms: float | None


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """The instrument's own error; `reasons` say why it is not trusted, `missing_workers` whose share is not known."""

    loop_lag_ms: LoopLag
    cpu_share: float
    workers: int
    missing_workers: tuple[int, ...]
    trusted: bool
    reasons: tuple[str, ...]
    machines: tuple[Machine, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of load or workload while it ran."""

    at_s: float
    text: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was run; offered_per_s is None in a closed loop, workload and arrivals are the last ones in force."""

    title: str
    started_utc: str
    duration_s: float
    stop_reason: str
    virtual: bool
    seed: int
    workload: WorkloadPlan
    arrivals: ArrivalsPlan
    slo: SloPlan
    offered_per_s: float | None
    achieved_per_s: float | None
    changes: tuple[Change, ...]


class PairedMean(msgspec.Struct, frozen=True, kw_only=True):
    """The same pair by the geometric mean over the n prompts that both have answered; fields as in `Comparison`."""

    verdict: str
    ratio: float | None
    low: float | None
    high: float | None
    n: int
    needed: int
    reason: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one pair: "a lower", "b lower", "tie", "too early" or "withheld" (reason says why).

    ratio, with its interval, is the higher quantile over the lower; b's over a's where neither is proved lower. n is
    the smaller sample; below `needed` it is too early.
    """

    metric: str
    quantile: float
    a: str
    b: str
    verdict: str
    ratio: float | None
    low: float | None
    high: float | None
    n: int
    needed: int
    reason: str
    paired: PairedMean


class Unlike(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that keeps two backends from being compared like for like (`engine.comparability`)."""

    aspect: str
    a: str
    b: str
    text: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The whole."""

    schema: str = SCHEMA
    infertop: str = __version__
    run: Run
    client: Client
    backends: tuple[Backend, ...]
    verdicts: tuple[Comparison, ...]
    differences: tuple[Unlike, ...]


def document(frame: Frame) -> Document:
    """The summary of `frame`, the last of a run or any before it."""
    trust = client_trust(frame)
    return Document(
        run=_run(frame),
        client=_client(frame, trust),
        backends=tuple(_backend(backend, frame.slo) for backend in frame.backends),
        verdicts=tuple(
            _comparison(verdict, trust)
            for metric in JUDGED
            for verdict in verdicts(frame.backends, metric, frame.paired)
        ),
        differences=tuple(
            Unlike(aspect=each.aspect, a=each.a, b=each.b, text=each.text)
            for each in all_differences(frame.backends, frame.likenesses)
        ),
    )


def to_json(summary: Document) -> bytes:
    """`summary` as indented UTF-8 with a final line end."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def latency(state: HistogramState | None) -> Latency | None:
    """`state` in ms; None when it is empty."""
    histogram = Histogram.of(state) if state else Histogram()
    mean_ns = histogram.mean_ns()
    if mean_ns is None:
        return None

    def percentile(p: float) -> float | None:
        return _ms(histogram.quantile_ns(p)) if histogram.supports(p) else None

    return Latency(
        n=len(histogram),
        mean=_ms(mean_ns) or 0.0,
        p50=percentile(0.5),
        p90=percentile(0.9),
        p95=percentile(0.95),
        p99=percentile(0.99),
        p999=percentile(0.999),
        max=_ms(histogram.max_ns) or 0.0,
    )


def _latency(backend: BackendFrame, name: str) -> Latency | None:
    """`latency` with the intervals that can be given."""
    made = latency(backend.histograms.get(name))
    if made is None or name not in JUDGED:
        return made
    return msgspec.structs.replace(
        made, p50_interval=_bounds_ms(backend, name, 0.5), p95_interval=_bounds_ms(backend, name, 0.95)
    )


def _bounds_ms(backend: BackendFrame, metric: str, p: float) -> Bounds | None:
    interval = quantile_interval_ns(backend, metric, p)
    return None if interval is None else Bounds(low=_ms(interval.low) or 0.0, high=_ms(interval.high))


def _run(frame: Frame) -> Run:
    duration_s = frame.at_ns / 1e9
    sending_s = min(duration_s, frame.duration_s or duration_s)  # afterwards answers are only awaited
    sent = [b.scheduled - b.not_sent for b in frame.backends if b.state == "ok"]
    return Run(
        title=frame.title,
        started_utc=frame.started_utc,
        duration_s=duration_s,
        stop_reason=frame.stop_reason,
        virtual=frame.virtual,
        seed=frame.seed,
        workload=frame.workload,
        arrivals=frame.arrivals,
        slo=frame.slo,
        offered_per_s=_figure(frame.offered_per_s),
        achieved_per_s=_figure(min(sent) / sending_s) if sent and sending_s else None,
        changes=tuple(Change(at_s=marker.at_ns / 1e9, text=marker.text) for marker in frame.markers),
    )


def _client(frame: Frame, trust: Trust) -> Client:
    lag = Histogram.of(frame.client.loop_lag)
    return Client(
        loop_lag_ms=LoopLag(
            p50=_ms(lag.quantile_ns(0.5)),
            p99=_ms(lag.quantile_ns(0.99)),
            max=_ms(lag.max_ns) if len(lag) else None,
        ),
        cpu_share=_figure(frame.client.cpu_share) or 0.0,
        workers=frame.workers,
        missing_workers=frame.missing_workers,
        trusted=trust.level == "ok",
        reasons=(trust.reason,) if trust.reason else (),
        machines=tuple(
            Machine(
                worker=each.worker,
                host=each.host,
                clock_offset_ms=_ms(each.clock_offset_ns),
                clock_error_ms=_ms(each.clock_error_ns),
            )
            for each in frame.client.machines
        ),
    )


def _backend(backend: BackendFrame, limits: SloPlan) -> Backend:
    latencies = {name: _latency(backend, name) for name in _LATENCIES}
    return Backend(
        name=backend.name,
        label=backend.label,
        url=backend.url,
        model=backend.served_model or backend.model,
        hardware=backend.hardware,
        engine=backend.engine,
        requests=Requests(
            scheduled=backend.scheduled,
            finished=backend.finished,
            failed=backend.failed,
            in_flight=backend.in_flight,
            not_sent=backend.not_sent,
            resent=backend.resent,
            errors=backend.errors,
            last_error=backend.last_error,
            unsent=backend.unsent,
            held_back=backend.held_back,
        ),
        tokens=Tokens(
            input=backend.input_tokens,
            output=backend.output_tokens,
            reasoning=backend.reasoning_tokens,
            source=backend.token_source,
            disbelieved=backend.disbelieved_requests,
        ),
        tok_s=_figure(tok_s(backend)),
        characters=Characters(
            output=backend.characters,
            per_s=_figure(characters_s(backend)),
            usd_per_m=_figure(usd_per_m_characters(backend)),
        ),
        cost=cost(backend),
        energy=energy(backend),
        server=server(backend),
        slo=_slo(backend, limits),
        shared_read_share=_figure(shared_read_share(backend)),
        server_timings_ms={name: told for name in VENDOR_TIMINGS if (told := latency(backend.vendor.get(name)))},
        **{f"{name}_ms": value for name, value in latencies.items()},
    )


def _slo(backend: BackendFrame, limits: SloPlan) -> Slo:
    interval = attainment_interval(backend, limits)
    return Slo(
        attainment=_figure(attainment(backend)),
        low=_figure(interval.low) if interval else None,
        high=_figure(interval.high) if interval else None,
        goodput_per_s=_figure(goodput_per_s(backend)),
    )


def _comparison(verdict: Verdict, trust: Trust) -> Comparison:
    return Comparison(
        metric=verdict.metric,
        quantile=verdict.p,
        a=verdict.a,
        b=verdict.b,
        paired=PairedMean(**_claim(verdict.paired, trust)),
        **_claim(verdict, trust),
    )


def _claim(made: Verdict | Paired, trust: Trust) -> dict[str, Any]:
    """What a verdict and a paired mean have in common; withheld where the client cannot be trusted."""
    withheld = trust.level == "red"
    return {
        "verdict": "withheld" if withheld else made.outcome,
        "ratio": _figure(made.ratio),
        "low": None if withheld else _figure(made.low),
        "high": None if withheld else _figure(made.high),
        "n": made.n,
        "needed": made.needed,
        "reason": f"the client cannot be trusted: {trust.reason}" if withheld else made.reason,
    }


def _ms(value_ns: float | None) -> float | None:
    return None if value_ns is None else _figure(value_ns / 1e6)
