"""What a strategy costs for many values of the inputs at once: its routing kept, its replicas counted anew."""

from dataclasses import dataclass

import numpy as np

from .draws import Factors
from .instance import SECONDS_AN_HOUR, Array, Instance
from .optimum import Strategy

_ROUNDING = 1e-6
"""A replica is not bought for a load that passes a whole number by so little: it is the solver's tolerance."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A strategy over D rows of factors.

    Attributes:
        pool_load: replicas' worth of load of each pool as a rule, (D, J, B).
        needed: the same of each site, (D, G, B).
        replicas: that are paid for, (D, G, B); 0 for an API.
        hours_usd: of replicas, a month, (D, G).
        own_usd: of the requests themselves, a month, (D, C, G).
        energy_usd: of `own_usd`, energy, (D, G).
    """

    pool_load: Array
    needed: Array
    replicas: Array
    hours_usd: Array
    own_usd: Array
    energy_usd: Array

    @property
    def usd(self) -> Array:
        """A month of all, (D,); infinite where it cannot be done."""
        return np.asarray(self.hours_usd.sum(axis=1) + self.own_usd.sum(axis=(1, 2)))

    @property
    def site_usd(self) -> Array:
        """A month of each site, (D, G)."""
        return np.asarray(self.hours_usd + self.own_usd.sum(axis=1))


def outcome(of: Instance, strategy: Strategy, factors: Factors) -> Outcome:
    """What `strategy` comes to under each row of `factors`."""
    volume = factors.volume[:, of.flow_class]  # (D, K)
    peak = np.where(of.deferrable, 1.0, factors.peak[:, of.flow_class])
    capacity = factors.capacity[:, of.flow_class][:, :, of.pool_option]  # (D, K, J)
    with np.errstate(divide="ignore", invalid="ignore"):
        busy = (volume * peak * of.peak)[:, :, None] / (capacity * of.capacity)  # (D, K, J): replicas per request/s
    busy = np.where(of.per_token[of.pool_site], 0.0, busy)
    loads = [_load(flows, busy) for flows in strategy.flows]
    spare = of.demand.constraints.spare_replicas if of.keeps("spare") else 0
    replicas = _at_sites(of, _whole(loads[0])) + spare
    for load in loads[1:]:
        replicas = np.maximum(replicas, _at_sites(of, _whole(load)))
    replicas = np.maximum(replicas, of.least[:, None])
    replicas = np.where((strategy.used & ~of.per_token)[:, None], replicas, 0.0)
    replicas = np.where(of.reserved[:, None], replicas.max(axis=2, keepdims=True), replicas)
    requests = np.einsum("kjb,b->kj", strategy.flows[0], of.hours) * SECONDS_AN_HOUR
    sent = volume[:, :, None] * requests  # (D, K, J)
    # A slower replica is busy for longer with a request, and draws more for it.
    energy_usd = of.energy_usd / np.where(capacity > 0, capacity, 1.0)
    at_site = (of.pool_site[:, None] == np.arange(len(of.site_option))).astype(float)  # (J, G)
    own = (sent * (of.request_usd - of.energy_usd + energy_usd)) @ at_site  # (D, K, G)
    by_class = np.zeros((len(factors), len(of.demand.classes), len(of.site_option)))
    for k, c in enumerate(of.flow_class):
        by_class[:, c] += own[:, k]
    broken = np.logical_not(np.isfinite(replicas).all(axis=2))
    hours_usd = np.where(broken, np.inf, (np.where(broken[:, :, None], 0.0, replicas) @ of.hours) * of.replica_usd)
    price = factors.price[:, of.site_option]  # (D, G)
    return Outcome(
        pool_load=loads[0],
        needed=_at_sites(of, loads[0]),
        replicas=replicas,
        hours_usd=hours_usd * price,
        own_usd=by_class * price[:, None, :],
        energy_usd=((sent * energy_usd) @ at_site).sum(axis=1) * price,
    )


def _at_sites(of: Instance, of_pools: Array) -> Array:
    """(D, J, B) to (D, G, B); infinite where a pool is."""
    sums = np.zeros((of_pools.shape[0], len(of.site_option), of_pools.shape[2]))
    for j in np.flatnonzero(of_pools.any(axis=(0, 2))):
        sums[:, of.pool_site[j]] += of_pools[:, j]
    return sums


def _load(flows: Array, busy: Array) -> Array:
    """Replicas' worth of load, (D, J, B), of flows (K, J, B); infinite where a pool cannot serve what it gets."""
    loads = np.zeros((busy.shape[0], *flows.shape[1:]))
    for k, j in zip(*np.nonzero(flows.any(axis=2)), strict=True):
        blocks = flows[k, j] > 0
        loads[:, j, blocks] += flows[k, j, blocks] * busy[:, k, j, None]
    return loads


def _whole(load: Array) -> Array:
    finite = np.where(np.isfinite(load), load, 0.0)
    return np.where(np.isfinite(load), np.ceil(finite - _ROUNDING * np.maximum(1.0, finite)), np.inf)
