"""The answers a reader comes for: who answers first, who writes fastest, who makes most, who is cheapest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...backends.printable import printable
from ..figures import number, times, usd
from ..summary import Comparison, Document
from .leads import Claim, Lead, by_ttft, cheapest, fastest, lead
from .sentence import Figure, Name, Sentence

_BASES: Final = {"api": "list price per token", "rented": "rented by the hour", "owned": "owned"}

_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One of them.

    Attributes:
        question: in words.
        short: who, or why nobody.
        long: by how much, and how sure that is.
    """

    question: str
    short: Sentence
    long: Sentence

    @property
    def said(self) -> Sentence:
        """Both in one."""
        return (*self.short, ". ", *self.long)


def answers(summary: Document) -> Sequence[Answer]:
    """What can be said, the most asked for first."""
    ttft = by_ttft(summary)
    found = [
        _latency(summary, "Who answers first?", lead(summary, "ttft_sched"), f"{ttft}.p95", "time to first token"),
        _latency(summary, "Who writes fastest?", lead(summary, "tpot"), "tpot_ms.p95", "time per output token"),
        _throughput(summary),
        _cost(summary),
    ]
    return [each for each in found if each is not None]


def _latency(summary: Document, question: str, how: Lead, p95: str, called: str) -> Answer:
    if how.state == "won" and how.claim:
        return Answer(question, (_name(summary, how.claim.lower),), _won(summary, how.claim, p95, called))
    if how.state == "shared" and len(how.leaders) <= _MOST_NAMED:
        return Answer(question, _listed(summary, how.leaders), _shared(summary, how, p95, called))
    short, long = _nobody(summary, how, called)
    return Answer(question, short, long)


def _nobody(summary: Document, how: Lead, called: str) -> tuple[Sentence, Sentence]:
    """Why nobody is named, or hardly anybody."""
    claim = how.claim
    match how.state:
        case "shared":
            several = f"{len(how.leaders)} backends share the lead"
            return (several,), (f"No difference in {called} between them is proved so far.",)
        case "early" if claim:
            counts = (Figure(f"{claim.path}.n", whole), " of ", Figure(f"{claim.path}.needed", whole))
            return ("Too early to say",), (*counts, " answers that it takes have come so far.")
        case "withheld" if claim:
            return ("Withheld",), (f"No verdict: {printable(claim.made.reason)}.",)
        case "alone":
            name = _name(summary, how.leaders[0])
            return (name,), ("It alone has answers: there is nothing to compare it with.",)
        case _:
            return ("Nothing measured",), (f"No backend has a {called} yet.",)


def _won(summary: Document, claim: Claim, p95: str, called: str) -> Sentence:
    """By how much it is ahead of the closest of those it is proved lower than."""
    value = Figure(f"backends.{_place(summary, claim.lower)}.{p95}", number)
    ratio, low, high, n = (
        Figure(f"{claim.path}.{field}", form)
        for field, form in (("ratio", times), ("low", times), ("high", times), ("n", whole))
    )
    sure: Sentence = ("at least ", low) if claim.made.high is None else (low, "–", high)
    behind = _name(summary, claim.higher)
    if isinstance(claim.made, Comparison):
        lower: Sentence = (f"Its p95 {called}, ", value, " ms, is ", ratio, "× lower than that of ", behind)
    else:
        lower = (f"On the same prompts its mean {called} is ", ratio, "× lower than that of ", behind)
    last: Sentence = (".",) if isinstance(claim.made, Comparison) else (". Its p95 is ", value, " ms.")
    return (*lower, ", the closest proved behind it (95 % sure: ", *sure, "×, n ", n, ")", *last)


def _shared(summary: Document, how: Lead, p95: str, called: str) -> Sentence:
    values: list[str | Figure | Name] = []
    for name in how.leaders:
        place = _place(summary, name)
        values += ["; " if values else "", Name(place), " ", Figure(f"backends.{place}.{p95}", number), " ms"]
    return (f"None of them is proved slower than another. p95 {called}: ", *values, ".")


def _throughput(summary: Document) -> Answer | None:
    place = fastest(summary)
    if place is None:
        return None
    load = "every backend was offered the same requests a second, so this is not its limit"
    if summary.run.arrivals.kind == "closed":
        load = "with the same number of requests in flight at every backend"
    about = "≈" if summary.backends[place].tokens.source == "≈" else ""
    return Answer(
        "Who makes most tokens?",
        (Name(place),),
        (about, Figure(f"backends.{place}.tok_s", number), f" output tokens a second, {load}."),
    )


def _cost(summary: Document) -> Answer | None:
    place = cheapest(summary)
    if place is None:
        return None
    cost = summary.backends[place].cost
    basis = _BASES.get(cost.basis or "", "")
    dated = f"{basis}, price of {cost.price_as_of}" if cost.price_as_of else f"{basis}, undated price"
    about = "≈" if summary.backends[place].tokens.source == "≈" else ""
    return Answer(
        "Who is cheapest?",
        (Name(place),),
        (about, Figure(f"backends.{place}.cost.usd_per_m_output", usd), " per million output tokens ",
         f"at this load ({printable(dated)})."),
    )  # fmt: skip


def whole(value: float) -> str:
    """A count."""
    return f"{value:,.0f}"


def _listed(summary: Document, names: Sequence[str]) -> Sentence:
    made: list[str | Figure | Name] = []
    for at, name in enumerate(names):
        made += [" or " if at == len(names) - 1 and at else ", " if at else "", _name(summary, name)]
    return tuple(made)


def _name(summary: Document, name: str) -> Name:
    return Name(_place(summary, name))


def _place(summary: Document, name: str) -> int:
    return next(place for place, backend in enumerate(summary.backends) if backend.name == name)
