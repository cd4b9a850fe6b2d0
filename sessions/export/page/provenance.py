"""Where the figures come from, how far to trust them, and how to get them again."""

from collections.abc import Iterator, Sequence

from ....backends.printable import printable
from ....engine.frame import BackendFrame
from ...figures import duration, number, share
from ...observed import energy_remark
from ...remarks import footnotes
from ..sentence import Figure
from ..snapshot import Snapshot
from .cards import badge
from .markup import EMPTY, Html, Teller, element, joined
from .plot import Mark, clock
from .tables import table

_TOKENS = {
    "usage": "counted by the server",
    "tok": "counted with its tokenizer",
    "≈": "≈ estimated from characters",
    "": "none yet",
}
_STAMPS = {"kernel": "by the kernel, at arrival", "user": "by the client, on reading", "": "none yet"}

_WORDS = (
    ("first token (TTFT)", "from sending a request (at a fixed rate: from when it is due) to its first answer"),
    ("per token (TPOT)", "time for each further token of an answer; a person reads about one every 100 ms or slower"),
    ("p50, p95", "half of all answers, and 95 of 100, were at least this quick; p95 is felt on a bad day"),
    ("95 % sure", "the interval holds the true ratio with 95 % confidence, however often one looked while it ran"),
    ("$/M", "USD per million tokens, at the load of this run; a busier machine by the hour is cheaper a token"),
    ("SLO", "the limits a good answer must keep, if the profile sets any"),
)  # fmt: skip


def backends(teller: Teller, snapshot: Snapshot) -> Html:
    """What was asked and how its figures were measured, backend by backend."""
    rows = [
        [
            teller.name(place),
            badge(backend.label),
            element("span", summed.url, class_="url"),
            element("span", summed.model or "–"),
            element("span", _TOKENS[backend.token_source]),
            element("span", _STAMPS[backend.stamp]),
            element("span", _power(backend)),
        ]
        for place, (summed, backend) in enumerate(zip(teller.summary.backends, snapshot.frame.backends, strict=True))
    ]
    return table(["backend", "", "address", "model", "tokens", "time stamps", "energy"], rows)


def _power(backend: BackendFrame) -> str:
    return energy_remark(backend).removeprefix("energy ") or "not known"


def trust(teller: Teller) -> Html:
    """How far the measuring client is to be believed."""
    client = teller.summary.client
    lag = EMPTY
    if client.loop_lag_ms.p99 is not None:
        lag = element(
            "span",
            "Its event loop was late by ",
            teller.figure(Figure("client.loop_lag_ms.p99", number)),
            " ms at p99; it used ",
            teller.figure(Figure("client.cpu_share", share)),
            " of a core.",
        )
    if client.trusted:
        return element("p", element("b", "✓ The client can be trusted. ", class_="good"), lag)
    why = printable("; ".join(client.reasons), 500)
    return element("p", element("b", "⚠ Trust the client less: ", class_="bad"), f"{why}. ", lag)


def notes(snapshot: Snapshot) -> Html:
    """What to know before believing the figures."""
    said = [line for line in footnotes(snapshot.frame, snapshot.summary) if not line.startswith("Client:")]
    return element("ul", *(element("li", line) for line in said)) if said else EMPTY


def unlike(snapshot: Snapshot) -> Html:
    """A warning beside the answer where backends were not compared like for like."""
    aspects = dict.fromkeys(each.aspect for each in snapshot.summary.differences)
    if not aspects:
        return EMPTY
    words = ", ".join(aspects)
    return element("p", element("b", "⚠ Not like for like: "), f"{words}. See the remarks below.", class_="caveat")


def words() -> Html:
    """What the words mean."""
    return element(
        "dl", *(joined([element("dt", term), element("dd", said)]) for term, said in _WORDS), class_="words"
    )


def changes(marks: Sequence[Mark]) -> Html | None:
    """The numbered changes while it ran, for the charts."""
    if not marks:
        return None
    items = (element("li", f"{mark.label} at {clock(mark.at_s)}: {mark.text}") for mark in marks)
    return element("ul", *items, class_="legend changes")


def run_facts(snapshot: Snapshot) -> Html:
    """When, where and with what it was measured."""
    pairs = (joined([element("dt", term), element("dd", said)]) for term, said in _facts(snapshot) if said)
    return element("dl", *pairs, class_="facts")


def _facts(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    run, facts = snapshot.summary.run, snapshot.facts
    yield "measured", run.started_utc or (facts.started_utc if facts else "")
    yield "lasted", duration(run.duration_s)
    yield "seed", str(run.seed)
    if facts:
        yield "session", facts.id
        yield "note", facts.note
        yield "imported from", facts.source
        yield "measured from", ", ".join(f"{key} {value}" for key, value in facts.machine.items())
    yield "infertop", snapshot.summary.infertop
    yield "page made", f"{snapshot.made:%Y-%m-%d %H:%M} UTC"
    yield "figures", f"{snapshot.summary.schema} (infertop export -f json): every figure here is one of its figures"


def profile(snapshot: Snapshot) -> Html | None:
    """What was run, ready to be run again."""
    if not snapshot.profile:
        return None
    lines = (element("span", printable(line, 2000) or " ") for line in snapshot.profile.splitlines())
    how = element(
        "p", "Save it as run.toml, and ", element("code", "infertop run run.toml"), " sends the same again."
    )
    return joined([how, element("pre", joined(lines, "\n"))])
