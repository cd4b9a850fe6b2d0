"""A plan: how many replicas of what in which region for the peak, with what in reserve, and what to expect of it."""

import math

import numpy as np

from ...backends.printable import printable
from .capacity import Capacity
from .decision import Plan, RegionPlan
from .instance import Array, Index, Instance
from .limits import limits
from .optimum import Strategy
from .question import Question
from .queueing import mean_wait_s
from .usage import Months, chips_of

METHOD = (
    (
        "Replicas at the peak are the requests a second of the busiest minutes over what one replica serves within "
        "the limits, rounded up; classes that share a replica take their shares of it, and it is kept no busier than "
        "the strictest of them can bear."
    ),
    (
        "What one replica serves was measured under random arrivals, or allowed for them by an M/M/c queue with as "
        "many places as requests were at once in the replica; a random stream divided over replicas stays one, so no "
        "gain from pooling is counted on."
    ),
    (
        "The wait beside each line is that of an M/M/c queue over all its replicas together: what sending each "
        "request to the first free place would leave."
    ),
)


def plan(question: Question, of: Instance, strategy: Strategy) -> Plan:
    """What `strategy` takes at its peak, region by region."""
    months = Months(question, of, strategy)
    regions = [_region(question, of, strategy, months, int(g)) for g in np.flatnonzero(strategy.used)]
    regions.sort(key=lambda each: (each.region, each.option))
    return Plan(
        regions=tuple(regions),
        chips=sum(each.chips for each in regions),
        usd_per_month=sum(each.usd_per_month for each in regions),
        requests_per_s=float((strategy.flows[0].sum(axis=1) * of.peak[:, None]).sum(axis=0).max()),
        method=METHOD,
    )


def _region(question: Question, of: Instance, strategy: Strategy, months: Months, g: int) -> RegionPlan:
    option = of.demand.options[of.site_option[g]]
    pools = np.flatnonzero(of.pool_site == g)
    needed, replicas = months.expected.needed[0, g], months.expected.replicas[0, g]
    rates = strategy.flows[0][:, pools] * of.peak[:, None, None]  # (K, pools of the site, B)
    peak = int(np.argmax(needed)) if needed.any() else int(np.argmax(rates.sum(axis=(0, 1))))
    bought = round(float(replicas.max()))
    loads = months.expected.pool_load[0, pools, peak]
    for_load = sum(whole_replicas(float(load)) for load in loads)
    by_class = {
        each.name: rate
        for c, each in enumerate(of.demand.classes)
        if (rate := float(rates[of.flow_class == c][:, :, peak].sum())) > 0
    }
    return RegionPlan(
        region=of.site_region[g],
        option=option.name,
        vendor=of.vendors[of.site_option[g]],
        requests_per_s=by_class,
        replicas=bought,
        needed=for_load,
        headroom=bought - for_load,
        chips=bought * chips_of(question, option.name),
        usd_per_month=float(months.expected.site_usd[0, g]),
        load=float(needed[peak] / bought) if bought else 0.0,
        predicted=_predicted(question, of, pools, loads, rates[:, :, peak]),
        wait_ms=_wait_ms(question, of, pools, rates[:, :, peak], bought),
    )


def whole_replicas(load: float) -> int:
    """Replicas for a load of so many; the solver's tolerance buys none."""
    return math.ceil(load - 1e-6 * max(1.0, load))


def _predicted(question: Question, of: Instance, pools: Index, loads: Array, rates: Array) -> dict[str, float]:
    """The limited latencies when each replica is as busy as its pool, read off between the levels that were seen."""
    found: dict[str, float] = {}
    for at, (j, load) in enumerate(zip(pools, loads, strict=True)):
        for k in np.flatnonzero(rates[:, at] > 0):
            each = of.demand.classes[of.flow_class[k]]
            known = question.known[of.demand.options[of.pool_option[j]].name, each.name]
            busy = float(load) / max(1, whole_replicas(float(load)))
            per_s = known.requests_per_s.value if of.per_token[of.pool_site[j]] else busy * float(of.capacity[k, j])
            for metric in limits(each):
                value = latency_at(known, metric, per_s)
                name = f"{printable(each.name, 40)} p{each.quantile * 100:g} {metric.removesuffix('_ms').upper()}"
                if value is not None:
                    found[name] = max(value, found.get(name, 0.0))
    return found


def latency_at(known: Capacity, metric: str, per_s: float) -> float | None:
    """A metric in ms at a rate a replica, on straight lines between levels; None without levels that have it."""
    seen = sorted(
        (level.requests_per_s, value) for level in known.levels if (value := getattr(level, metric)) is not None
    )
    if not seen:
        return None
    rates, values = zip(*seen, strict=True)
    return float(np.interp(per_s, rates, values))


def _wait_ms(question: Question, of: Instance, pools: Index, rates: Array, replicas: int) -> float | None:
    """Were all replicas one queue, with as many places in each as it had requests at once at its limit."""
    places, offered, per_s = 0.0, 0.0, 0.0
    for at, j in enumerate(pools):
        for k in np.flatnonzero(rates[:, at] > 0):
            known = question.known[
                of.demand.options[of.pool_option[j]].name, of.demand.classes[of.flow_class[k]].name
            ]
            if not known.in_flight or not replicas:
                return None
            rate = float(rates[k, at])
            per_s += rate
            places = max(places, known.in_flight)
            offered += rate * known.in_flight / known.requests_per_s.value
    if not per_s:
        return None
    wait_s = mean_wait_s(max(1, round(places * replicas)), per_s, offered / per_s)
    return wait_s * 1e3 if math.isfinite(wait_s) else None
