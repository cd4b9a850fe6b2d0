"""Every option on its own for one class: what it would cost, why, or why it cannot."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from ...backends.printable import printable
from ..figures import number, share, times, usd
from .decision import Ranked, Ranking, Usage
from .draws import SURE
from .exclusion import exclusions
from .instance import Instance
from .optimum import Strategy, in_use
from .question import Question
from .usage import Months


def alone(of: Instance, c: int, o: int) -> Strategy | None:
    """All of class `c` at option `o`, each flow at home where the option is there; None where a flow may not go."""
    flows = np.zeros((1, *of.allowed.shape, len(of.hours)))
    for k in np.flatnonzero(of.flow_class == c):
        pools = [int(j) for j in np.flatnonzero(of.allowed[k] & (of.pool_option == o))]
        if not pools:
            return None
        home = [j for j in pools if of.site_region[of.pool_site[j]] == of.flow_region[k]]
        flows[0, k, max(home or pools, key=lambda j: of.capacity[k, j])] = of.rate[k]
    return Strategy(flows, in_use(of, flows))


def rankings(question: Question) -> tuple[Ranking, ...]:
    """One a class, in the order of the demand."""
    of = question.instance()
    return tuple(_ranking(question, of, c) for c in range(len(question.demand.classes)))


def _ranking(question: Question, of: Instance, c: int) -> Ranking:
    demand, name = question.demand, question.demand.classes[c].name
    able: list[tuple[int, Months]] = []
    out: list[Ranked] = []
    for o, option in enumerate(demand.options):
        offer = question.offers[option.name]
        reasons = [each.words for each in exclusions(
            demand, demand.classes[c], option, question.known.get((option.name, name)), offer)]  # fmt: skip
        strategy = None if reasons else alone(of, c, o)
        months = None if strategy is None else Months(question, of, strategy)
        reasons += _too_small(of, o, months) if months is not None else []
        if months is None or reasons:
            reasons = reasons or ["is not where its requests have to be served, or cannot serve every class"]
            out.append(Ranked(option=option.name, vendor=offer.vendor, excluded_because=tuple(reasons)))
        else:
            able.append((o, months))
    able.sort(key=lambda each: each[1].cost)
    wins = _wins([months for _, months in able])
    ranked = [
        Ranked(
            option=demand.options[o].name,
            vendor=of.vendors[o],
            rank=rank,
            usage=(usage := months.usage(months.strategy.used)),
            wins=won,
            reasons=tuple(_reasons(question, demand.options[o].name, name, usage, able[0][1])),
        )
        for rank, ((o, months), won) in enumerate(zip(able, wins, strict=True), 1)
    ]
    verdict, why = _verdict(ranked)
    return Ranking(class_name=name, options=(*ranked, *out), verdict=verdict, why=why)


def _too_small(of: Instance, o: int, months: Months) -> list[str]:
    """Why an option cannot hold the whole class, though it could serve some."""
    sites = of.site_option == o
    replicas = float(months.expected.replicas[0, sites].sum(axis=0).max())
    per_s = float((months.strategy.flows[0].sum(axis=1) * of.peak[:, None]).sum(axis=0).max())
    found = []
    if replicas > of.most[o]:
        found.append(f"needs {replicas:,.0f} replicas at the peak, and may have {of.most[o]:,.0f}")
    if per_s > of.most_per_s[o] * (1 + 1e-9):
        found.append(f"would get {number(per_s)} requests/s at the peak, and takes {number(of.most_per_s[o])}")
    return found


def _wins(able: list[Months]) -> list[float]:
    """In which share of the draws each is the cheapest; equals share a win."""
    if not able:
        return []
    usd_drawn = np.stack([months.drawn.usd for months in able])
    best = usd_drawn <= usd_drawn.min(axis=0) * (1 + 1e-12)
    return [float(each) for each in (best / best.sum(axis=0)).mean(axis=1)]


def _verdict(ranked: list[Ranked]) -> tuple[Literal["clear", "too close to call", "none"], str]:
    if not ranked:
        return "none", "no option will do"
    first = printable(ranked[0].option, 40)
    if len(ranked) == 1:
        return "clear", f"{first} is the only option that will do"
    if ranked[0].wins >= SURE:
        return "clear", f"{first} is the cheapest in {share(ranked[0].wins)} of the draws of the uncertain inputs"
    rivals = [f"{printable(each.option, 40)} in {share(each.wins)}" for each in ranked[1:] if each.wins >= 0.01]
    return "too close to call", (
        f"{first} is the cheapest as estimated, but only in {share(ranked[0].wins)} of the draws; "
        f"{', '.join(rivals) or 'no other in as much as 1 %'}"
    )


def _reasons(question: Question, option: str, class_name: str, usage: Usage, first: Months) -> Iterator[str]:
    known = question.known[option, class_name]
    cheapest = first.cost
    if usage.usd_per_month.value > cheapest > 0:
        yield f"{times(usage.usd_per_month.value / cheapest)}× the cost of the cheapest"
    if usage.utilisation is None:
        yield "billed by the token: nothing is paid for idle hours"
    else:
        yield (
            f"{usage.replicas_peak:,} replica{'s' if usage.replicas_peak != 1 else ''} at the peak, "
            f"{number(usage.replicas_mean)} in the mean; {share(usage.utilisation)} of the hours paid for "
            "are needed"
        )
        yield f"a replica serves {number(known.requests_per_s.value)} requests/s" + (
            f" within the limits ({known.binding} binds)" if known.binding else " within the limits"
        )
    full, effective = usage.usd_per_m_output_full, usage.usd_per_m_output.value
    if full and effective > 1.02 * full:
        yield (
            f"{usd(effective)} per M output tokens at this volume, {usd(full)} if every replica were busy to its "
            f"limit: {times(effective / full)}×"
        )
    if usage.idle_usd_per_month > 0.005 * usage.usd_per_month.value:
        yield f"{usd(usage.idle_usd_per_month)} a month pays for hours and replicas that the load does not need"
    if usage.memory_bought_gb and usage.memory_needed_gb is not None:
        unused = 1 - usage.memory_needed_gb / usage.memory_bought_gb
        if unused > 0.1:
            yield (
                f"{share(unused)} of the memory paid for is not needed at that rate "
                f"({number(usage.memory_needed_gb)} of {number(usage.memory_bought_gb)} GB)"
            )
    if known.lower_bound:
        yield "measured at one load only: it may well serve more, and cost less"
