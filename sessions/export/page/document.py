"""The whole page."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ....backends.printable import printable
from ...remarks import heading
from ..leads import by_ttft
from ..snapshot import Snapshot
from .cards import answer, cards, simulated
from .head import head
from .markup import EMPTY, Html, Teller, element, joined
from .plot import Mark, ms
from .provenance import backends, changes, notes, profile, run_facts, trust, unlike, words
from .tables import JUDGED, costs, errors, matrix, percentiles
from .tails import tails
from .timeline import MOST_STEPS, cost_curves, heat_maps, throughput


@cache
def _style() -> str:
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def page(snapshot: Snapshot) -> Iterator[str]:
    """The page, piece by piece; raises RecordingError."""
    teller = Teller(snapshot.summary)
    yield "<!doctype html>\n"
    yield '<html lang="en">\n'
    yield head(printable(snapshot.title, 100), _style())
    yield "\n<body>\n<main>\n"
    yield _top(snapshot)
    for section in _sections(snapshot, teller):
        yield section
        yield "\n"
    yield "</main>\n</body>\n</html>\n"


def _top(snapshot: Snapshot) -> Html:
    ran = heading(snapshot.frame).removeprefix("infertop").strip()
    running = element("p", "Taken while it ran: the figures are those of that moment.", class_="banner")
    return element(
        "header",
        element("p", "infertop", class_="brand"),
        element("h1", printable(snapshot.title, 100)),
        element("p", ran, class_="dim"),
        simulated(snapshot.summary),
        EMPTY if snapshot.final else running,
        class_="top",
    )


def _section(title: str, *body: Html | None, why: str = "") -> Html:
    """A section, or nothing where there is nothing to show."""
    shown = [each for each in body if each]
    if not shown:
        return EMPTY
    return element("section", element("h2", title), element("p", why, class_="dim") if why else EMPTY, *shown)


def _sections(snapshot: Snapshot, teller: Teller) -> Iterator[Html]:
    frame, summary = snapshot.frame, snapshot.summary
    ttft = by_ttft(summary)
    yield _section("The answer", answer(teller), unlike(snapshot), trust(teller))
    yield _section("Backends", cards(teller))
    metric = ttft.removesuffix("_ms")
    for title, name, field, limit_ms in (
        ("Time to first token", metric, ttft, frame.slo.ttft_ms),
        ("Time per output token", "tpot", "tpot_ms", frame.slo.tpot_ms),
    ):
        yield _section(title, tails(teller, frame, name, field, limit_ms), why=_how_tails(limit_ms))
    yield _over_time(snapshot, teller, metric)
    yield _section(
        "Cost",
        costs(teller, frame),
        why="In USD. Chips by the hour cost the same busy or idle, so their price per token falls as the load rises.",
    )
    if summary.verdicts:
        how = (
            "Each row against each column: ▼ lower, so quicker, ▲ higher, = no difference proved so far, … too early "
            "(answers so far/needed). Ratios with 95 % intervals, by p95 of all answers and by the mean over the "
            "prompts that both answered; valid however often one looked."
        )
        parts = [(title, matrix(teller, metric)) for metric, title in JUDGED.items()]
        body = (joined([element("h3", title), made]) for title, made in parts if made)
        yield _section("Verdicts", *body, why=how)
    yield _section("Errors", errors(teller))
    yield _section("All latencies", percentiles(teller))
    yield _section("How it was measured", words(), backends(teller, snapshot), notes(snapshot), run_facts(snapshot))
    yield _section("Run it again", profile(snapshot))


def _how_tails(limit_ms: float | None) -> str:
    how = "How many answers had which latency, on one logarithmic axis; each row is scaled to its own peak."
    return f"{how} The line in red is the limit, {ms(limit_ms)}." if limit_ms else how


def _over_time(snapshot: Snapshot, teller: Teller, metric: str) -> Html:
    series = snapshot.series(MOST_STEPS)
    if series is None:
        return EMPTY
    marks = [Mark(str(at), m.at_ns / 1e9, printable(m.text, 80)) for at, m in enumerate(snapshot.frame.markers, 1)]
    sent_s = snapshot.frame.duration_s
    if sent_s and series.end_s > sent_s + 1:
        marks.append(Mark("end", sent_s, "nothing more was sent; the last answers were awaited"))
    charts = {
        "Output tokens a second: higher is better": throughput(teller, series, marks),
        "Time to first token: lower is better": heat_maps(teller, series, marks, metric),
        "USD per million output tokens: lower is better": cost_curves(teller, series, marks),
    }
    shown = (joined([element("h3", title), chart]) for title, chart in charts.items() if chart)
    return _section("Over time", changes(marks), *shown)
