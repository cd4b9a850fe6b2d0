"""The cheapest way to serve an instance: which requests go where in each block, as a mixed-integer programme."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from .instance import SECONDS_AN_HOUR, Array, Instance, Mask
from .milp import Programme

_IN_USE_USD: Final = 0.01
"""What being used costs a site in the programme, so that none stands by for nothing; it is in no figure."""

_NOTHING: Final = 1e-6
"""A share of a flow that is the solver's tolerance."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """Which requests go where.

    Attributes:
        flows: requests a second, (S, K, J, B): first as a rule, then after each loss that must be survived.
        used: sites that get traffic or stand by, (G,).
        gap: how much cheaper, relatively, an answer may be that the solver did not rule out.
    """

    flows: Array
    used: Mask
    gap: float = 0.0


def cheapest(of: Instance) -> Strategy | None:
    """The cheapest strategy that is found to keep every constraint; None where there is none."""
    return _Model(of).solve()


def lost_pools(of: Instance) -> tuple[Mask, ...]:
    """The pools that go with each loss that must be survived, (J,) each."""
    if not of.keeps("survive"):
        return ()
    vendors = np.array([of.vendors[o] for o in of.pool_option])
    regions = np.array(of.site_region)[of.pool_site]
    by = {
        "nothing": (),
        "option": tuple(of.pool_option == o for o in np.unique(of.pool_option)),
        "vendor": tuple(vendors == name for name in np.unique(vendors)),
        "region": tuple(regions == name for name in dict.fromkeys(of.site_region)),
    }
    return by[of.demand.constraints.survive_loss_of]


def in_use(of: Instance, flows: Array) -> Mask:
    """The sites that any of `flows` (S, K, J, B) goes to, (G,)."""
    used = np.zeros(len(of.site_option), np.bool_)
    used[of.pool_site[flows.any(axis=(0, 1, 3))]] = True
    return used


class _Model:
    def __init__(self, of: Instance) -> None:
        self._of = of
        self._unit = of.unit
        self._blocks = range(len(of.hours))
        self._programme = Programme()
        self._cost_of_use()
        self._flow = self._flows(of.allowed)
        self._everything_served(self._flow, of.deferrable)
        self._losses = [self._flows_after(lost) for lost in lost_pools(of)]
        self._replicas()
        self._splitting()
        self._vendors()
        self._availability()
        limit = of.demand.constraints.most_usd_per_month
        if limit is not None and of.keeps("most_usd"):
            self._programme.cost_at_most(limit + _IN_USE_USD * len(of.site_option))

    def solve(self) -> Strategy | None:
        solved = self._programme.solve()
        if solved is None:
            return None
        flows = np.zeros((1 + len(self._losses), *self._of.allowed.shape, len(self._of.hours)))
        for s, found in enumerate((self._flow, *self._losses)):
            for (k, j, b), column in found.items():
                flows[s, k, j, b] = max(0.0, solved.values[column]) * self._unit[k, b]
        flows[flows < _NOTHING * self._unit[:, None, :]] = 0.0
        used = in_use(self._of, flows)
        if self._of.demand.constraints.least_vendors > 1:
            used |= np.array([solved.values[column] > 0.5 for column in self._used])
        return Strategy(flows, used, solved.gap)

    def _cost_of_use(self) -> None:
        self._used = [
            self._programme.variable(_IN_USE_USD, high=1.0, whole=True) for _ in range(len(self._of.site_option))
        ]

    def _flows(self, allowed: Mask) -> dict[tuple[int, int, int], int]:
        """A variable for the share of each flow that each pool takes in each block."""
        of, found = self._of, {}
        for k, j in zip(*np.nonzero(allowed), strict=True):
            for b in self._blocks:
                if self._unit[k, b] > 0:
                    usd = of.request_usd[k, j] * self._unit[k, b] * SECONDS_AN_HOUR * of.hours[b]
                    found[int(k), int(j), b] = column = self._programme.variable(usd, high=1.0)
                    self._programme.row([(column, 1.0), (self._used[of.pool_site[j]], -1.0)], high=0.0)
        return found

    def _flows_after(self, lost: Mask) -> dict[tuple[int, int, int], int]:
        """The same after a loss, at no cost as it is rare; what can wait, waits."""
        of, found = self._of, {}
        for k, j in zip(*np.nonzero(of.allowed_in_loss & ~lost), strict=True):
            for b in self._blocks:
                if self._unit[k, b] > 0 and not of.deferrable[k]:
                    found[int(k), int(j), b] = column = self._programme.variable(high=1.0)
                    self._programme.row([(column, 1.0), (self._used[of.pool_site[j]], -1.0)], high=0.0)
        self._everything_served(found, of.deferrable, wait=True)
        return found

    def _everything_served(
        self, flows: dict[tuple[int, int, int], int], deferrable: Mask, *, wait: bool = False
    ) -> None:
        """Every flow is, whole: in each block, or where it can wait, in the weekdays' and in the weekends'."""
        of = self._of
        whole: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)  # by flow, and block or kind of day
        for (k, _, b), column in flows.items():
            whole[k, -1 - int(of.weekend[b]) if deferrable[k] else b].append((column, 1.0))
        for k in range(len(deferrable)):
            blocks = np.flatnonzero(self._unit[k] > 0)
            if not deferrable[k]:
                for b in blocks.tolist():
                    self._programme.row(whole[k, b], low=1.0, high=1.0)
            elif not wait:
                for kind in np.unique(of.weekend[blocks]):
                    these = blocks[of.weekend[blocks] == kind]
                    part = (of.rate[k, these] * of.hours[these]).sum() * SECONDS_AN_HOUR / of.month[k]
                    self._programme.row(whole[k, -1 - int(kind)], low=part, high=part)

    def _load(self, flows: dict[tuple[int, int, int], int], j: int, b: int) -> Iterator[tuple[int, float]]:
        """Replicas that a pool needs in a block, of each variable."""
        of = self._of
        for k in range(len(of.flow_class)):
            if (k, j, b) in flows:
                yield flows[k, j, b], of.peak[k] * self._unit[k, b] / of.capacity[k, j]

    def _replicas(self) -> None:
        of, programme = self._of, self._programme
        spare = of.demand.constraints.spare_replicas if of.keeps("spare") else 0
        paid: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)  # by option and block
        for g, o in enumerate(of.site_option.tolist()):
            if of.per_token[g]:
                continue
            always = programme.variable(of.replica_usd[g] * of.hours.sum(), whole=True) if of.reserved[g] else None
            for b in self._blocks:
                usd = of.replica_usd[g] * of.hours[b]
                running = programme.variable(usd, whole=True) if always is None else always
                paid[o, b].append((running, 1.0))
                programme.row([(running, 1.0), (self._used[g], -of.least[g])], low=0.0)
                pools = self._pools(self._flow, g, b)
                programme.row([(running, 1.0), *pools, (self._used[g], -float(spare))], low=0.0)
                for flows in self._losses:
                    if pools := self._pools(flows, g, b):
                        programme.row([(running, 1.0), *pools], low=0.0)
        for (o, _), running_there in paid.items():
            if np.isfinite(of.most[o]):
                programme.row(running_there, high=of.most[o])
        self._limited_rates()

    def _pools(self, flows: dict[tuple[int, int, int], int], g: int, b: int) -> list[tuple[int, float]]:
        """Minus the replicas of each pool of a site: whole ones where there are several, as none is in two."""
        pools = np.flatnonzero(self._of.pool_site == g).tolist()
        loads = [load for j in pools if (load := [*self._load(flows, j, b)])]
        if len(loads) == 1:
            return [(column, -need) for column, need in loads[0]]
        replicas = []
        for load in loads:
            pool = self._programme.variable(whole=True)
            self._programme.row([(pool, 1.0), *((column, -need) for column, need in load)], low=0.0)
            replicas.append((pool, -1.0))
        return replicas

    def _limited_rates(self) -> None:
        of = self._of
        for flows in (self._flow, *self._losses):
            sent: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
            for (k, j, b), column in flows.items():
                if np.isfinite(of.most_per_s[of.pool_option[j]]):
                    sent[int(of.pool_option[j]), b].append((column, of.peak[k] * self._unit[k, b]))
            for (o, _), terms in sent.items():
                self._programme.row(terms, high=of.most_per_s[o])

    def _splitting(self) -> None:
        of, programme = self._of, self._programme
        if not of.demand.constraints.split_by_class and of.keeps("split_by_class"):
            by_place: dict[tuple[str, int, int], dict[int, list[tuple[int, float]]]] = defaultdict(
                lambda: defaultdict(list)
            )
            for (k, j, b), column in self._flow.items():
                by_place[of.flow_region[k], int(of.pool_site[j]), b][k].append((column, 1.0))
            for by_flow in by_place.values():
                for one, other in pairwise(by_flow.values()):
                    programme.row([*one, *((column, -factor) for column, factor in other)], low=0.0, high=0.0)
        if not of.demand.constraints.divide_classes and of.keeps("divide_classes"):
            chosen: dict[tuple[int, int], int] = {}
            for (k, j, _), column in self._flow.items():
                pair = int(of.flow_class[k]), int(of.pool_option[j])
                if pair not in chosen:
                    chosen[pair] = programme.variable(high=1.0, whole=True)
                programme.row([(column, 1.0), (chosen[pair], -1.0)], high=0.0)
            for c in dict.fromkeys(c for c, _ in chosen):
                programme.row([(column, 1.0) for (k, _), column in chosen.items() if k == c], high=1.0)

    def _vendors(self) -> None:
        of, programme, constraints = self._of, self._programme, self._of.demand.constraints
        most = constraints.most_vendors if of.keeps("most_vendors") else None
        least = constraints.least_vendors if of.keeps("least_vendors") else 1
        if most is None and least <= 1:
            return
        in_use = {name: programme.variable(high=1.0, whole=True) for name in dict.fromkeys(of.vendors)}
        sites: dict[str, list[int]] = defaultdict(list)
        for g, o in enumerate(of.site_option.tolist()):
            sites[of.vendors[o]].append(self._used[g])
        for name, vendor in in_use.items():
            programme.row([(vendor, 1.0), *((used, -1.0) for used in sites[name])], high=0.0)
            for used in sites[name]:
                programme.row([(vendor, 1.0), (used, -1.0)], low=0.0)
        programme.row([(vendor, 1.0) for vendor in in_use.values()], least, np.inf if most is None else most)

    def _availability(self) -> None:
        """Every class is served in enough of the time.

        Without another option standing by, what goes to an option is lost while that is down. Where the loss of any
        one can be survived, something is lost only while two are down at once.
        """
        of, programme = self._of, self._programme
        asked = of.demand.constraints.availability
        if asked is None or not of.keeps("availability"):
            return
        out = of.unavailable
        if of.demand.constraints.survive_loss_of in {"option", "vendor"} and of.keeps("survive"):
            sites: dict[int, list[int]] = defaultdict(list)
            for g, o in enumerate(of.site_option.tolist()):
                sites[o].append(self._used[g])
            both_down = []
            for one, other in combinations(sites, 2):
                pair = programme.variable(high=1.0)
                for a in sites[one]:
                    for b in sites[other]:
                        programme.row([(pair, 1.0), (a, -1.0), (b, -1.0)], low=-1.0)
                both_down.append((pair, out[one] * out[other]))
            programme.row(both_down, high=1 - asked)
            return
        for c in range(len(of.demand.classes)):
            flows = np.flatnonzero(of.flow_class == c)
            whole = of.month[flows].sum()
            terms = [
                (column, self._unit[k, b] * SECONDS_AN_HOUR * of.hours[b] / whole * out[of.pool_option[j]])
                for (k, j, b), column in self._flow.items()
                if of.flow_class[k] == c
            ]
            programme.row(terms, high=1 - asked)
