"""Before a run that costs: what will run, what answers there, what it will cost, and what stops it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...backends.printable import printable
from ...engine.plan import BackendPlan, RunPlan
from ...engine.workloads.mix import in_short
from ...sessions.money import price
from ..draw.glyphs import marker
from ..draw.rows import BLANK, Row, Span, fit, fit_row, series
from ..draw.units import clock
from ..load import in_words
from . import figures

_TERM: Final = 13


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at a backend's address, in safe words, and whether it will do."""

    words: str
    fine: bool


def draw_preflight(
    plan: RunPlan, found: Mapping[str, Found], costs: Sequence[str], warnings: Sequence[str], width: int
) -> list[Row]:
    """The page, as many rows as it takes.

    Args:
        plan: what will run.
        found: by name of a backend; one that is missing is still being asked.
        costs: estimates in words, one line each.
        warnings: what else a person should know.
        width: in cells.
    """
    inner = width - 2
    made = [*_run(plan, inner)]
    for at, backend in enumerate(plan.backends):
        made += [BLANK, *_backend(at, backend, found.get(backend.name), inner)]
    made += [BLANK, figures.heading("cost", "estimated from the first prompts, before anything is sent", inner)]
    made += [row for line in costs or ("nothing is billed",) for row in _told("", line, inner)]
    cap = (
        f"stops before ${plan.budget_usd:.2f} is passed (--budget)"
        if plan.budget_usd is not None
        else "none (--budget)"
    )
    made += _told("cap", cap, inner, "strong" if plan.budget_usd is not None else "")
    if warnings:
        made += [BLANK, figures.heading("mind", "", inner)]
        made += [row for line in warnings for row in _told("", f"! {line}", inner, "warn")]
    return [fit_row((Span(" "), *row), width) for row in made]


def _run(plan: RunPlan, width: int) -> list[Row]:
    source = in_short(plan.workload)
    limits = (
        f"at most {plan.workload.max_tokens:,} tokens an answer" if plan.workload.max_tokens else "",
        f"{plan.workload.prefix} prefixes",
    )
    ends = (
        f"{plan.requests:,} prompts to each" if plan.requests is not None else "",
        clock(round(plan.duration_s * 1e9)) if plan.duration_s is not None else "",
    )
    facts = {
        "prompts": ", ".join(part for part in (source, *limits) if part),
        "load": in_words(plan.arrivals),
        "warm-up": f"{plan.warmup} prompts to each, not measured, but billed" if plan.warmup else "",
        "ends after": " or ".join(part for part in ends if part) or "you stop it, or the cap does",
    }
    rows = [row for term, words in facts.items() if words for row in _told(term, printable(words), width)]
    return [figures.heading("will run", printable(plan.title, 60), width), *rows]


def _backend(at: int, backend: BackendPlan, found: Found | None, width: int) -> list[Row]:
    name: Row = (Span(f"{marker(at)} {printable(backend.name, 60)}", series(at, strong=True)),)
    title = figures.rule(name, (Span(printable(backend.hardware, 40), "dim"),) if backend.hardware else (), width)
    made = [fit_row(title, width)]
    facts = {
        "where": printable(backend.url) or backend.api,
        "model": printable(backend.model) or "the first that the server lists",
        "key": f"{printable(backend.key)}, found" if backend.key else "none is sent",
        "price": price(backend.price, old=False)
        if backend.price
        else "not known: no cost is shown, no budget holds it",
    }
    made += [row for term, words in facts.items() for row in _told(term, words, width)]
    role = "dim" if found is None else "good" if found.fine else "warn"
    return [*made, *_told("found", "asking …" if found is None else found.words, width, role)]


def _told(term: str, words: str, width: int, role: str = "") -> list[Row]:
    return figures.told(Span(fit(term, _TERM), "dim"), (Span(words, role),), width)
