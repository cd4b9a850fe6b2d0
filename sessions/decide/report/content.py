"""What a report says, section by section: the answer first, then why, how sure, and the method with every source."""

from collections.abc import Iterator

from ...figures import number
from ..decision import Decision, Fact, Ranked, Ranking, Site
from .answer import INTERVALS, answers, headline, routes
from .asked import asked
from .blocks import Bar, Block, Curves, Points, Section, Table, Words
from .forms import count, dollars, maybe, name, part, within
from .sources import capacities, prices


def title(decision: Decision) -> str:
    """Of the report."""
    return name(decision.demand.title) or "A decision"


def simulated(decision: Decision) -> str:
    """A warning where the answer rests on the simulated fleet; "" where everything was measured or stated."""
    sim = list(dict.fromkeys(each.option for each in decision.capacities if each.label == "SIM"))
    if not sim:
        return ""
    which = (
        "Every option's capacity"
        if len(sim) == len(decision.demand.options)
        else f"The capacity of {len(sim)} options"
    )
    return (
        f"SIM. {which} comes from the simulated fleet, a model of published measurements, not from your servers: "
        "measure the ones that matter (infertop sweep) before you sign."
    )


def sections(decision: Decision) -> Iterator[Section]:
    """All of them that have something to say."""
    made = [
        _answer(decision),
        *(_ranking(each) for each in decision.rankings),
        _changes(decision),
        _losses(decision),
        _plan(decision),
        _sure(decision),
        _lock_in(decision),
        asked(decision.demand),
        prices(decision),
        capacities(decision),
        Section("Method", (Points(decision.assumptions),) if decision.assumptions else ()),
    ]
    yield from (each for each in made if each.blocks)


def _answer(decision: Decision) -> Section:
    blocks: list[Block] = [Words(headline(decision), "lead")]
    if simulated(decision):
        blocks.append(Words(simulated(decision), "warn"))
    blocks.append(Points(tuple(answers(decision))))
    split = decision.split
    if split is not None:
        blocks += [
            Bar(name(class_name), tuple((name(option), share, part(share)) for option, share in options))
            for class_name, options in routes(split).items()
        ]
        rows = tuple(_site(site) for site in sorted(split.sites, key=lambda site: (site.region, site.stands_by)))
        blocks.append(Table(_SITE, rows, words=3, title="What runs where, replicas at the peak").telling)
        blocks.append(Words(INTERVALS))
    return Section("The answer", tuple(blocks))


_SITE = (
    "option",
    "where",
    "serves",
    "replicas",
    "chips",
    "$ a month",
    "$/M output",
    "used",
    "idle $ a month",
)


def _site(site: Site) -> tuple[str, ...]:
    usage = site.usage
    serves = ", ".join(f"{name(each)} {part(share)}" for each, share in site.shares.items() if share > 0)
    api = usage.utilisation is None
    return (
        name(site.option),
        name(site.region) or "–",
        "stands by" if site.stands_by else serves or "–",
        "API" if api else str(usage.replicas_peak),
        "–" if api else str(usage.chips_peak),
        within(usage.usd_per_month),
        maybe(usage.usd_per_m_output.value, dollars),
        maybe(usage.utilisation, part),
        "–" if api else dollars(usage.idle_usd_per_month),
    )


_RANKED = ("", "option", "vendor", "$ a month", "$/M output", "if full", "replicas", "used", "wins")


def _ranking(of: Ranking) -> Section:
    """One class: every option as if it alone served it, and why those that cannot cannot."""
    able = [each for each in of.options if each.usage is not None]
    unable = [each for each in of.options if each.usage is None]
    blocks: list[Block] = []
    if able:
        blocks.append(Table(_RANKED, tuple(map(_ranked, able)), words=3))
    reasons = tuple(f"{name(each.option)}: {'; '.join(each.reasons)}" for each in able if each.reasons)
    if reasons:
        blocks.append(Points(reasons, "Why in this order"))
    excluded = tuple(f"{name(each.option)}: {'; '.join(each.excluded_because)}" for each in unable)
    if excluded:
        blocks.append(Points(excluded, "Excluded"))
    verdict = {"clear": "Clear", "too close to call": "Too close to call", "none": "None will do"}[of.verdict]
    return Section(
        f"Ranking for {name(of.class_name)}",
        tuple(blocks),
        f"If one option served it all; wins: share of the draws in which it is the cheapest. {verdict}: {of.why}",
    )


