"""One run as a comparison takes it: settings, and every figure of every backend with its noise."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, log

from ...backends.printable import printable
from ...engine.frame import BackendFrame, Frame
from ..journal.facts import Facts
from ..summary import Backend, Bounds, Document, Latency
from ..trust import client_trust
from . import settings
from .estimate import Estimate, Z, share
from .metrics import METRICS
from .slices import estimates, thinned

_NO_REQUESTS = "a summary has no interval for it: compare sessions, or give repeats"
_STATED = "only its value is stated: give repeats"


@dataclass(frozen=True, slots=True)
class BackendResult:
    """One backend of one run.

    Attributes:
        frame: its totals; None where only a summary is known.
        settings: what describes it, by name (`settings`).
        figures: by name of METRICS.
    """

    name: str
    finished: int
    failed: int
    settings: dict[str, str]
    figures: dict[str, Estimate]
    frame: BackendFrame | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run.

    Attributes:
        label: what it is called in a report, safe to show.
        settings: of the run as a whole, by name.
        cautions: why its figures need care.
        withheld: why nothing of it can be judged; "" for most.
    """

    label: str
    settings: dict[str, str]
    backends: tuple[BackendResult, ...]
    cautions: tuple[str, ...] = ()
    withheld: str = ""


def from_frames(label: str, facts: Facts | None, frames: Iterable[Frame]) -> RunResult | None:
    """A run whose frames are there; None without any."""
    slices = thinned(frames)
    if not slices:
        return None
    last, trust = slices[-1], client_trust(slices[-1])
    stated = facts.stated if facts else {}
    plans = {plan.name: plan for plan in facts.plan.backends} if facts else {}
    cautions = [f"the client needs a look: {trust.reason}"] if trust.level == "amber" else []
    cautions += [f"changed while it ran: {printable(marker.text)}" for marker in last.markers[:3]]
    if last.phase != "done":
        cautions.append("it had not ended")
    return RunResult(
        label=label,
        settings=settings.of_run(last, facts),
        backends=tuple(
            BackendResult(
                name=printable(backend.name, 60),
                finished=backend.finished,
                failed=backend.failed,
                settings=settings.of_backend(backend, plans.get(backend.name)),
                figures=_stated(stated.get(backend.name, {}))
                | estimates([each.backends[at] for each in slices if len(each.backends) == len(last.backends)]),
                frame=backend,
            )
            for at, backend in enumerate(last.backends)
        ),
        cautions=tuple(cautions),
        withheld=f"the client cannot be trusted: {trust.reason}" if trust.level == "red" else "",
    )


def from_document(label: str, summary: Document) -> RunResult:
    """A run of which only its summary is known: values, and the intervals that it has."""
    client = summary.client
    red = any(verdict.verdict == "withheld" and "client" in verdict.reason for verdict in summary.verdicts)
    reasons = "; ".join(printable(reason) for reason in client.reasons)
    return RunResult(
        label=label,
        settings=settings.of_document(summary),
        backends=tuple(
            BackendResult(
                name=printable(backend.name, 60),
                finished=backend.requests.finished,
                failed=backend.requests.failed,
                settings=settings.of_summary(backend),
                figures=_summed_up(backend),
            )
            for backend in summary.backends
        ),
        cautions=(f"the client needs a look: {reasons}",) if reasons and not red else (),
        withheld=f"the client cannot be trusted: {reasons}" if red else "",
    )


def _stated(values: dict[str, float]) -> dict[str, Estimate]:
    """Such as no tool states, a file may still hold."""
    return {
        name: Estimate(value, why=_STATED) for name, value in values.items() if name in METRICS and 0 < value < inf
    }


def _summed_up(backend: Backend) -> dict[str, Estimate]:
    latencies = {
        "ttft": backend.ttft_ms,
        "ttft_sched": backend.ttft_sched_ms,
        "ttfo": backend.ttfo_ms,
        "tpot": backend.tpot_ms,
        "icl": backend.icl_ms,
        "e2e": backend.e2e_ms,
    }
    found = {
        metric.name: _percentile(known, metric.p)
        for metric in METRICS.values()
        if metric.histogram and (known := latencies.get(metric.histogram)) is not None
    }
    rates = {
        "tok_s": backend.tok_s,
        "goodput": backend.slo.goodput_per_s,
        "usd_per_m": backend.cost.usd_per_m_output,
        "j_per_token": backend.energy.j_per_output_token,
    }
    n = backend.requests.finished
    found |= {name: Estimate(value, n=n, why=_NO_REQUESTS) for name, value in rates.items() if value}
    settled = backend.requests.scheduled - backend.requests.in_flight
    errors = share(settled - n, settled, 1.0)
    found["error_rate"] = Estimate(errors.value, n=settled, why=errors.why or _NO_REQUESTS)
    slo = backend.slo
    if slo.attainment is not None:
        bounds = None if slo.low is None else Bounds(low=slo.low, high=slo.high)
        found["attainment"] = _bounded(slo.attainment, bounds, settled, relative=False)
    return found


def _percentile(known: Latency, p: float) -> Estimate:
    names = {0.5: known.p50, 0.9: known.p90, 0.95: known.p95, 0.99: known.p99, 0.999: known.p999}
    value = names[p]
    if not value:
        return Estimate(n=known.n, why=f"{known.n:,} values, too few")
    bounds = {0.5: known.p50_interval, 0.95: known.p95_interval}.get(p)
    return _bounded(value, bounds, known.n, relative=True)


def _bounded(value: float, bounds: Bounds | None, n: int, *, relative: bool) -> Estimate:
    """A summary's confidence sequence taken for a 95 % interval; it is wider, for it allows for watching."""
    if bounds is None or bounds.high is None or (relative and not 0 < bounds.low <= value <= bounds.high):
        return Estimate(value, n=n, why=_NO_REQUESTS)
    if relative:
        return Estimate(value, log(value / bounds.low) / Z, log(bounds.high / value) / Z, n)
    return Estimate(value, max(0.0, value - bounds.low) / Z, max(0.0, bounds.high - value) / Z, n)
