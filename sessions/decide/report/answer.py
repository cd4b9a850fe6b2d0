"""The answer in sentences, shared by every form of the report and by the screen."""

from collections.abc import Iterator
from math import inf, log
from typing import Final

from ..decision import Decision, Sensitivity, Split
from .forms import dollars, listed, name, part, sentence, within

INTERVALS: Final = (
    "Amounts in brackets: what the answer lies between 19 times in 20, if the inputs lie within their intervals. "
    "A month is a twelfth of a year."
)


def routes(split: Split) -> dict[str, list[tuple[str, float]]]:
    """By class, which options get which share of it, the largest first; places are added up."""
    made: dict[str, dict[str, float]] = {}
    for each in split.shares:
        of = made.setdefault(each.class_name, {})
        of[each.option] = of.get(each.option, 0.0) + each.share
    return {
        class_name: sorted(((option, share) for option, share in of.items() if share > 0), key=lambda item: -item[1])
        for class_name, of in made.items()
    }


def routed(split: Split) -> str:
    """What goes where: "chat to H200; night batch 62 % to MI300X and 38 % to groq"."""
    said = []
    for class_name, options in routes(split).items():
        if len(options) == 1:
            said.append(f"{name(class_name)} to {name(options[0][0])}")
        else:
            said.append(
                f"{name(class_name)} " + listed(f"{part(share)} to {name(option)}" for option, share in options)
            )
    return "; ".join(said)


def headline(decision: Decision) -> str:
    """The answer in one sentence."""
    split = decision.split
    if split is None:
        return sentence(decision.infeasible.words if decision.infeasible else "nothing serves this demand")
    return f"Send {routed(split)}: {within(split.usd_per_month)} a month."


def sureness(decision: Decision) -> str:
    """The verdict and why."""
    made = decision.verdict
    word = {
        "clear": "Clear",
        "too close to call": "Too close to call",
        "only one": "Only one way",
        "none": "No answer",
    }
    return sentence(f"{word[made.verdict]}: {made.why}")


def answers(decision: Decision) -> Iterator[str]:
    """What a reader must know beside the headline, one sentence each, the most important first."""
    split = decision.split
    yield sureness(decision)
    if split is None:
        yield from _ways_out(decision)
        return
    yield from _alone(decision, split)
    waiting = [site.option for site in split.sites if site.stands_by]
    if waiting:
        yield f"Standing by, paid for and without traffic: {listed(map(name, dict.fromkeys(waiting)))}."
    if split.binding:
        yield f"What the constraints cost: {'; '.join(split.binding)}."
    if split.conditions:
        yield f"Not kept: {'; '.join(split.conditions)}."
    yield from (
        sentence(f"what would change it soonest, for {name(each.class_name)}: {each.words}")
        for each in nearest(decision)
    )


def nearest(decision: Decision) -> list[Sensitivity]:
    """Of each class, the input whose change would soonest make another option the cheapest.

    Utilisation is none of them: it follows from volume and shape.
    """
    found: dict[str, tuple[float, Sensitivity]] = {}
    for each in decision.sensitivities:
        if each.what == "utilisation":
            continue
        away = [abs(log(crossing.at / each.now)) for crossing in each.crossings if crossing.at > 0 < each.now]
        if away and min(away) < found.get(each.class_name, (inf, each))[0]:
            found[each.class_name] = min(away), each
    return [each for _, each in found.values()]


def _alone(decision: Decision, split: Split) -> Iterator[str]:
    single = decision.single
    if single is None:
        yield "No single vendor can serve it all."
        return
    vendor = listed(map(name, single.vendors))
    if set(single.vendors) == set(split.vendors):
        yield f"It is one vendor already: {vendor}."
        return
    more = single.usd_per_month.value - split.usd_per_month.value
    ratio = more / split.usd_per_month.value if split.usd_per_month.value else 0.0
    but = f" But: {'; '.join(single.conditions)}." if single.conditions else ""
    yield (
        f"From one vendor only ({vendor}; {routed(single)}) it is {within(single.usd_per_month)} a month, "
        f"{dollars(more)} or {part(max(ratio, 0.0))} more.{but}"
    )


def _ways_out(decision: Decision) -> Iterator[str]:
    if decision.infeasible is None:
        return
    for each in decision.infeasible.binding:
        cost = "" if each.then_usd_per_month is None else f", for {dollars(each.then_usd_per_month)} a month"
        yield f"In the way: {each.words}. " + (f"Without it alone it could be done{cost}." if each.alone else "")
