"""Capacities from measurements: a sweep's curves, the last frame of a recorded session, or what a person states."""

from collections.abc import Iterator
from math import inf
from typing import Final

from msgspec.structs import replace

from ...backends.printable import printable
from ...engine.estimate import estimate
from ...engine.frame import BackendFrame, Frame
from ...engine.plan import BackendPlan, RunPlan
from ...engine.sweep.deciding import standings
from ...engine.sweep.estimate import Estimate
from ...engine.sweep.reading import chips, requests_per_s
from ...engine.sweep.sweep import Curve, Point, Sweep, Target
from ...profiles.demand import Demand, DemandClass
from .capacity import Capacity
from .limits import in_words, limits, rate_within
from .seen import in_flight, level_of, missed, same_workload, tokens_of, workload_of

_METRICS: Final = {"ttft_ms": "ttft_sched", "tpot_ms": "tpot", "e2e_ms": "e2e_sched"}


def from_sweep(sweep: Sweep, demand: Demand, origin: str) -> Iterator[Capacity]:
    """Of each option that is one of the sweep's backends, for each class whose prompts it sent.

    Args:
        sweep: one workload at many loads.
        demand: whose options and classes are looked for.
        origin: names the sweep.
    """
    options = {option.name for option in demand.options}
    for of in demand.classes:
        if same_workload(sweep.plan.workload, of):
            for curve in sweep.curves:
                if curve.backend.name in options and curve.points:
                    yield _of_curve(curve, sweep.axis == "rate", of, origin)


def from_frame(frame: Frame, demand: Demand, origin: str) -> Iterator[Capacity]:
    """The same of a session's last frame: one load, at which a replica kept the limits or did not."""
    options = {option.name for option in demand.options}
    for of in demand.classes:
        if same_workload(frame.workload, of):
            for counted in frame.backends:
                if counted.name in options and counted.finished:
                    yield _of_one_load(counted, frame.arrivals.kind != "closed", of, origin)


def stated(demand: Demand) -> Iterator[Capacity]:
    """What the demand itself states; lengths are those of the workload's prompts, answers as long as asked for.

    Raises:
        WorkloadError: a class's workload cannot be made.
    """
    for of in demand.classes:
        options = [option for option in demand.options if of.name in option.requests_per_s]
        if not options:
            continue
        asked = RunPlan(backends=(BackendPlan(name="", url=""),), workload=workload_of(of), seed=demand.seed)
        lengths = estimate(asked).backends[0]
        for option in options:
            yield Capacity(
                option=option.name,
                class_name=of.name,
                requests_per_s=option.requests_per_s[of.name],
                arrivals="stated",
                input_tokens=lengths.input_tokens,
                output_tokens=lengths.output_tokens,
                chips=round(getattr(option.price, "chips", 0)),
                label="LIVE",
                source="stated in the demand",
                notes=("nobody measured it here; taken to hold within the limits",),
            )


def targets(of: DemandClass) -> tuple[Target, ...]:
    """The limits of a class as a sweep holds them."""
    return tuple(
        Target(metric=_METRICS[metric], quantile=of.quantile, limit_ms=limit) for metric, limit in limits(of).items()
    )


def _of_curve(curve: Curve, random: bool, of: DemandClass, origin: str) -> Capacity:
    found = standings(curve.points, targets(of))
    first_missed = next((each for each in curve.points if found and not found[each.level].holding), None)
    kept = [each for each in curve.points if first_missed is None or each.level < first_missed.level]
    best = max(kept, key=_rate, default=None)
    shown = best or curve.points[0]
    tokens = tokens_of(shown.counted)
    levels = tuple(level for point in curve.points if (level := level_of(point.counted, of)) is not None)
    made = Capacity(
        option=curve.backend.name,
        class_name=of.name,
        requests_per_s=_interval(best, first_missed),
        kept=best is not None,
        binding=(missed(first_missed.counted, of) or in_words(of)) if first_missed is not None else "",
        at_most_per_s=max(map(_rate, curve.points)),
        arrivals="random" if random else "steady",
        in_flight=in_flight(shown.counted),
        input_tokens=tokens.input_tokens,
        cached_tokens=tokens.cached_tokens,
        output_tokens=tokens.output_tokens,
        chips=round(chips(curve.backend) or 0),
        levels=levels,
        label=shown.counted.label,
        source=f"{printable(origin, 80)}, {len(curve.points)} loads, the best within the limits at "
        f"{shown.level:g} {'requests/s' if random else 'at once'}",
        notes=() if random else ("measured in a closed loop: lowered until random arrivals wait little enough",),
    )
    return made if random else _lowered(made, of)


def _of_one_load(counted: BackendFrame, random: bool, of: DemandClass, origin: str) -> Capacity:
    problem = missed(counted, of)
    level, tokens = level_of(counted, of), tokens_of(counted)
    assert level is not None
    rate = 0.0 if problem else level.requests_per_s
    made = Capacity(
        option=counted.name,
        class_name=of.name,
        requests_per_s=Estimate.around(rate, rate, inf) if rate else Estimate.exactly(0.0),
        kept=not problem,
        binding=f"{problem} at the only load measured ({in_words(of)})" if problem else "",
        at_most_per_s=level.requests_per_s,
        arrivals="random" if random else "steady",
        in_flight=in_flight(counted),
        input_tokens=tokens.input_tokens,
        cached_tokens=tokens.cached_tokens,
        output_tokens=tokens.output_tokens,
        chips=round(chips(BackendPlan(name=counted.name, url=counted.url, price=counted.price)) or 0),
        levels=(level,),
        label=counted.label,
        lower_bound=not problem,
        source=f"{printable(origin, 80)}, one load of {level.requests_per_s:.3g} requests/s",
        notes=("one load only: it may serve more within the limits",) if not problem else (),
    )
    return made if random else _lowered(made, of)


def _lowered(made: Capacity, of: DemandClass) -> Capacity:
    """`made` with what is left of it under random arrivals (`limits.rate_within`)."""
    rate = rate_within(made, of)
    before = made.requests_per_s.value
    if not rate or not before:
        return replace(made, requests_per_s=Estimate.exactly(0.0), kept=False,
                       binding=made.binding or in_words(of))  # fmt: skip
    return replace(made, requests_per_s=made.requests_per_s.times(rate / before))


def _rate(point: Point) -> float:
    return point.counted.finished * 1e9 / max(1, point.counted.active_ns)


def _interval(best: Point | None, missed_at: Point | None) -> Estimate:
    """From what the best level surely serves to what the first that misses does; unbounded where none missed."""
    if best is None:
        return Estimate.exactly(0.0)
    served = requests_per_s(best)
    assert served is not None
    over = None if missed_at is None else requests_per_s(missed_at)
    high = inf if missed_at is None else max(served.value, over.value if over else 0.0)
    return Estimate.around(served.value, served.low, high)
