"""What happens when an option, a vendor or a region in use is lost: at once, and once everything is planned anew."""

from typing import Literal

import numpy as np
from msgspec.structs import replace

from .binding import infeasible
from .decision import LossOf, Served
from .instance import Array, Instance, Mask
from .milp import Programme
from .optimum import Strategy, cheapest
from .question import Question, pools_of, without
from .usage import Months

Kind = Literal["option", "vendor", "region"]
Replanned = dict[str, tuple[Instance, Strategy]]
"""The cheapest answer without each option that the answer uses, by its name."""


def losses(question: Question, of: Instance, strategy: Strategy, replanned: Replanned) -> tuple[LossOf, ...]:
    """One for each option in use, each vendor of several, and each region where traffic is served in several."""
    months = Months(question, of, strategy)
    cost = months.cost
    replicas = months.expected.replicas[0]
    found = []
    for kind, name, lost in _what_can_be_lost(of, strategy):
        again = replanned.get(name) if kind == "option" else _without(of, lost)
        usd = None if again is None else Months(question, *again).cost
        found.append(
            LossOf(
                kind=kind,
                name=name,
                served=_served(of, strategy, replicas, lost),
                replanned_usd_per_month=usd,
                extra_usd_per_month=None if usd is None else usd - cost,
                impossible_because=() if again is not None else _why_not(question, kind, name),
            )
        )
    return tuple(found)


def replan(of: Instance, strategy: Strategy) -> Replanned:
    """The cheapest answers without each option in use; those that exist."""
    found: Replanned = {}
    for o in dict.fromkeys(of.site_option[strategy.used].tolist()):
        again = _without(of, of.pool_option == o)
        if again is not None:
            found[of.demand.options[o].name] = again
    return found


def _without(of: Instance, lost: Mask) -> tuple[Instance, Strategy] | None:
    left = without(of, lost)
    strategy = cheapest(left)
    return None if strategy is None else (left, strategy)


def _what_can_be_lost(of: Instance, strategy: Strategy) -> list[tuple[Kind, str, Mask]]:
    options = dict.fromkeys(of.site_option[strategy.used].tolist())
    names = [of.demand.options[o].name for o in options]
    vendors = [of.vendors[o] for o in options]
    regions = dict.fromkeys(np.array(of.site_region)[strategy.used].tolist())
    found: list[tuple[Kind, str, Mask]] = [("option", name, pools_of(of, option=name)) for name in names]
    found += [
        ("vendor", vendor, pools_of(of, vendor=vendor))
        for vendor in dict.fromkeys(vendors)
        if vendors.count(vendor) > 1
    ]
    if len(regions) > 1:
        found += [("region", region, pools_of(of, region=region)) for region in regions]
    return found


def _served(of: Instance, strategy: Strategy, replicas: Array, lost: Mask) -> tuple[Served, ...]:
    """The share of each class that cannot wait, at its worst hour, with nothing but what is there.

    Of all ways to share what is left, one that serves the greatest sum of the flows' shares.
    """
    programme, unit = Programme(), of.unit
    left = strategy.used[of.pool_site] & ~lost
    part: dict[tuple[int, int], list[int]] = {}
    need: dict[tuple[int, int], list[tuple[int, float]]] = {}
    sent: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for k, j in zip(*np.nonzero(of.allowed_in_loss & left), strict=True):
        for b in range(len(of.hours)):
            if unit[k, b] > 0 and not of.deferrable[k]:
                column = programme.variable(-1.0, high=1.0)
                part.setdefault((int(k), b), []).append(column)
                rate = of.peak[k] * unit[k, b]
                sent.setdefault((int(of.pool_option[j]), b), []).append((column, rate))
                if not of.per_token[of.pool_site[j]]:
                    need.setdefault((int(of.pool_site[j]), b), []).append((column, rate / of.capacity[k, j]))
    for columns in part.values():
        programme.row([(column, 1.0) for column in columns], high=1.0)
    for (g, b), terms in need.items():
        programme.row(terms, high=float(replicas[g, b]))
    for (o, _), terms in sent.items():
        programme.row(terms, high=float(of.most_per_s[o]))
    solved = programme.solve() if part else None
    found = []
    for c, each in enumerate(of.demand.classes):
        worst = [
            sum(solved.values[column] for column in part.get((int(k), b), [])) if solved else 0.0
            for k in np.flatnonzero(of.flow_class == c)
            for b in range(len(of.hours))
            if unit[k, b] > 0 and not of.deferrable[k]
        ]
        if worst:
            found.append(Served(class_name=each.name, share=min(1.0, max(0.0, round(float(min(worst)), 6)))))
    return tuple(found)


def _why_not(question: Question, kind: str, name: str) -> tuple[str, ...]:
    """Which constraints stand against an answer without what was lost."""
    demand = question.demand
    if kind == "region":
        return ("no other region may serve it",)
    offers = question.offers
    left = tuple(
        option
        for option in demand.options
        if name not in {option.name, offers[option.name].vendor if kind == "vendor" else ""}
    )
    if not left:
        return ("there is no other option",)
    why = infeasible(Question(replace(demand, options=left), question.known, offers))
    return tuple(each.words for each in why.binding) or (why.words,)
