"""A saved decision looked at again: what went in then and now, and whether the choice still stands."""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from ...engine.cost import ApiPrice, Price, usd_per_hour
from ...engine.sweep.estimate import Estimate
from ...profiles.demand import Demand
from ..figures import number
from .decision import Decision, Split
from .making import Request, Tell, make
from .report.answer import routes
from .report.forms import listed, name, part, within

SCHEMA: Final = "infertop.revisit/1"
_SAME: Final = 0.005
"""Relative change, or change of a share, that counts as none."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was.

    Attributes:
        kind: what it is.
        whose: option, or class and option.
        before, after: figures where there are some: $ an hour, requests a second, a share, USD a month.
        words: all of it.
    """

    kind: Literal["price", "capacity", "share", "demand"]
    whose: str
    before: float | None
    after: float | None
    words: str


class Revisit(msgspec.Struct, frozen=True, kw_only=True):
    """What changed.

    Attributes:
        before_day, after_day: YYYY-MM-DD.
        state: "stands": every class goes where it went; "shares moved": to the same options in other shares;
            "changed": elsewhere; "impossible": there was an answer, now there is none; "possible": the reverse.
        words: that in a sentence, with the money.
        moved: what differs, in the order in which it matters.
        usd_before, usd_after: a month; None where there was, or is, no answer.
        usd_staying: of the options chosen then, at today's prices and figures, shares chosen anew; None where they
            no longer do.
        after: the decision of today.
    """

    schema: str = SCHEMA
    before_day: str
    after_day: str
    state: Literal["stands", "shares moved", "changed", "impossible", "possible"]
    words: str
    moved: tuple[Moved, ...]
    usd_before: Estimate | None
    usd_after: Estimate | None
    usd_staying: Estimate | None = None
    after: Decision


def to_json(made: Revisit) -> bytes:
    """The document."""
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def again(before: Decision, request: Request, tell: Tell = lambda _: None) -> Revisit:
    """`before` decided again as of `request`, which asks for the same demand, and compared.

    What was known of capacities stays, but for what the request's sessions and sweeps measured. Raises MakingError.
    """
    replace = msgspec.structs.replace
    known = replace(request, known=before.capacities)
    after = make(known, tell)
    staying = None
    if before.split is not None and _state(before.split, after.split) == "changed":
        tell("what staying with the options of then would cost")
        kept = replace(known, demand=staying_with(before.demand, before.split), known=after.capacities)
        staying = make(replace(kept, sessions=(), sweeps=())).split
    return compared(before, after, staying)


def staying_with(demand: Demand, split: Split) -> Demand:
    """`demand` with no other options than `split` uses."""
    used = {site.option for site in split.sites}
    return msgspec.structs.replace(demand, options=tuple(each for each in demand.options if each.name in used))


def compared(before: Decision, after: Decision, staying: Split | None = None) -> Revisit:
    """What changed from `before` to `after`; `staying` is the split that keeps the options of then, today."""
    state = _state(before.split, after.split)
    moved = (*_prices(before, after), *_capacities(before, after), *_shares(before.split, after.split))
    if before.demand != after.demand:
        moved = (Moved(kind="demand", whose="", before=None, after=None, words="what is asked has changed"), *moved)
    usd = {"before": before.split, "after": after.split, "staying": staying}
    amounts = {key: split.usd_per_month if split else None for key, split in usd.items()}
    return Revisit(
        before_day=before.today,
        after_day=after.today,
        state=state,
        words=_words(state, amounts["before"], amounts["after"], amounts["staying"]),
        moved=moved,
        usd_before=amounts["before"],
        usd_after=amounts["after"],
        usd_staying=amounts["staying"],
        after=after,
    )


def _state(
    before: Split | None, after: Split | None
) -> Literal["stands", "shares moved", "changed", "impossible", "possible"]:
    if before is None or after is None:
        return "stands" if before is after else "impossible" if after is None else "possible"
    then, now = routes(before), routes(after)
    if {of: {option for option, _ in ways} for of, ways in then.items()} != {
        of: {option for option, _ in ways} for of, ways in now.items()
    }:
        return "changed"
    same = all(abs(share - dict(now[of])[option]) < _SAME for of, ways in then.items() for option, share in ways)
    return "stands" if same else "shares moved"


