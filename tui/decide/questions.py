"""The questions an enterprise is asked, each with why it matters, and how an answer is written in a demand.

An answer is text, as a person types it; `put` writes it into a demand's TOML document, `said` reads it from there.
What is wrong with it, the demand's own checks say.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ...engine.workloads.builtin import BUILTIN
from ...profiles.demand import SHAPES

Document = dict[str, Any]
"""A demand as TOML tables."""

Kind = Literal["words", "number", "estimate", "list", "hours", "places", "choice", "yes"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        key: of the demand's table that it stands in.
        title: what is asked, in few cells.
        why: why it matters, in one line.
        kind: how the answer is written.
        choices: for a choice.
        usual: of a choice: what is meant where the key is left out.
        hint: what may be written.
    """

    key: str
    title: str
    why: str
    kind: Kind = "words"
    choices: tuple[str, ...] = ()
    usual: str = ""
    hint: str = ""


_NUMBER: Final = "a number, or nothing"
_ESTIMATE: Final = "50k, or 50k (40k-70k) if not sure"

CLASS_QUESTIONS: Final = (
    Question("name", "called", "Classes of traffic are ranked, and may be sent, apart from each other."),
    Question(
        "workload", "prompts", "Long prompts with short answers load hardware quite otherwise than chat does.",
        "choice", tuple(BUILTIN), "chat",
    ),
    Question(
        "requests_per_day", "requests a day", "Volume decides whether an API by the token or a chip by the hour is "
        "cheaper.", "estimate", hint=_ESTIMATE,
    ),
    Question(
        "shape", "over the day", "Hardware is bought for the busiest hour and idles in the others; hours are UTC.",
        "choice", tuple(SHAPES), "flat",
    ),
    Question(
        "hourly", "hour by hour", "Your own day instead of a typical one: what your logs say is better than a guess.",
        "hours", hint="24 numbers for 0-23 h UTC, or nothing",
    ),
    Question("weekend", "weekend day", "A quiet weekend is idle hardware, too.", "number",
             hint="share of a weekday: 0.4", usual="1"),
    Question(
        "peak_factor", "busiest minutes", "Within an hour load comes in waves; limits must hold on the crest.",
        "estimate", hint="times the hour's mean: 1.5", usual="1",
    ),
    Question(
        "prompt_cv", "prompt lengths vary", "The more lengths vary, the more short requests wait behind long ones.",
        "number", hint="coefficient of variation, or nothing",
    ),
    Question("max_tokens", "answers cut at", "Output tokens cost most; a cap is a lever of its own.", "number",
             hint="tokens, or nothing"),
    Question("ttft_ms", "first token ms", "What a person feels first; the tighter, the fewer requests a chip takes.",
             "number", hint=_NUMBER),
    Question("tpot_ms", "each token ms", "The pace of reading: about 100 ms a token is fast enough for people.",
             "number", hint=_NUMBER),
    Question("e2e_ms", "whole answer ms", "For programs that wait for all of it.", "number", hint=_NUMBER),
    Question("quantile", "held for", "The share of requests that keeps the limits; 0.99 costs more than 0.95.",
             "number", hint="0.95", usual="0.95"),
    Question(
        "models", "models", "If any will do, cheaper ones may; if one is fixed, fewer options are left.",
        "list", hint="preferred first, commas; nothing: any",
    ),
    Question("deferrable", "may wait", "Work that may wait fills hours that are paid for anyway.", "yes",
             usual="no"),
    Question("regions", "comes from", "Where people are decides where replicas are needed.", "places",
             hint="eu 0.6, us 0.4; nothing: one place"),
)  # fmt: skip

