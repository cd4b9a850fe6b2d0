"""A demand in numbers: what has to be served when, where it may go, what that takes and costs.

Hours that ask the same of everything are one block. All is arrays over K flows (a class from a region), G sites
(an option at a region), J pools (replicas of a site that are kept equally busy), O options and B blocks.

How long a request waits goes by how busy its replica is, whoever keeps it busy. So classes share a replica only up to
the load at which the strictest of them keeps its limits: each such load is a pool of its own, open to the classes
that can bear it. A replica may change its pool from hour to hour.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from ...profiles.demand import DAYS_A_MONTH, HOURS, Demand, DemandClass
from .capacity import Capacity
from .costing import Rates, energy_usd, rates, request_usd
from .decision import Offer
from .exclusion import exclusions
from .limits import most_rate, rate_within

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]
Known = Mapping[tuple[str, str], Capacity]
"""Capacities by names of option and class."""

SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What the optimisation sees.

    Attributes:
        demand: where it comes from.
        dropped: constraints, by key (`constraint`), that are left out.
        vendors: of the options, (O,).
        flow_class, flow_region: (K,).
        site_option, site_region: (G,).
        pool_site, pool_option: (J,).
        hours: that a block has in a month, (B,).
        block_of: the block of each hour of a weekday, (24,).
        weekend: whether a block's hours are those of weekend days, where something is deferrable, (B,).
        rate: requests a second, (K, B); of a deferrable flow spread evenly over its window.
        month: requests a month, (K,).
        deferrable: (K,).
        peak: the busiest minutes over the mean, (K,).
        allowed, allowed_in_loss: whether a flow may go to a pool, always or when something is lost, (K, J).
        capacity: requests a second of one replica, infinite for an API, (K, J).
        request_usd: a request's own cost, (K, J).
        energy_usd: of that, energy, (K, J).
        replica_usd: an hour of one replica, (G,).
        per_token, reserved: (G,).
        least: replicas that always run where the site is used, (G,).
        most: replicas of an option, infinite without a limit, (O,).
        most_per_s: requests a second of an option, likewise, (O,).
        unavailable: share of the time in which an option does not serve; 0 where not stated, (O,).
    """

    demand: Demand
    dropped: frozenset[str]
    vendors: tuple[str, ...]
    flow_class: Index
    flow_region: tuple[str, ...]
    site_option: Index
    site_region: tuple[str, ...]
    pool_site: Index
    pool_option: Index
    hours: Array
    block_of: Index
    weekend: Mask
    rate: Array
    month: Array
    deferrable: Mask
    peak: Array
    allowed: Mask
    allowed_in_loss: Mask
    capacity: Array
    request_usd: Array
    energy_usd: Array
    replica_usd: Array
    per_token: Mask
    reserved: Mask
    least: Array
    most: Array
    most_per_s: Array
    unavailable: Array

    @property
    def unit(self) -> Array:
        """Requests a second in a block that are the whole of a flow, (K, B).

        Of a flow that cannot wait that is its rate there; of a deferrable one, a month's at once.
        """
        all_at_once = np.where(self.rate > 0, self.month[:, None] / (SECONDS_AN_HOUR * self.hours), 0.0)
        return np.where(self.deferrable[:, None], all_at_once, self.rate)

    def keeps(self, constraint: str) -> bool:
        """Whether a constraint holds, not being dropped."""
        return constraint not in self.dropped