def _words(state: str, before: Estimate | None, after: Estimate | None, staying: Estimate | None) -> str:
    said = {
        "stands": "The choice stands",
        "shares moved": "The same options, in other shares",
        "changed": "The choice has changed",
        "impossible": "There is no answer any more",
        "possible": "There is an answer now",
    }[state]
    if before is None and after is None:
        return "There is still no answer."
    if before is not None and after is not None:
        more = after.value - before.value
        ratio = f" ({more / before.value:+.1%})".replace("%", " %") if before.value else ""
        said += f": {within(after)} a month, it was {within(before)}{ratio}"
        if state == "changed" and staying is not None:
            said += f"; staying with the options of then would be {within(staying)}"
        elif state == "changed":
            said += "; the options of then no longer do"
    elif after is not None:
        said += f": {within(after)} a month"
    return f"{said}."


def _prices(before: Decision, after: Decision) -> Iterator[Moved]:
    then = {each.option: each for each in before.prices}
    for now in after.prices:
        was = then.get(now.option)
        if was is None:
            yield Moved(kind="price", whose=now.option, before=None, after=None, words=f"{name(now.option)} is new")
        elif _figures(was.price) != _figures(now.price):
            a, b = usd_per_hour(was.price), usd_per_hour(now.price)
            ratio = f" ({b / a - 1:+.1%})".replace("%", " %") if a and b is not None else ""
            words = f"price of {name(now.option)}: {now.words}, it was {was.words}{ratio}"
            yield Moved(kind="price", whose=now.option, before=a, after=b, words=words)
        elif now.old and not was.old:
            words = f"price of {name(now.option)}: as it was, but {now.age_days} days old by now: check it"
            yield Moved(kind="price", whose=now.option, before=None, after=None, words=words)
    for gone in then.keys() - {each.option for each in after.prices}:
        yield Moved(kind="price", whose=gone, before=None, after=None, words=f"{name(gone)} is no longer an option")


def _figures(price: Price) -> tuple[float | str | None, ...]:
    """What is paid, without who says so and since when."""
    if isinstance(price, ApiPrice):
        return (price.usd_per_m_input, price.usd_per_m_output, price.usd_per_m_cached, price.usd_per_m_cache_write)
    return (usd_per_hour(price),)


def _capacities(before: Decision, after: Decision) -> Iterator[Moved]:
    then = {(each.option, each.class_name): each for each in before.capacities}
    for now in after.capacities:
        was = then.get((now.option, now.class_name))
        if was is None:
            continue
        a, b = was.requests_per_s, now.requests_per_s
        whose = f"{name(now.option)}, {name(now.class_name)}"
        if was.kept != now.kept:
            said = "keeps its limits now" if now.kept else f"no longer keeps its limits ({name(now.binding)})"
            yield Moved(kind="capacity", whose=whose, before=a.value, after=b.value, words=f"{whose}: {said}")
        elif abs(b.value - a.value) > _SAME * max(a.value, b.value):
            ratio = f" ({b.value / a.value - 1:+.1%})".replace("%", " %") if a.value else ""
            words = (
                f"{whose}: {within(b, number)} requests/s a replica, it was {within(a, number)}{ratio}; {now.source}"
            )
            yield Moved(kind="capacity", whose=whose, before=a.value, after=b.value, words=words)


def _shares(before: Split | None, after: Split | None) -> Iterator[Moved]:
    then, now = (routes(split) if split else {} for split in (before, after))
    for of in dict.fromkeys((*then, *now)):
        a, b = dict(then.get(of, ())), dict(now.get(of, ()))
        if all(abs(a.get(each, 0.0) - b.get(each, 0.0)) < _SAME for each in {*a, *b}):
            continue
        was = listed(f"{part(share)} {name(option)}" for option, share in a.items()) or "nowhere"
        goes = listed(f"{part(share)} {name(option)}" for option, share in b.items()) or "nowhere"
        yield Moved(kind="share", whose=of, before=None, after=None, words=f"{name(of)}: {goes}, it was {was}")
