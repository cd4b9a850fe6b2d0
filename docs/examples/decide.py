"""Makes the worked example of docs/decide.md anew: a real decision, and each kind of price reckoned again by hand.

    python docs/examples/decide.py

writes what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` there; a test says when it no longer does.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from infertop.engine.cost import ApiPrice, OwnedPrice
from infertop.profiles.demand import DAYS_A_MONTH, Demand, DemandClass, Option
from infertop.profiles.demand_files import dump, find, load
from infertop.sessions.decide.capacity import Capacity
from infertop.sessions.decide.decision import Decision, Ranked, Usage
from infertop.sessions.decide.making import Request, make
from infertop.sessions.decide.report import content, text
from infertop.sessions.decide.report.answer import headline
from infertop.sessions.decide.report.blocks import Bar, Table
from infertop.sessions.decide.report.forms import count, dollars
from infertop.sessions.decide.report.markdown import block_parts
from infertop.sessions.decide.revisit import compared
from infertop.sessions.figures import number

DOCUMENT = Path(__file__).parents[1] / "decide.md"
TODAY = "2026-11-24"
HOURS_A_MONTH = 730

OWNED = Option(
    name="MI300X owned",
    sim="mi300x",
    model="gpt-oss-120b",
    vendor="us",
    price=OwnedPrice(
        capex_usd=20_000,
        kw_per_chip=0.75,
        ops_usd_per_hour=1.2,
        as_of="2026-11",
        source="an example, not a quote",
    ),
)


def example() -> dict[str, str]:
    """The blocks by name."""
    demand = load(find("chat-and-classification"))
    made = make(Request(demand=demand, folder="", today=TODAY))
    bought = make(
        Request(
            demand=replace(demand, options=(*demand.options, OWNED)), folder="", today=TODAY, known=made.capacities
        )
    )
    (answer, *_) = content.sections(made)
    answer = replace_blocks(answer)
    rankings = [section for section in content.sections(made) if section.title.startswith("Ranking for")]
    return {
        "answer": fenced("\n".join(text.lines((answer,), 112))),
        "rankings": "\n\n".join(
            f"**{section.title}.** {section.why}.\n\n" + "\n\n".join(block_parts(section.blocks[0]))
            for section in rankings
        ),
        "by hand": "\n\n".join(by_hand(made, bought)),
        "owned": fenced(dump(Demand(options=(OWNED,))).strip(), "toml"),
        "bought": fenced("\n".join([headline(bought), "", *differences(made, bought)])),
        "prices": tables(made, "Prices"),
        "capacities": tables(made, "Capacities"),
    }


def replace_blocks(section: content.Section) -> content.Section:
    """The answer without its bars, which are for those who see colours."""
    kept = tuple(block for block in section.blocks if not isinstance(block, Bar))
    return content.Section(section.title, kept, section.why)


def differences(made: Decision, bought: Decision) -> Iterator[str]:
    """What the bought option changes."""
    yield from (f"- {each.words}" for each in compared(made, bought).moved if each.kind == "share")


def tables(made: Decision, title: str) -> str:
    """The tables of the section of that title."""
    section = next(each for each in content.sections(made) if each.title == title)
    return "\n\n".join(part for block in section.blocks if isinstance(block, Table) for part in block_parts(block))


def fenced(words: str, language: str = "") -> str:
    return f"```{language}\n{words.strip()}\n```"


def by_hand(made: Decision, bought: Decision) -> Iterator[str]:
    """Chat at one option of each kind, and the split."""
    of = made.demand.classes[0]
    per_day = of.requests_per_day.value
    requests = per_day * of.days_a_month
    yield (
        f"**Requests.** {count(per_day)} on a weekday, {of.weekend:g} times that on a weekend day, five and two days "
        f"of seven, {DAYS_A_MONTH:.4f} days a month: {count(per_day)} × (5 + 2 × {of.weekend:g}) ÷ 7 × "
        f"{DAYS_A_MONTH:.4f} = {requests:,.0f} a month. The busiest hour holds {max(of.weights):.4%} of a day's, "
        f"its busiest minutes {of.peak_factor.value:g} times its mean: {count(per_day)} × {max(of.weights):.6f} ÷ "
        f"3,600 × {of.peak_factor.value:g} = {peak(of):.3f} requests a second."
    )
    yield api(made, of, requests)
    yield rented(made, of)
    yield owned(bought, of)
    yield together(made)


def api(made: Decision, of: DemandClass, requests: float) -> str:
    ranked, known = at(made, of, "Cerebras")
    price = next(each.price for each in made.prices if each.option == "Cerebras")
    by_hand = (
        requests * (known.input_tokens * price.usd_per_m_input + known.output_tokens * price.usd_per_m_output) / 1e6
    )
    agrees(by_hand, ranked)
    return (
        f"**API: {known.option}.** A request has {known.input_tokens:.1f} tokens in and {known.output_tokens:.1f} "
        f"out ([capacities](#capacities)), at ${price.usd_per_m_input:g} and ${price.usd_per_m_output:g} a million "
        f"([prices](#prices)): {requests:,.0f} × ({known.input_tokens:.1f} × {price.usd_per_m_input:g} + "
        f"{known.output_tokens:.1f} × {price.usd_per_m_output:g}) ÷ 1,000,000 = **${by_hand:,.2f}** a month; the "
        f"ranking says {said(ranked)}."
    )


def rented(made: Decision, of: DemandClass) -> str:
    ranked, known = at(made, of, "MI300X")
    price = next(each.price for each in made.prices if each.option == "MI300X")
    replicas = -(-peak(of) // known.requests_per_s.value)
    by_hand = replicas * price.chips * HOURS_A_MONTH * price.usd_per_chip_hour
    agrees(by_hand, ranked)
    return (
        f"**Rented: {known.option}.** A replica of {price.chips:g} chip serves {number(known.requests_per_s.value)} "
        f"requests a second within the limit; the peak of {peak(of):.3f} takes {replicas:.0f}. At least one runs "
        f"at every hour, so {replicas:.0f} × {price.chips:g} × {HOURS_A_MONTH} h × ${price.usd_per_chip_hour:g} = "
        f"**${by_hand:,.2f}** a month; the ranking says {said(ranked)}."
    )


def owned(bought: Decision, of: DemandClass) -> str:
    ranked, known = at(bought, of, OWNED.name)
    price = OWNED.price
    assert isinstance(price, OwnedPrice)
    capital = price.capex_usd / (price.life_years * 8760 * price.availability)
    energy = price.kw_per_chip * price.pue * price.usd_per_kwh
    hourly = capital + energy + price.ops_usd_per_hour
    replicas = -(-peak(of) // known.requests_per_s.value)
    by_hand = replicas * HOURS_A_MONTH * hourly
    agrees(by_hand, ranked)
    return (
        f"**Owned: {known.option}.** The chip is written off over its life, ${price.capex_usd:,.0f} ÷ "
        f"({price.life_years:g} × 8,760 h × {price.availability:g}) = ${capital:.4f} an hour; power "
        f"{price.kw_per_chip:g} kW × {price.pue:g} × ${price.usd_per_kwh:g} = ${energy:.4f}; staff and space "
        f"${price.ops_usd_per_hour:g}: ${hourly:.4f} an hour, busy or idle. {replicas:.0f} × {HOURS_A_MONTH} h × "
        f"${hourly:.4f} = **${by_hand:,.2f}** a month; the ranking says {said(ranked)}."
    )


def together(made: Decision) -> str:
    """The split's bill: replica-hours at their price, and an API's part of what all of a class costs there."""
    assert made.split is not None
    parts, bill = [], 0.0
    for site in made.split.sites:
        price = next(each.price for each in made.prices if each.option == site.option)
        if isinstance(price, ApiPrice):
            ((class_name, share),) = site.shares.items()
            whole = at(made, next(of for of in made.demand.classes if of.name == class_name), site.option)[0].usage
            assert whole is not None
            usd = share * whole.usd_per_month.value
            parts.append(
                f"{site.option} gets {share:.2%} of {class_name}, all of which costs {said_usd(whole)}: ${usd:,.0f}"
            )
        else:
            hours = site.usage.replicas_mean * HOURS_A_MONTH
            usd = hours * price.chips * price.usd_per_chip_hour
            parts.append(
                f"{site.option} runs {site.usage.replicas_peak} replicas at the peak, {site.usage.replicas_mean:.3f} "
                f"in the mean, {hours:,.1f} replica-hours a month, × ${price.usd_per_chip_hour:g} = ${usd:,.0f}"
            )
        bill += usd
    decided = made.split.usd_per_month.value
    if abs(bill / decided - 1) > 0.005:
        raise AssertionError(f"the split: {bill:.2f} by hand, {decided:.2f} decided")
    return (
        f"**The split.** {'; '.join(parts)}. Together **${bill:,.0f}** a month; the answer says {dollars(decided)}."
    )


def peak(of: DemandClass) -> float:
    """Requests a second in the busiest minutes."""
    return of.requests_per_day.value * max(of.weights) / 3600 * of.peak_factor.value


def at(made: Decision, of: DemandClass, option: str) -> tuple[Ranked, Capacity]:
    ranking = next(each for each in made.rankings if each.class_name == of.name)
    ranked = next(each for each in ranking.options if each.option == option)
    known = next(each for each in made.capacities if (each.option, each.class_name) == (option, of.name))
    return ranked, known


def said(ranked: Ranked) -> str:
    assert ranked.usage is not None
    return said_usd(ranked.usage)


def said_usd(usage: Usage) -> str:
    return dollars(usage.usd_per_month.value)


def agrees(by_hand: float, ranked: Ranked) -> None:
    """Stop when hand and machine differ: then the document's words are wrong, not only its numbers."""
    assert ranked.usage is not None
    if abs(by_hand / ranked.usage.usd_per_month.value - 1) > 0.005:
        raise AssertionError(
            f"{ranked.option}: {by_hand:.2f} by hand, {ranked.usage.usd_per_month.value:.2f} decided"
        )


def filled_in(document: str, blocks: dict[str, str]) -> str:
    """`document` with `blocks` in their places."""
    for name, block in blocks.items():
        marks = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        found = re.compile(f"{marks[0]}.*?{marks[1]}", re.DOTALL)
        if not found.search(document):
            raise AssertionError(f"{DOCUMENT}: no place called {name}")
        document = found.sub(lambda _, made=f"{marks[0]}\n{block}\n{marks[1]}": made, document)
    return document


def main() -> None:
    DOCUMENT.write_text(filled_in(DOCUMENT.read_text(encoding="utf-8"), example()), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT}\n")


if __name__ == "__main__":
    main()
