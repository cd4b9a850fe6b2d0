"""The answer on a screen: what to do first, then the ranking, what would change it, and the rest of the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...sessions.decide.decision import Decision, Ranked, Ranking, Split
from ...sessions.decide.report.answer import answers, headline, routes
from ...sessions.decide.report.blocks import Section
from ...sessions.decide.report.content import sections, simulated
from ...sessions.decide.report.forms import dollars, name, part, within
from ...sessions.decide.report.text import lines as text_lines
from ...sessions.decide.revisit import Revisit
from ..draw.glyphs import Tier, marker
from ..draw.rows import BLANK, Row, Span, fit, fit_row, series, wrap
from ..panels import figures
from .curve import draw_curve

_BESIDE: Final = 150
"""Columns from which curves stand beside the ranking."""

_CURVE_ROWS: Final = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show.

    Attributes:
        decision: the answer.
        change: against the answer before, if there was one.
        curve: which of the curves.
    """

    decision: Decision
    change: Revisit | None = None
    curve: int = 0


def draw_outcome(of: Shown, width: int, tier: Tier) -> list[Row]:
    """All rows of the page, as many as it takes."""
    inner = width - 2
    decision = of.decision
    places = {option.name: at for at, option in enumerate(decision.demand.options)}
    if inner < _BESIDE:
        rest = [row for each in _others(decision) for row in (BLANK, *_section(each, inner))]
        made = [*_top(of, places, inner), *_curve(of, places, inner, tier), *rest]
    else:
        right = inner * 45 // 100
        left = inner - right - 3
        a, b = _top(of, places, left), _curve(of, places, right, tier)[1:]
        for section in _others(decision):  # each under the shorter of both
            if len(a) < len(b):
                a += [BLANK, *_section(section, left)]
            else:
                b += [BLANK, *_section(section, right)]
        made = [
            (
                *fit_row(a[at] if at < len(a) else BLANK, left),
                Span("   "),
                *fit_row(b[at] if at < len(b) else BLANK, right),
            )
            for at in range(max(len(a), len(b)))
        ]
    return [fit_row((Span(" "), *row), width) for row in made]


def _top(of: Shown, places: Mapping[str, int], width: int) -> list[Row]:
    """The answer, what goes where, and the ranking of every class."""
    decision = of.decision
    made: list[Row] = [figures.heading("the answer", "", width)]
    made += wrap((Span(headline(decision), "strong"),), width)
    if of.change is not None:
        made += wrap((Span("Since the answer before: ", "dim"), Span(of.change.words)), width)
        made += [
            row for each in of.change.moved for row in figures.told(Span("  · ", "dim"), (Span(each.words),), width)
        ]
    if simulated(decision):
        made += figures.told(Span("SIM  ", "sim"), (Span(simulated(decision).removeprefix("SIM. "), "dim"),), width)
    made += [row for line in answers(decision) for row in figures.told(Span("· ", "dim"), (Span(line),), width)]
    if decision.split is not None:
        made += [BLANK, *_split(decision.split, places, width)]
    return [*made, *(row for each in decision.rankings for row in (BLANK, *_ranking(each, places, width)))]


def _split(split: Split, places: Mapping[str, int], width: int) -> list[Row]:
    """A bar a class, divided among its options."""
    made: list[Row] = [figures.heading("traffic split", f"{within(split.usd_per_month)} a month", width)]
    room = max(width - 18, 10)
    for class_name, ways in routes(split).items():
        bar: list[Span] = []
        names: list[Span] = []
        left = room
        for at, (option, share) in enumerate(ways):
            place = places.get(option, 0)
            cells = left if at == len(ways) - 1 else min(max(round(share * room), 1), left)
            left -= cells
            bar.append(Span("█" * cells if place % 2 == 0 else "▓" * cells, series(place)))
            names.append(Span(f"{marker(place)} {name(option)} {part(share)}  ", series(place, strong=True)))
        made.append((Span(fit(name(class_name), 17) + " "), *bar))
        made.append(fit_row((Span(" " * 18), *names), width))
    waiting = dict.fromkeys(site.option for site in split.sites if site.stands_by)
    if waiting:
        made.append((Span(fit("standing by", 18), "dim"), Span(", ".join(map(name, waiting)))))
    return made