def instance(demand: Demand, known: Known, offers: Mapping[str, Offer], dropped: Collection[str] = ()) -> Instance:
    """`demand` in numbers; `offers` by name of the option, `dropped` the keys of constraints to leave out."""
    dropped = frozenset(dropped)
    constraints, classes, options = demand.constraints, demand.classes, demand.options
    serve = "anywhere" if "serve" in dropped else constraints.serve
    pooled = serve == "anywhere" and (constraints.survive_loss_of != "region" or "survive" in dropped)
    flows = [
        (k, region, share)
        for k, each in enumerate(classes)
        for region, share in ({"": 1.0} if pooled else each.places).items()
    ]
    may_be = () if "regions" in dropped else constraints.regions
    sites = [
        (o, region)
        for o, option in enumerate(options)
        for region in dict.fromkeys(region for _, region, _ in flows)
        if not region or (region in (option.regions or (region,)) and region in (may_be or (region,)))
    ]
    table = _Table(demand, known, offers, dropped)
    pools = [(g, o, load) for g, (o, _) in enumerate(sites) for load in table.loads(o)]
    flow_class, site_option = np.array([flow[0] for flow in flows], np.intp), np.array([o for o, _ in sites], np.intp)
    pool_site, pool_option = (
        np.array([pool[0] for pool in pools], np.intp),
        np.array([pool[1] for pool in pools], np.intp),
    )
    pool_load = np.array([load for _, _, load in pools])
    hours, block_of, weekend, of_class = _blocks(classes)
    rate = of_class[flow_class] * np.array([share for _, _, share in flows])[:, None]
    told_apart = constraints.split_by_class or "split_by_class" in dropped
    may = table.may if told_apart else np.broadcast_to(table.may.all(axis=0), table.may.shape)
    bears = table.load[flow_class][:, pool_option] >= pool_load * (1 - 1e-9)
    anywhere = may[flow_class][:, pool_option] & bears
    near = anywhere & np.array([[sites[g][1] in {region, ""} for g in pool_site] for _, region, _ in flows])
    costs = table.costs
    per_token = np.array([costs[o].per_token for o, _ in sites])
    return Instance(
        demand=demand,
        dropped=dropped,
        vendors=tuple(offers[option.name].vendor for option in options),
        flow_class=flow_class,
        flow_region=tuple(region for _, region, _ in flows),
        site_option=site_option,
        site_region=tuple(region for _, region in sites),
        pool_site=pool_site,
        pool_option=pool_option,
        hours=hours,
        block_of=block_of,
        weekend=weekend,
        rate=rate,
        month=(rate * hours).sum(axis=1) * SECONDS_AN_HOUR,
        deferrable=np.array([classes[k].deferrable and told_apart for k in flow_class]),
        peak=np.array([1.0 if classes[k].deferrable else classes[k].peak_factor.value for k in flow_class]),
        allowed=anywhere if serve == "anywhere" else near,
        allowed_in_loss=near if serve == "in region" else anywhere,
        capacity=np.where(per_token[pool_site], inf, table.most[flow_class][:, pool_option] * pool_load),
        request_usd=table.request_usd[flow_class][:, pool_option],
        energy_usd=table.energy_usd[flow_class][:, pool_option],
        replica_usd=np.array([costs[o].replica_usd_per_hour for o, _ in sites]),
        per_token=per_token,
        reserved=np.array([costs[o].reserved for o, _ in sites]),
        least=np.array([0.0 if costs[o].per_token else float(options[o].least_replicas) for o, _ in sites]),
        most=np.array([_most(option.most_replicas, f"most_replicas:{option.name}", dropped) for option in options]),
        most_per_s=np.array(
            [_most(option.most_requests_per_s, f"rate:{option.name}", dropped) for option in options]
        ),
        unavailable=np.array([0.0 if option.availability is None else 1 - option.availability for option in options]),
    )


class _Table:
    """What is known of each class at each option, (classes, options), and what each option costs.

    Attributes:
        may: whether nothing is against it.
        most: requests a second of one replica that is as busy as can be.
        load: how busy it may be for the class's limits to be kept, of that.
    """

    def __init__(self, demand: Demand, known: Known, offers: Mapping[str, Offer], dropped: frozenset[str]) -> None:
        shape = len(demand.classes), len(demand.options)
        self.may = np.zeros(shape, np.bool_)
        self.most, self.load = np.zeros(shape), np.zeros(shape)
        self.request_usd, self.energy_usd = np.zeros(shape), np.zeros(shape)
        self.costs: list[Rates] = []
        for o, option in enumerate(demand.options):
            price = offers[option.name].price
            idle_watts = None
            for k, each in enumerate(demand.classes):
                capacity = known.get((option.name, each.name))
                if capacity is None:
                    continue
                idle_watts = capacity.idle_watts if idle_watts is None else idle_watts
                free = f"limits:{each.name}" in dropped
                kept = most_rate(capacity) if free else rate_within(capacity, each)
                reasons = exclusions(demand, each, option, capacity, offers[option.name], dropped)
                self.may[k, o] = not reasons and kept > 0
                self.most[k, o] = most_rate(capacity)
                self.load[k, o] = min(1.0, kept / most_rate(capacity)) if kept else 0.0
                self.request_usd[k, o] = request_usd(price, capacity)
                self.energy_usd[k, o] = energy_usd(price, capacity)
            self.costs.append(rates(option, price, idle_watts))

    def loads(self, o: int) -> list[float]:
        """How busy the replicas of each pool of an option are kept, ascending; 0 for an API, which has none."""
        if self.costs[o].per_token:
            return [0.0]
        return sorted({float(self.load[k, o]) for k in np.flatnonzero(self.may[:, o])}) or [1.0]


def _blocks(classes: tuple[DemandClass, ...]) -> tuple[Array, Index, Mask, Array]:
    """Hours a month of blocks, those of a weekday's hours, which are of weekends, and each class's requests/s (C, B).

    What can wait, waits within its day: then no block has hours of weekdays and of weekends.
    """
    weekday = np.array([[each.requests_per_day.value * weight for weight in each.weights] for each in classes])
    at_weekend = weekday * np.array([[each.weekend] for each in classes])
    days = np.repeat([5 / 7, 2 / 7], HOURS) * DAYS_A_MONTH
    kind = np.repeat([0.0, float(any(each.deferrable for each in classes))], HOURS)
    columns = np.vstack([np.concatenate([weekday, at_weekend], axis=1) / SECONDS_AN_HOUR, kind])
    alike, block = np.unique(columns, axis=1, return_inverse=True)
    block = block.reshape(-1)
    return np.bincount(block, days).astype(float), block[:HOURS], alike[-1] > 0, alike[:-1]


def _most(limit: float | None, constraint: str, dropped: frozenset[str]) -> float:
    return inf if limit is None or constraint in dropped else float(limit)
