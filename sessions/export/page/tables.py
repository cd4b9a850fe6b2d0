"""Cost, verdicts and errors as tables."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from ....backends.printable import printable
from ....engine.frame import Frame
from ...figures import number, times, usd
from ...money import prices
from ...summary import Backend, Latency
from ..answer import whole
from ..sentence import Figure, Form
from .cards import estimated
from .markup import EMPTY, Html, Teller, element, joined, series_class, void
from .plot import percent

JUDGED = {
    "ttft_sched": "Time to first token",
    "tpot": "Time per output token",
    "e2e_sched": "Whole answer",
}
"""Metrics with verdicts, as headings."""


def table(head: Sequence[str | Html], rows: Sequence[Sequence[Html]], class_: str = "") -> Html:
    """A table whose first cells are headings of their rows; it scrolls by itself where it is too wide."""
    top = element("tr", *(element("th", each, scope="col") for each in head))
    body = (
        element("tr", element("th", first, scope="row"), *(element("td", each) for each in rest))
        for first, *rest in rows
    )
    return _scrolling(element("table", element("thead", top), element("tbody", *body), class_=class_ or None))


def _scrolling(made: Html) -> Html:
    return element("div", made, class_="wide", tabindex=0)


def costs(teller: Teller, frame: Frame) -> Html | None:
    """What each backend cost, by every denominator that there are figures for, and where its price is from."""
    backends = teller.summary.backends
    most = max((each.cost.usd_per_m_output or 0.0 for each in backends), default=0.0)
    columns = {
        "usd_per_m_output": "$/M output, at this load",
        "usd_per_m_output_utilised": "at stated utilisation",
        "usd_per_m_total": "$/M input + output",
        "usd_per_m_good": "$/M that met the SLO",
        "usd_per_hour": "$/hour",
        "spent_usd": "spent",
        "at_risk_usd": "may still be billed",
    }
    shown = [field for field in columns if any(getattr(each.cost, field) for each in backends if each.cost.basis)]
    rows = []
    for place, (backend, counted) in enumerate(zip(backends, frame.backends, strict=True)):
        if counted.price is None:
            continue
        cells = []
        for field in shown:
            amount = teller.figure(Figure(f"backends.{place}.cost.{field}", usd))
            bar = _bar(backend.cost.usd_per_m_output, most, place) if field == "usd_per_m_output" else EMPTY
            sign = estimated(backend) if field != "usd_per_hour" else ""
            cells.append(element("span", sign, amount, bar, class_="amount"))
        where = element("span", prices(counted), class_="warn" if counted.price_old else None)
        rows.append([teller.name(place), *cells, where])
    if not rows:
        return None
    return table(["backend", *(columns[field] for field in shown), "price"], rows, "figures costs")


def _bar(value: float | None, most: float, place: int) -> Html:
    if not value or not most:
        return EMPTY
    bar = void("rect", class_=f"bars {series_class(place)}", width=percent(value / most), height=5)
    return element("svg", bar, class_="plot", width="100%", height=5, aria_hidden="true")


def matrix(teller: Teller, metric: str) -> Html | None:
    """Every backend against every other by one metric; None with fewer than two."""
    summary = teller.summary
    found = {(each.a, each.b): place for place, each in enumerate(summary.verdicts) if each.metric == metric}
    names = [backend.name for backend in summary.backends if any(backend.name in pair for pair in found)]
    if len(names) < 2:
        return None
    places = {backend.name: place for place, backend in enumerate(summary.backends)}
    lines = [line for row in names for line in _against(teller, places[row], row, names, found)]
    head = ["", "", *(teller.name(places[name]) for name in names)]
    top = element("tr", *(element("th", each, scope="col") for each in head))
    return _scrolling(element("table", element("thead", top), element("tbody", *lines), class_="matrix"))


def _against(
    teller: Teller, place: int, row: str, names: Sequence[str], found: dict[tuple[str, str], int]
) -> Iterator[Html]:
    """Two rows: one backend against the others by p95, and by the mean on the same prompts."""
    heading = element("th", teller.name(place), scope="row", rowspan=2)
    for by in ("p95", "mean"):
        cells = []
        for column in names:
            at = found.get((row, column), found.get((column, row)))
            cells.append(element("td", "" if at is None else _claim(teller, at, row, by == "mean")))
        yield element("tr", heading, element("td", by, class_="by"), *cells, class_=by)
        heading = EMPTY


def _claim(teller: Teller, at: int, row: str, mean: bool) -> Html:
    """Who is lower and by how much, "▼ 2.4× (2.1–2.6)", as seen from the row."""
    verdict = teller.summary.verdicts[at]
    path, made = (f"verdicts.{at}.paired", verdict.paired) if mean else (f"verdicts.{at}", verdict)

    def figure(field: str, form: Form) -> Html:
        return teller.figure(Figure(f"{path}.{field}", form))

    title = f"{made.verdict}, n {made.n:,}"
    match made.verdict:
        case "tie":
            return element("span", "= tie so far", class_="open", title=title)
        case "too early":
            return element("span", "… ", figure("n", whole), "/", figure("needed", whole), class_="open", title=title)
        case "withheld":
            return element("span", "– withheld", class_="open", title=made.reason)
    lower = (made.verdict == "a lower") == (row == verdict.a)
    ends = [figure("low", times)] if made.high is None else [figure("low", times), figure("high", times)]
    least = "at least " if made.high is None else ""
    return element(
        "span", "▼ " if lower else "▲ ", figure("ratio", times), "×",
        element("small", f" ({least}", joined(ends, "–"), ")"),
        class_="lower" if lower else "higher", title=f"{'lower' if lower else 'higher'}, n {made.n:,}",
    )  # fmt: skip


def errors(teller: Teller) -> Html | None:
    """What failed and what was never sent, by kind; None where all went well."""
    rows = [row for place in range(len(teller.summary.backends)) for row in _errors(teller, place)]
    return table(["backend", "what", "requests", "the last one said"], rows) if rows else None


def _errors(teller: Teller, place: int) -> Iterator[list[Html]]:
    requests = teller.summary.backends[place].requests
    last = element("span", printable(requests.last_error, 300))
    failed = sorted(requests.errors.items(), key=lambda item: -item[1])
    said = [(f"failed: {printable(kind, 60)}", count) for kind, count in failed]
    said += [(f"not sent: {printable(reason, 60)}", count) for reason, count in requests.unsent.items()]
    for at, (what, count) in enumerate(said):
        why = last if at == 0 and failed else EMPTY
        yield [teller.name(place), element("span", what), element("span", f"{count:,}"), why]


_LATENCIES: Final = {
    "connect_ms": "connecting",
    "ttft_ms": "first token, from sending",
    "ttft_sched_ms": "first token, from when it was due",
    "ttfo_ms": "first token that is no reasoning",
    "tpot_ms": "each further token",
    "icl_ms": "between chunks",
    "itl_ms": "between tokens",
    "e2e_ms": "whole answer",
}


def percentiles(teller: Teller) -> Html | None:
    """Every latency of every backend, for those who look for a certain one; None before the first answer."""
    backends = teller.summary.backends
    rows = []
    for field, words in _LATENCIES.items():
        values = [getattr(backend, field) for backend in backends]
        if field in {"ttft_sched_ms", "ttfo_ms"} and values == [_as_ttft(backend, field) for backend in backends]:
            continue
        measured = [place for place, value in enumerate(values) if value]
        for place in measured:
            path = f"backends.{place}.{field}"
            cells = (
                teller.figure(Figure(f"{path}.{name}", whole if name == "n" else number), "too few answers")
                for name in ("n", "mean", "p50", "p90", "p95", "p99", "max")
            )
            rows.append([element("span", words if place == measured[0] else ""), teller.name(place), *cells])
    head = ["ms", "backend", "n", "mean", "p50", "p90", "p95", "p99", "max"]
    return table(head, rows, "figures latencies") if rows else None


def _as_ttft(backend: Backend, field: str) -> Latency | None:
    """The TTFT as `field` would be if it were the same."""
    same, other = backend.ttft_ms, getattr(backend, field)
    if same is None or other is None:
        return same
    return replace(same, p50_interval=other.p50_interval, p95_interval=other.p95_interval)