_COLUMNS: Final = (("$ a month", 11), ("between", 19), ("$/M out", 9), ("if full", 9), ("used", 6), ("best in", 8))
_FEWER: Final = (0, 2, 4, 5)
_FEWEST: Final = (0, 4)


def _ranking(of: Ranking, places: Mapping[str, int], width: int) -> list[Row]:
    """Every option if it alone served the class; those that cannot, with the reason."""
    verdict = {"clear": "good", "too close to call": "warn", "none": "bad"}[of.verdict]
    words = f"if one option served it all: {of.verdict}"
    made: list[Row] = [figures.heading(f"ranking for {name(of.class_name)}", words, width)]
    chosen = range(len(_COLUMNS)) if width >= 84 else _FEWER if width >= 60 else _FEWEST
    room = min(max(width - 3 - sum(_COLUMNS[at][1] for at in chosen), 12), 34)
    heads = "".join(fit(_COLUMNS[at][0], _COLUMNS[at][1], "right") for at in chosen)
    if any(each.usage for each in of.options):
        made.append((Span(" " * (3 + room)), Span(heads, "dim")))
    for each in of.options:
        place = places.get(each.option, 0)
        who = Span(fit(f"{marker(place)} {name(each.option)}", room), series(place, strong=each.rank == 1))
        rank = Span(fit(f"{each.rank}" if each.rank else "–", 2, "right") + " ", "dim")
        if each.usage is None:
            why = Span(f" {'; '.join(each.excluded_because)}", "warn")
            made += figures.told(Span("   "), (Span(f"{marker(place)} {name(each.option)}:", "weak"), why), width)
            continue
        cells = _cells(each)
        figures_of = "".join(fit(cells[at], _COLUMNS[at][1], "right") for at in chosen)
        made.append((rank, who, Span(figures_of, "strong" if each.rank == 1 else "")))
    made += wrap((Span(of.why, verdict),), width)
    for each in of.options:
        if each.rank == 1 and each.reasons:
            made += figures.told(Span("· ", "dim"), (Span("; ".join(each.reasons), "dim"),), width)
    return made


def _cells(of: Ranked) -> tuple[str, ...]:
    usage = of.usage
    assert usage is not None  # those without are told apart
    money = usage.usd_per_month
    between = "" if money.low == money.high else f"{dollars(money.low)}–{dollars(money.high).lstrip('$')}"
    full = "–" if usage.usd_per_m_output_full is None else dollars(usage.usd_per_m_output_full)
    used = "API" if usage.utilisation is None else part(usage.utilisation)
    return (dollars(money.value), between, dollars(usage.usd_per_m_output.value), full, used, part(of.wins))


def _curve(of: Shown, places: Mapping[str, int], width: int, tier: Tier) -> list[Row]:
    every = of.decision.sensitivities
    if not every:
        return []
    at = of.curve % len(every)
    title = figures.heading("what would change it", f"{at + 1} of {len(every)}, tab shows the next", width)
    return [BLANK, title, *draw_curve(every[at], places, width, _CURVE_ROWS, tier)]


def _others(decision: Decision) -> list[Section]:
    """The sections of the report that are not drawn here otherwise."""
    drawn = {"The answer", "What would change the answer"}
    return [
        each for each in sections(decision) if each.title not in drawn and not each.title.startswith("Ranking for ")
    ]


def _section(of: Section, width: int) -> list[Row]:
    _, *rest = text_lines((of,), width)
    while rest and not rest[-1]:
        rest.pop()
    return [
        figures.heading(of.title.lower(), "", width),
        *(fit_row((Span(line),), width) if line else BLANK for line in rest),
    ]