def _ranked(each: Ranked) -> tuple[str, ...]:
    usage = each.usage
    assert usage is not None  # those without are told apart
    api = usage.utilisation is None
    replicas = (
        f"{usage.replicas_peak}"
        if usage.replicas_mean == usage.replicas_peak
        else (f"{usage.replicas_peak}, mean {number(usage.replicas_mean)}")
    )
    return (
        f"{each.rank}." if each.rank else "",
        name(each.option),
        name(each.vendor),
        within(usage.usd_per_month),
        within(usage.usd_per_m_output),
        maybe(usage.usd_per_m_output_full, dollars),
        "API" if api else replicas,
        maybe(usage.utilisation, part),
        part(each.wins),
    )


def _changes(decision: Decision) -> Section:
    return Section(
        "What would change the answer",
        tuple(Curves(each) for each in decision.sensitivities),
        "Each option's cost as one input changes and all others stay. Where lines cross, the cheapest changes.",
    )


def _losses(decision: Decision) -> Section:
    rows = []
    for each in decision.resilience:
        served = ", ".join(f"{name(of.class_name)} {part(of.share)}" for of in each.served)
        then = maybe(each.replanned_usd_per_month, dollars)
        if each.replanned_usd_per_month is None:
            then = "; ".join(each.impossible_because) or "no answer"
        rows.append((f"{each.kind} {name(each.name)}", served, then, maybe(each.extra_usd_per_month, dollars)))
    table = Table(("lost", "still served at the worst hour", "then $ a month", "extra"), tuple(rows), words=2)
    return Section(
        "If something is lost",
        (table,) if rows else (),
        "What is still served at once, without buying anything, and what the cheapest answer without it costs.",
    )


def _plan(decision: Decision) -> Section:
    plan = decision.plan
    if plan is None:
        return Section("What to have", ())
    rows = tuple(
        (
            name(each.option),
            name(each.region) or "–",
            ", ".join(f"{name(of)} {number(rate)}/s" for of, rate in each.requests_per_s.items()),
            f"{each.replicas}" + (f" ({each.headroom} spare)" if each.headroom else "") if each.replicas else "API",
            str(each.chips) if each.replicas else "–",
            part(each.load) if each.replicas else "–",
            "; ".join(f"{what} {number(ms)} ms" for what, ms in each.predicted.items()) or "–",
            maybe(each.wait_ms, lambda ms: f"{number(ms)} ms"),
            dollars(each.usd_per_month),
        )
        for each in plan.regions
    )
    head = ("option", "where", "at the peak", "replicas", "chips", "load", "predicted", "wait", "$ a month")
    chips = f"{count(plan.chips)} chip{'s' if plan.chips != 1 else ''}"
    blocks: list[Block] = [
        Table(head, rows, words=3).telling,
        Words(
            f"In all {chips} for {number(plan.requests_per_s)} requests a second at the peak, "
            f"{dollars(plan.usd_per_month)} a month."
        ),
    ]
    if plan.checks:
        blocks.append(Points(tuple(each.words for each in plan.checks), "Checked in virtual time"))
    if plan.method:
        blocks.append(Points(plan.method, "How it was counted"))
    return Section("What to have", tuple(blocks), "Chips for the busiest hour, with headroom.")


def _sure(decision: Decision) -> Section:
    made = decision.verdict
    blocks: list[Block] = []
    if made.rivals:
        rows = tuple((each.words, within(each.usd_per_month), f"{part(each.loses)} of draws") for each in made.rivals)
        blocks.append(Table(("other ways", "$ a month", "dearer than the answer in"), rows))
    doubts = tuple(_doubts(decision))
    if doubts:
        blocks.append(Points(doubts, "What weakens it"))
    why = f"Inputs were drawn {count(made.draws)} times from their intervals." if made.draws else ""
    return Section("How sure it is", tuple(blocks), why)


def _doubts(decision: Decision) -> Iterator[str]:
    used = {site.option for site in decision.split.sites} if decision.split else set()
    for price in decision.prices:
        if price.old:
            age = f"{price.age_days} days old" if price.age_days is not None else "undated"
            yield f"The price of {name(price.option)} is {age}: ask the seller" + (
                "; the answer uses it." if price.option in used else "."
            )
    for each in decision.capacities:
        if each.lower_bound:
            yield (
                f"{name(each.option)} was seen at one load of {name(each.class_name)} only: it may well serve more "
                "(infertop sweep finds out)."
            )
    if decision.split and decision.split.gap > 0.0005:
        yield f"The solver cannot rule out an answer cheaper by {part(decision.split.gap)}."


def _lock_in(decision: Decision) -> Section:
    rows = tuple(
        (name(each.option), fact.what, fact.source or "–", _known(fact))
        for each in decision.lock_in
        for fact in each.facts
    )
    table = Table(("option", "", "source", "known"), rows, words=4)
    return Section("What you would depend on", (table,) if rows else (), "Facts, without a judgement.")


def _known(fact: Fact) -> str:
    return fact.words if fact.known or fact.words == "not known" else f"not known: {fact.words}"
