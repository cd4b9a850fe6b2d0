"""A sweep in, a `SweepBoard` out: every figure from `engine.sweep.reading`. Knows no terminal and no clock."""

from collections.abc import Set
from dataclasses import replace
from math import isfinite

from ...backends.printable import printable
from ...engine.frame import Label
from ...engine.sweep import reading
from ...engine.sweep.deciding import Standing, standings
from ...engine.sweep.estimate import Estimate
from ...engine.sweep.pareto import choices, front
from ...engine.sweep.sweep import Curve, Point, Sweep, Target
from ...engine.workloads.mix import in_short
from .board import Figure, Holds, Mark, Run, Stop, SweepBoard

DEFAULT_LATENCY = Target(metric="ttft_sched", limit_ms=0)
"""What the latency axis shows of a sweep without targets: p95 TTFT."""


def board(sweep: Sweep) -> SweepBoard:
    """`sweep` as it is drawn."""
    efficient = {(choice.backend, choice.level) for choice in front(choices(sweep.curves))}
    shown = sweep.targets[0] if sweep.targets else DEFAULT_LATENCY
    unit = "in flight" if sweep.axis == "concurrency" else "requests/s"
    return SweepBoard(
        title=printable(sweep.title or sweep.plan.title, 60),
        workload=printable(in_short(sweep.plan.workload), 60),
        axis=sweep.axis,
        unit=unit,
        span=f"{_edge(sweep.low)}–{_edge(sweep.high)} {unit}",
        latency=latency_name(shown),
        limit_ms=shown.limit_ms if sweep.targets else None,
        targets=", ".join(f"{latency_name(target)} < {target.limit_ms:g} ms" for target in sweep.targets),
        state=sweep.state,
        why=printable(sweep.why, 200),
        virtual=sweep.virtual,
        together=sweep.together,
        requests_done=sweep.progress.requests_done,
        requests_expected=sweep.progress.requests_expected,
        spent_usd=sweep.progress.spent_usd,
        budget_usd=sweep.plan.budget_usd,
        eta_s=sweep.progress.eta_s,
        runs=tuple(_run(number, curve, sweep, shown, efficient) for number, curve in enumerate(sweep.curves)),
    )


def latency_name(target: Target) -> str:
    """`p95 TTFT`."""
    return f"p{target.quantile * 100:g} {target.metric.removesuffix('_sched').upper()}"


def _run(number: int, curve: Curve, sweep: Sweep, shown: Target, efficient: Set[tuple[str, float]]) -> Run:
    knee, best = reading.knee(curve), reading.best(curve, sweep.targets)
    at: dict[float, Mark] = {knee.level: "knee"} if knee else {}
    if best:
        at[best.level] = "knee best" if best.level in at else "best"
    found = standings(curve.points, sweep.targets)
    stops = tuple(
        _stop(point, curve, shown, found.get(point.level), at.get(point.level, "")) for point in curve.points
    )
    stops = tuple(replace(stop, efficient=(curve.backend.name, stop.level) in efficient) for stop in stops)
    level = best.level if best else knee.level if knee and not sweep.targets else None
    edges = best.bracket if best else (None, None)
    return Run(
        series=number,
        name=printable(curve.backend.name, 40),
        label=_label(curve),
        stops=stops,
        knee=knee.level if knee else None,
        pick=next((stop for stop in stops if stop.level == level), None),
        bracket="–".join(map(_edge, edges)) if any(edge is not None for edge in edges) else "",
        now=curve.now,
        done=printable(curve.done, 120),
        failed=curve.failed,
        power=_power(curve),
    )


def _label(curve: Curve) -> Label:
    if curve.points:
        return curve.points[-1].counted.label
    return "SIM" if curve.backend.url.startswith("sim:") else "LIVE"


def _power(curve: Curve) -> str:
    sources = [printable(point.counted.power.source, 12) for point in curve.points if point.counted.power]
    return ", ".join(dict.fromkeys(sources))


def _edge(level: float | None) -> str:
    return "?" if level is None else f"{level:,.4g}"


def _stop(point: Point, curve: Curve, shown: Target, standing: Standing | None, mark: Mark) -> Stop:
    counted = point.counted
    return Stop(
        level=point.level,
        answers=counted.finished,
        requests_per_s=_figure(reading.requests_per_s(point)),
        tok_s=_figure(reading.tok_s(point)),
        per_user=_figure(reading.tok_s_per_user(point), weak=not reading.supported(point, "tpot", 0.5)),
        per_chip=_figure(reading.tok_s_per_chip(point, curve.backend)),
        latency_ms=_quantile(point, shown.metric, shown.quantile),
        tpot_ms=_quantile(point, "tpot", shown.quantile),
        usd_per_m=_figure(reading.usd_per_m(point)),
        j_per_token=_figure(reading.j_per_token(point)),
        goodput=_figure(reading.goodput(point)),
        failed=counted.failed,
        holds=_holds(standing),
        mark=mark,
        cut=printable(point.cut, 120),
    )


def _holds(standing: Standing | None) -> Holds:
    if standing is None:
        return ""
    if standing.outcome == "undecided":
        return "holds?" if standing.holding else "misses?"
    return standing.outcome


def _quantile(point: Point, metric: str, p: float) -> Figure | None:
    return _figure(reading.quantile(point, metric, p), weak=not reading.supported(point, metric, p))


def _figure(estimate: Estimate | None, *, weak: bool = False) -> Figure | None:
    if estimate is None:
        return None
    bounded = isfinite(estimate.high) and estimate.low < estimate.high
    return Figure(estimate.value, estimate.low if bounded else None, estimate.high if bounded else None, weak)
