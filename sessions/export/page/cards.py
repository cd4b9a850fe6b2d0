"""The answer, and a card for every backend."""

from collections.abc import Iterator

from ...figures import fine, number, share, usd
from ...summary import Backend, Document
from ..answer import answers, whole
from ..leads import by_ttft
from ..sentence import Figure, Form
from .markup import EMPTY, Html, Teller, element, joined, series_class

_LABELS = {
    "LIVE": "measured on a real endpoint",
    "SIM": "the simulated fleet, not measured hardware",
    "REPLAY": "shown from a recording",
}


def answer(teller: Teller) -> Html:
    """What the reader came for, in a few boxes."""
    boxes = (
        element(
            "div",
            element("h3", each.question),
            element("p", teller.sentence(each.short), class_="who"),
            element("p", teller.sentence(each.long)),
            class_="box",
        )
        for each in answers(teller.summary)
    )
    return element("div", *boxes, class_="answers")


def badge(label: str) -> Html:
    """LIVE, SIM or REPLAY, and what that means."""
    return element("abbr", label, class_=f"badge {label.lower()}", title=_LABELS[label])


def cards(teller: Teller) -> Html:
    """Every backend."""
    return element("div", *(_card(teller, place) for place in range(len(teller.summary.backends))), class_="cards")


def _card(teller: Teller, place: int) -> Html:
    backend = teller.summary.backends[place]
    about = estimated(backend)
    made_of = " · ".join(dict.fromkeys(part for part in (backend.hardware, backend.engine, backend.model) if part))
    return element(
        "article",
        element("header", element("h3", teller.name(place)), badge(backend.label)),
        element("p", made_of or "–", class_="made-of"),
        element(
            "p",
            element("span", about, _figure(teller, place, "tok_s", number), class_="big"),
            " output tokens/s",
        ),
        element("dl", *(_pair(*pair) for pair in _pairs(teller, place, backend))),
        _troubles(teller, place, backend),
        class_=f"card {series_class(place)}",
    )


def _pairs(teller: Teller, place: int, backend: Backend) -> Iterator[tuple[str, Html]]:
    """What it is and how much, for all that is known."""

    def two(field: str, unit: str) -> Html:
        first, second = (
            _figure(teller, place, f"{field}.{p}", number, "too few answers for this percentile")
            for p in ("p50", "p95")
        )
        return joined([element("span", "p50 ", first), element("span", " p95 ", second, f" {unit}")])

    about = estimated(backend)
    yield "first token", two(by_ttft(teller.summary), "ms")
    yield "per token", two("tpot_ms", "ms")
    if backend.cost.usd_per_m_output is not None:
        yield "cost", element("span", about, _figure(teller, place, "cost.usd_per_m_output", usd), " /M output")
    if backend.cost.spent_usd is not None:
        yield "spent", element("span", about, _figure(teller, place, "cost.spent_usd", usd))
    if backend.energy.j_per_output_token is not None:
        joules = _figure(teller, place, "energy.j_per_output_token", fine)
        source = backend.energy.source + ("" if backend.energy.measured else ", not measured")
        source = "modelled" if backend.energy.source == "modelled" else source
        yield "energy", element("span", about, joules, f" J/token ({source})")
    if backend.slo.attainment is not None:
        within = EMPTY
        if backend.slo.low is not None and backend.slo.high is not None:
            ends = (_figure(teller, place, f"slo.{end}", share) for end in ("low", "high"))
            within = element("span", " (", next(ends), "–", next(ends), ")", class_="dim")
        yield "SLO met", element("span", _figure(teller, place, "slo.attainment", share), within)
    answered = _figure(teller, place, "requests.finished", whole)
    failed = _figure(teller, place, "requests.failed", whole)
    how = "bad" if backend.requests.failed else None
    yield "requests", element("span", answered, " ok, ", element("span", failed, " failed", class_=how))


def _troubles(teller: Teller, place: int, backend: Backend) -> Html:
    requests = backend.requests
    if not requests.finished and requests.failed:
        return element("p", "No request was answered.", class_="bad")
    if requests.not_sent:
        return element("p", _figure(teller, place, "requests.not_sent", whole), " never sent", class_="bad")
    return EMPTY


def estimated(backend: Backend) -> str:
    """The sign before what rests on estimated tokens."""
    return "≈" if backend.tokens.source == "≈" else ""


def _figure(teller: Teller, place: int, path: str, form: Form, why_none: str = "not known") -> Html:
    return teller.figure(Figure(f"backends.{place}.{path}", form), why_none)


def _pair(term: str, said: Html) -> Html:
    return joined([element("dt", term), element("dd", said)])


def simulated(summary: Document) -> Html:
    """A word at the top where something on the page was not measured on hardware."""
    sim = [backend.name for backend in summary.backends if backend.label == "SIM"]
    if not sim and not summary.run.virtual:
        return EMPTY
    every = len(sim) == len(summary.backends)
    which = "Every backend here is" if every else f"{', '.join(sim)}: "
    said = f"{which} part of the simulated fleet" if every else f"{which}part of the simulated fleet"
    virtual = ", in virtual time" if summary.run.virtual else ""
    return element("p", element("b", "SIM"), f" {said}{virtual}: a model, not measured hardware.", class_="banner")
