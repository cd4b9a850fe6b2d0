"""A strategy as a person reads it: what part of which class goes where, what runs there, what it costs."""

import numpy as np

from ..figures import share, usd
from .constraint import asked
from .decision import Share, Site, Split
from .instance import SECONDS_AN_HOUR, Array, Instance
from .optimum import Strategy
from .question import Question
from .usage import Months

_MATTERS = 0.001
"""A constraint that costs less than this share is not said to cost anything."""

_LEAVES_OUT: tuple[tuple[str, ...], ...] = (
    (),
    ("least_vendors",),
    ("least_vendors", "survive"),
    ("least_vendors", "survive", "availability"),
    ("least_vendors", "survive", "availability", "most_usd"),
)
"""What one vendor may have to be let off, the least first."""


def split(question: Question, of: Instance, strategy: Strategy, conditions: tuple[str, ...] = ()) -> Split:
    """`strategy` in words and figures."""
    months = Months(question, of, strategy)
    sites = tuple(_site(months, int(g)) for g in np.flatnonzero(strategy.used))
    return Split(
        shares=_shares(of, strategy),
        sites=sites,
        vendors=tuple(dict.fromkeys(site.vendor for site in sites)),
        usd_per_month=months.usd,
        usd_per_m_output=months.usd_per_m_output(),
        gap=strategy.gap,
        conditions=conditions,
        chips=sum(site.usage.chips_peak for site in sites),
    )


def what_constraints_cost(question: Question) -> tuple[str, ...]:
    """Which constraints of a demand that can be met cost money, the dearest first."""
    kept = question.answer()
    assert kept[1] is not None
    cost = Months(question, kept[0], kept[1]).cost
    found = []
    for key, words in asked(question.demand).items():
        of, strategy = question.answer((key,))
        if strategy is not None:
            saved = cost - Months(question, of, strategy).cost
            if saved > _MATTERS * cost:
                found.append((saved, f"{words}: {usd(saved)} a month ({share(saved / cost)})"))
    return tuple(words for _, words in sorted(found, reverse=True))


def single_vendor(question: Question) -> Split | None:
    """The cheapest answer with one vendor; what it is let off is said in its conditions. None where there is none."""
    words = asked(question.demand)
    for leaves_out in _LEAVES_OUT:
        if any(key not in words for key in leaves_out[-1:]):
            continue
        only, strategy = question.of_one_vendor(leaves_out)
        if strategy is not None:
            conditions = tuple(f"does not keep: {words[key]}" for key in leaves_out if key in words)
            return split(question, only, strategy, conditions)
    return None


def _site(months: Months, g: int) -> Site:
    of, strategy = months.of, months.strategy
    shares = _by_class(of, strategy)[:, of.pool_site == g].sum(axis=1)
    replicas = months.expected.replicas[0, g]
    return Site(
        option=of.demand.options[of.site_option[g]].name,
        vendor=of.vendors[of.site_option[g]],
        region=of.site_region[g],
        shares={each.name: float(part) for each, part in zip(of.demand.classes, shares, strict=True) if part > 0},
        usage=months.usage(np.arange(len(of.site_option)) == g),
        replicas_by_hour=() if of.per_token[g] else tuple(round(float(replicas[b])) for b in of.block_of),
        stands_by=not shares.any(),
    )


def _shares(of: Instance, strategy: Strategy) -> tuple[Share, ...]:
    by_class = _by_class(of, strategy)
    found = []
    for c, each in enumerate(of.demand.classes):
        for o, option in enumerate(of.demand.options):
            part = float(by_class[c, of.pool_option == o].sum())
            if part > 0:
                found.append(Share(class_name=each.name, option=option.name, share=part))
    return tuple(found)


def _by_class(of: Instance, strategy: Strategy) -> Array:
    """The share of each class's requests that each pool gets, (C, J)."""
    requests = np.einsum("kjb,b->kj", strategy.flows[0], of.hours) * SECONDS_AN_HOUR
    by_class = np.zeros((len(of.demand.classes), requests.shape[1]))
    np.add.at(by_class, of.flow_class, requests)
    whole = by_class.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(by_class, whole, out=np.zeros_like(by_class), where=whole > 0))