CONSTRAINT_QUESTIONS: Final = (
    Question("split_by_class", "split by class", "Sending each class where it is cheapest needs a router.", "yes",
             usual="yes"),
    Question("divide_classes", "divide a class", "One class at several options: a base load here, peaks there.",
             "yes", usual="yes"),
    Question("lock_in", "vendor lock", "How hard leaving may be: same model from a second source, or open weights.",
             "choice", ("any", "second source", "open weights"), "any"),
    Question("least_vendors", "vendors at least", "Two vendors survive the end, or the price rise, of one.",
             "number", hint="1", usual="1"),
    Question("most_vendors", "vendors at most", "Each vendor is a contract, a bill, an audit.", "number",
             hint=_NUMBER),
    Question("vendors_allowed", "only vendors", "Where purchasing has a list.", "list", hint="commas; nothing: all"),
    Question("vendors_denied", "never vendors", "Where purchasing has another list.", "list",
             hint="commas; nothing: none"),
    Question("regions", "data stays in", "Residency: only options in these regions may see the data.", "list",
             hint="eu, us; nothing: anywhere"),
    Question("serve", "served", "Near is quicker; in region is what residency of each request asks for.", "choice",
             ("anywhere", "near", "in region"), "anywhere"),
    Question("availability", "available", "0.999 is 44 minutes a month; more than one option offers costs a second.",
             "number", hint="0.999, or nothing"),
    Question("survive_loss_of", "survives loss of", "What may fail at the busiest hour while all limits still hold.",
             "choice", ("nothing", "option", "vendor", "region"), "nothing"),
    Question("spare_replicas", "spare replicas", "For repairs and releases, at each place.", "number", hint="0",
             usual="0"),
    Question("most_usd_per_month", "$ a month at most", "Said outright, so that it can be told which wish breaks it.",
             "number", hint=_NUMBER),
)  # fmt: skip

_SUFFIX: Final = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_AMOUNT: Final = re.compile(r"([0-9][0-9_,]*\.?[0-9]*(?:e[0-9]+)?|\.[0-9]+)\s*([kmg]?)", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"(.+?)\s*\(\s*(.+?)\s*(?:-|–|\.\.|to)\s*(.+?)\s*\)")


class AnswerError(ValueError):
    """An answer that cannot be read; the text says what would be right."""


def number(text: str) -> int | float:
    """The number in `50k`, `1.5`, `2,000,000`; raises AnswerError."""
    found = _AMOUNT.fullmatch(text.strip())
    if not found:
        raise AnswerError("write a number: 400, 50k, 2.5M")
    value = float(found[1].replace(",", "").replace("_", "")) * _SUFFIX[found[2].lower()]
    return int(value) if value == int(value) else value


def put(document: Document, question: Question, text: str) -> None:
    """Write the answer `text` into the table `document`; an empty one is left out. Raises AnswerError."""
    text = text.strip()
    document.pop(question.key, None)
    if text and text != question.usual:
        document[question.key] = _WRITTEN[question.kind](text)


def said(document: Mapping[str, Any], question: Question) -> str:
    """The answer in `document`, as a person would type it."""
    value = document.get(question.key)
    return question.usual if value is None else _READ[question.kind](value)


def _estimate(text: str) -> Any:
    found = _BETWEEN.fullmatch(text)
    if not found:
        return number(text)
    return {"value": number(found[1]), "low": number(found[2]), "high": number(found[3])}


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _hours(text: str) -> list[int | float]:
    return [number(word) for word in re.split(r"[,\s]+", text) if word]


def _places(text: str) -> dict[str, int | float]:
    made: dict[str, int | float] = {}
    for word in _list(text):
        place, _, share = word.rpartition(" ")
        if not place:
            raise AnswerError("write each place with its share: eu 0.6, us 0.4")
        made[place.strip()] = number(share)
    return made


def _yes(text: str) -> bool:
    return text == "yes"


_WRITTEN: Final[dict[Kind, Callable[[str], Any]]] = {
    "words": str,
    "choice": str,
    "number": number,
    "estimate": _estimate,
    "list": _list,
    "hours": _hours,
    "places": _places,
    "yes": _yes,
}


def figure(value: float) -> str:
    """A number as it is typed, thousands apart."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _said_estimate(value: Any) -> str:
    if not isinstance(value, dict):
        return figure(value)
    middle, low, high = (figure(value[key]) for key in ("value", "low", "high"))
    return middle if low == middle == high else f"{middle} ({low}-{high})"


_READ: Final[dict[Kind, Callable[[Any], str]]] = {
    "words": str,
    "choice": str,
    "number": figure,
    "estimate": _said_estimate,
    "list": ", ".join,
    "hours": lambda value: " ".join(map(figure, value)),
    "places": lambda value: ", ".join(f"{place} {figure(share)}" for place, share in value.items()),
    "yes": lambda value: "yes" if value else "no",
}
