"""How each backend takes another workload: the same sweep made under several, compared with the first. Pure.

Capacity is requests per second at the best level within the targets (at the knee without targets). Latency is
compared at one load, the highest that all the sweeps have visited below their best levels, for at another it would
say more of the load than of the workload.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from msgspec.structs import replace

from ..plan import WorkloadPlan
from ..workloads.mix import in_short
from . import reading
from .estimate import Estimate
from .plan import same_level
from .sweep import Curve, Point, Sweep, Target

_TTFT: Final = Target(metric="ttft_sched", limit_ms=0.0)


@dataclass(frozen=True, slots=True)
class Effect:
    """One backend under one workload.

    Attributes:
        workload: in short; not safe to draw.
        capacity: requests per second; None where no level holds the targets, or nothing was measured.
        capacity_ratio: to that under the first workload.
        latency_ms: the first target's quantile (p95 TTFT without targets) at `Sensitivity.level`.
        latency_ratio: to that under the first workload.
    """

    workload: str
    capacity: Estimate | None
    capacity_ratio: Estimate | None
    latency_ms: Estimate | None
    latency_ratio: Estimate | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """One backend.

    Attributes:
        backend: its name.
        level: load at which latencies are compared; None where the sweeps share none.
        effects: in the order of the sweeps.
    """

    backend: str
    level: float | None
    effects: tuple[Effect, ...]


def sensitivity(sweeps: Sequence[Sweep]) -> tuple[Sensitivity, ...]:
    """Of every backend that all of `sweeps` (at least one) have, in the order of the first."""
    first = sweeps[0]
    names = [curve.backend.name for curve in first.curves]
    shared = [name for name in names if all(_curve(sweep, name) is not None for sweep in sweeps)]
    return tuple(_of(name, sweeps) for name in shared)


def with_workload(workload: WorkloadPlan, typed: str) -> WorkloadPlan:
    """`workload` as `typed` would have it: a number is another prompt_cv, anything else another source."""
    try:
        return replace(workload, prompt_cv=float(typed))
    except ValueError:
        return replace(workload, source=typed)


def _of(name: str, sweeps: Sequence[Sweep]) -> Sensitivity:
    curves = [curve for sweep in sweeps if (curve := _curve(sweep, name)) is not None]
    level = _shared_level(sweeps, curves)
    capacities = [_capacity(sweep, curve) for sweep, curve in zip(sweeps, curves, strict=True)]
    target = sweeps[0].targets[0] if sweeps[0].targets else _TTFT
    latencies = [_latency(_point(curve, level), target) for curve in curves]
    return Sensitivity(
        name,
        level,
        tuple(
            Effect(
                in_short(sweep.plan.workload),
                capacity,
                _ratio(capacity, capacities[0]),
                latency,
                _ratio(latency, latencies[0]),
            )
            for sweep, capacity, latency in zip(sweeps, capacities, latencies, strict=True)
        ),
    )


def _curve(sweep: Sweep, name: str) -> Curve | None:
    return next((curve for curve in sweep.curves if curve.backend.name == name), None)


def _point(curve: Curve, level: float | None) -> Point | None:
    return next((point for point in curve.points if level is not None and same_level(point.level, level)), None)


def _best_level(sweep: Sweep, curve: Curve) -> float | None:
    if sweep.targets:
        best = reading.best(curve, sweep.targets)
        return best.level if best else None
    knee = reading.knee(curve)
    return knee.level if knee else curve.points[-1].level if curve.points else None


def _shared_level(sweeps: Sequence[Sweep], curves: Sequence[Curve]) -> float | None:
    limits = [_best_level(sweep, curve) for sweep, curve in zip(sweeps, curves, strict=True)]
    most = min((limit for limit in limits if limit is not None), default=inf)
    levels = [point.level for point in curves[0].points if all(_point(curve, point.level) for curve in curves[1:])]
    return max((level for level in levels if level <= most), default=min(levels, default=None))


def _capacity(sweep: Sweep, curve: Curve) -> Estimate | None:
    """Requests per second at the best level; of its interval, what that level's tokens/s may be off by."""
    point = _point(curve, _best_level(sweep, curve))
    found = reading.requests_per_s(point) if point else None
    best = reading.best(curve, sweep.targets)
    if found is None or best is None or not best.tok_s:
        return found
    return Estimate.around(found.value, found.value * best.low / best.tok_s, found.value * best.high / best.tok_s)


def _latency(point: Point | None, target: Target) -> Estimate | None:
    return reading.quantile(point, target.metric, target.quantile) if point else None


def _ratio(one: Estimate | None, other: Estimate | None) -> Estimate | None:
    """One over the other; its interval holds every ratio of what either may be."""
    if one is None or other is None or not other.value:
        return None
    return Estimate.around(
        one.value / other.value,
        one.low / other.high if other.bounded else 0.0,
        one.high / other.low if other.low > 0 else inf,
    )
