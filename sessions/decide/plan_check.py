"""A plan's peak in virtual time: do its replicas keep the limits that it says they keep?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec.structs import replace

from ...backends.printable import printable
from ...engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from ...engine.virtual import simulate
from ...profiles.demand import DemandClass, Option
from ...profiles.what_if import stack_name, stack_of
from ..figures import number, share
from .capacity import Capacity
from .decision import Check, Decision
from .limits import limits
from .optimum import Strategy
from .plan import whole_replicas
from .question import Question
from .seen import level_of, missed, workload_of
from .usage import Months

MOST_REPLICAS: Final = 16
"""More are scaled down to so many, at the same load each."""

_A_REPLICA: Final = 1_000
_LEAST: Final = 4_000
"""Requests simulated for each replica, and at least."""

_OTHER_SEED: Final = 7919
"""Added to the demand's, so that a plan is not checked with the requests that its capacities were found with."""

Tell = Callable[[str], None]


def checked(decision: Decision, tell: Tell = lambda _: None, question: Question | None = None) -> Decision:
    """`decision` with the checks of its plan: one for each class with limits on simulated replicas of each region.

    Args:
        decision: as `decide` made it; one without a plan is returned as it is.
        tell: called with what is done next, in words.
        question: what it answers, so that it need not be solved again.
    """
    if decision.plan is None:
        return decision
    question = question or Question.of(decision.demand, decision.capacities, decision.offers)
    checks = tuple(_check(decision.demand.seed + _OTHER_SEED, of, tell) for of in _peaks(question))
    return replace(decision, plan=replace(decision.plan, checks=checks))


@dataclass(frozen=True, slots=True)
class _Peak:
    """One class on the replicas of one pool at its busiest; others there are stood for by as much load of its own."""

    region: str
    option: Option
    of: DemandClass
    known: Capacity
    replicas: int
    per_replica: float
    shared: bool


def _peaks(question: Question) -> Iterator[_Peak]:
    of, strategy = question.answer()
    if strategy is None:
        return
    load = Months(question, of, strategy).expected.pool_load[0]
    for j in np.flatnonzero(load.any(axis=1)):
        option = of.demand.options[of.pool_option[j]]
        if stack_of(option.backend) is None:
            continue
        for c, each in enumerate(of.demand.classes):
            rates = _class_rate(strategy, of.flow_class == c, int(j))
            if not limits(each) or not rates.any():
                continue
            peak = int(np.argmax(np.where(rates > 0, load[j], 0.0)))
            replicas = whole_replicas(float(load[j, peak]))
            k = int(np.flatnonzero(of.flow_class == c)[0])
            yield _Peak(
                region=of.site_region[of.pool_site[j]],
                option=option,
                of=each,
                known=question.known[option.name, each.name],
                replicas=replicas,
                per_replica=float(load[j, peak]) / replicas * float(of.capacity[k, j]),
                shared=bool((strategy.flows[0][of.flow_class != c][:, j, peak] > 0).any()),
            )


def _class_rate(
    strategy: Strategy, flows: "np.ndarray[tuple[int], np.dtype[np.bool_]]", j: int
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Requests a second of a class in each block, (B,)."""
    return np.asarray(strategy.flows[0][flows][:, j].sum(axis=0))


def _check(seed: int, peak: _Peak, tell: Tell) -> Check:
    replicas = min(peak.replicas, MOST_REPLICAS)
    tell(f"{peak.option.name}: {peak.of.name} on {replicas} replica{'s' if replicas != 1 else ''}")
    stack = stack_of(peak.option.backend)
    own = stack.replicas if stack is not None else 1
    entry = replace(peak.option.backend, replicas=own * replicas)
    run = RunPlan(
        backends=(BackendPlan(name=peak.option.name, url=f"sim:{stack_name(entry)}"),),
        workload=workload_of(peak.of),
        arrivals=ArrivalsPlan(kind="poisson", rate_per_s=peak.per_replica * replicas),
        slo=peak.of.slo,
        seed=seed,
        requests=max(_LEAST, _A_REPLICA * replicas),
        timeout_s=3600.0,
    )
    *_, last = simulate(run, lengths_only=True)
    counted = last.backends[0]
    level = level_of(counted, peak.of)
    kept = level.attainment if level is not None and level.attainment is not None else 0.0
    found = {metric: getattr(level, metric) for metric in limits(peak.of)} if level is not None else {}
    made = Check(
        region=peak.region,
        option=peak.option.name,
        class_name=peak.of.name,
        replicas=replicas,
        requests_per_s=run.arrivals.rate_per_s,
        scale=replicas / peak.replicas,
        predicted=_predicted(peak),
        simulated=kept,
        latencies={metric: (limit, found[metric]) for metric, limit in limits(peak.of).items() if found.get(metric)},
        requests=counted.finished + counted.failed,
        holds=not missed(counted, peak.of),
        words="",
    )
    return replace(made, words=_in_words(made, peak))


def _predicted(peak: _Peak) -> float:
    """The share within the limits at that rate a replica, on straight lines between levels; the quantile without."""
    seen = sorted(
        (level.requests_per_s, level.attainment) for level in peak.known.levels if level.attainment is not None
    )
    if not seen:
        return peak.of.quantile
    rates, shares = zip(*seen, strict=True)
    return float(np.interp(peak.per_replica, rates, shares))


def _in_words(made: Check, peak: _Peak) -> str:
    values = ", ".join(
        f"p{peak.of.quantile * 100:g} {metric.removesuffix('_ms').upper()} {value:,.0f} ms of {limit:,.0f} ms"
        for metric, (limit, value) in made.latencies.items()
    )
    scaled = (
        f"{made.replicas} of {peak.replicas:,} replicas at the same load each, which has less to gain from routing"
        if made.scale < 1
        else f"all {peak.replicas} replica{'s' if peak.replicas != 1 else ''}"
    )
    stood_for = "; the other classes there are stood for by as much load of this one" if peak.shared else ""
    return (
        f"{printable(peak.option.name, 40)}, {printable(peak.of.name, 40)}: {scaled}, "
        f"{number(peak.per_replica)} requests/s each{stood_for}; {share(made.simulated)} within the limits where "
        f"{share(made.predicted)} were predicted; {values}"
    )
