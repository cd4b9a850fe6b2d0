"""What if this backend were another: its knobs, and what the fleet's model says of it before it is so."""

from collections.abc import Sequence
from typing import Final

from ...backends.fleet.model import USUAL_CONTEXT_TOKENS
from ...backends.printable import printable
from ..draw.rows import Row, Span, fit, fit_row, row_width
from ..draw.units import count, joules, rate, usd
from ..whatif import Draft, Effect, effect, knobs
from . import figures

_TERM: Final = 20
_VALUE: Final = 9
_COLUMN: Final = 14


def draw_what_if(now: Draft, then: Draft, at: int, width: int) -> list[Row]:
    """The page, as many rows as it takes.

    Args:
        now: the backend as it is.
        then: as it could be.
        at: number of the knob pointed at.
        width: in cells.
    """
    words = "SIM, changed as you say it" if now.base else "a real server: only its price"
    made = [figures.heading(f"what if  {printable(now.backend, 40)}", words, width)]
    pairs = zip(knobs(now), knobs(then), strict=False)  # a first price has the same knobs as none
    for number, (before, after) in enumerate(pairs):
        made += _knob(after.title, before.value, after.value, after.steps, after.at, width, pointed=number == at)
    return [*made, *_effects(now, then, width)] if now.base else made


def knob_row(at: int) -> int:
    """On which row of the page knob number `at` stands."""
    return 1 + at


def _knob(
    title: str, before: str, value: str, steps: Sequence[str], at: int | None, width: int, *, pointed: bool
) -> list[Row]:
    changed = f" was {before}" if value != before else ""
    left: Row = (
        Span("▸ " if pointed else "  ", "key"),
        Span(fit(title, _TERM - 2), "strong" if pointed else "dim"),
        Span(fit(value, _VALUE), "warn" if changed else "strong"),
    )
    room = max(width - row_width(left) - len(changed) - 2, 0)
    choices = _choices(steps or ("by a quarter",), at, room)
    return [fit_row((*left, *choices, Span(f" {changed}" if changed else "", "warn")), width)]


def _choices(steps: Sequence[str], at: int | None, room: int) -> Row:
    """What it can be, as many of the steps around number `at` as have room."""
    first, last = 0, len(steps)
    while sum(len(step) + 1 for step in steps[first:last]) > room and first < last:
        middle = at or 0
        if last - 1 - middle > middle - first:
            last -= 1
        else:
            first += 1
    spans = [Span(f"{step} ", "key" if number == at else "dim") for number, step in enumerate(steps)][first:last]
    return tuple(spans)


def _effects(now: Draft, then: Draft, width: int) -> list[Row]:
    before, after = effect(now), effect(then)
    title = "what the model says"
    if isinstance(after, str):
        no = Span(fit("does not fit", _TERM), "bad")
        return [figures.heading(title, "", width), *figures.told(no, (Span(printable(after), "warn"),), width)]
    assert isinstance(before, Effect), "what serves fits"
    known = f"it fits; {after.provenance}"
    context = Span(f"at {USUAL_CONTEXT_TOKENS:,} tokens each", "dim")
    heads = (context, *(Span(fit(head, _COLUMN, "right"), "dim") for head in ("now", "then")))
    made = [figures.heading(title, known, width), heads]
    for (term, was), (_, becomes) in zip(_said(before), _said(after), strict=True):
        role = "strong" if was != becomes else ""
        cells = (Span(fit(was, _COLUMN, "right"), "dim"), Span(fit(becomes, _COLUMN, "right"), role))
        made.append(fit_row((Span(fit(term, _TERM), "dim"), *cells), width))
    return made


def _said(of: Effect) -> list[tuple[str, str]]:
    return [
        ("tok/s, one stream", rate(of.alone_tok_s).strip()),
        ("tok/s when full", rate(of.full_tok_s).strip()),
        ("streams when full", count(of.streams).strip()),
        ("$ an hour", usd(of.usd_per_hour).strip()),
        ("$/M out when full", usd(of.usd_per_m).strip()),
        ("GB needed of bought", f"{of.needed_gb:,.0f} of {of.bought_gb:,.0f}"),
        ("watts when full", joules(of.watts).strip()),
    ]
