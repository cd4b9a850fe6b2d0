"""A run in sentences: what it was, what the verdicts are, and what to know before believing the figures."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..backends.printable import printable
from ..engine.frame import BackendFrame, Frame
from ..engine.histogram import FLOORS, Histogram
from ..engine.pairing import ROWS
from ..engine.plan import ArrivalsPlan
from .figures import duration, number, times
from .money import cost_remarks
from .observed import energy_remark
from .summary import Comparison, Document, PairedMean

SHOWN: Final = {"ttft_sched": "TTFT", "tpot": "TPOT"}
"""Metrics whose verdicts people are told; the document holds all."""

MOST_TIES_NAMED: Final = 3

_STOPPED: Final = {
    "requests": "every prompt was sent",
    "duration": "time was up",
    "budget": "the budget was reached",
    "told": "stopped from the console",
    "interrupted": "interrupted",
    "parent gone": "the command that started it went away",
    "unreachable": "no backend could be reached",
}


def heading(frame: Frame) -> str:
    """Title, workload, load, duration, seed and why it stopped, on one line."""
    parts = [
        printable(frame.title),
        printable(frame.workload.source),
        "" if frame.workload.prompt_cv is None else f"prompt cv {frame.workload.prompt_cv:g}",
        load(frame.arrivals),
        _length(frame),
        "in virtual time" if frame.virtual else "",
        f"seed {frame.seed}",
        _STOPPED.get(frame.stop_reason, ""),
    ]
    return "infertop  " + " · ".join(part for part in parts if part)


def _length(frame: Frame) -> str:
    """How long prompts were sent, and how long the last answers took after that."""
    run_s = frame.at_ns / 1e9
    waited_s = run_s - frame.duration_s if frame.duration_s and frame.stop_reason == "duration" else 0.0
    if waited_s < 0.1:
        return duration(run_s)
    return f"{duration(run_s - waited_s)} and {duration(waited_s)} for the last answers"


def load(arrivals: ArrivalsPlan) -> str:
    """The load in words: "8 in flight", "20/s Poisson"."""
    rate = f"{arrivals.rate_per_s:g}"
    match arrivals.kind:
        case "closed":
            return f"{arrivals.concurrency} in flight"
        case "constant":
            return f"{rate}/s constant"
        case "poisson":
            return f"{rate}/s Poisson"
        case "gamma":
            return f"{rate}/s bursts (CV {arrivals.cv:g})"
        case "ramp":
            return f"{rate}/s to {arrivals.ramp_to_per_s:g}/s in {arrivals.ramp_s:g} s"


@dataclass(frozen=True, slots=True)
class _Claim:
    """What was found of one pair, by its p95 or by its mean."""

    a: str
    b: str
    made: Comparison | PairedMean


def verdict_lines(summary: Document) -> Iterator[str]:
    """Per metric, by p95 and by the mean: who is lower than whom by how much, then ties, then what cannot be said."""
    for metric, name in SHOWN.items():
        found = [verdict for verdict in summary.verdicts if verdict.metric == metric]
        yield from (f"p95 {name}  {line}" for line in _claims([_Claim(v.a, v.b, v) for v in found]))
        same_prompts = [_Claim(v.a, v.b, v.paired) for v in found if v.paired.n]
        yield from (f"mean {name}, same prompts  {line}" for line in _claims(same_prompts))


def _claims(found: Sequence[_Claim]) -> Iterator[str]:
    of = {word: [c for c in found if c.made.verdict == word] for word in ("tie", "too early", "withheld")}
    wins: dict[str, list[_Claim]] = {}
    for claim in found:
        if claim.made.verdict in {"a lower", "b lower"}:
            wins.setdefault(claim.a if claim.made.verdict == "a lower" else claim.b, []).append(claim)
    for winner, won in sorted(wins.items(), key=lambda item: -len(item[1])):
        losers = ", ".join(_loser(claim) for claim in won)
        yield f"{_name(winner)} is lower than {losers}; n ≥ {min(claim.made.n for claim in won):,}"
    if ties := of["tie"]:
        pairs = "; ".join(f"{_name(claim.a)} and {_name(claim.b)}" for claim in ties)
        yield f"tie so far: {pairs if len(ties) <= MOST_TIES_NAMED else _pairs(len(ties))}"
    if early := of["too early"]:
        behind = min((claim.made for claim in early), key=lambda made: made.n / max(made.needed, 1))
        fewest = f"{behind.n:,} of {behind.needed:,} needed"
        yield f"too early to say: {_pairs(len(early))}; the fewest answers so far are {fewest}"
    reasons = [claim.made.reason.partition(" (")[0] for claim in of["withheld"]]  # the document has the figures
    for reason in dict.fromkeys(reasons):
        yield f"withheld: {_pairs(reasons.count(reason))}, {printable(reason)}"


def _pairs(count: int) -> str:
    return "1 pair" if count == 1 else f"{count} pairs"


def _loser(claim: _Claim) -> str:
    """The loser and how many times lower the winner is, with the interval."""
    made = claim.made
    loser = claim.b if made.verdict == "a lower" else claim.a
    interval = f" ({times(made.low)}–{times(made.high)})" if made.low and made.high else ""
    return f"{_name(loser)} {times(made.ratio or 0.0)}×{interval}"


def _name(name: str) -> str:
    return printable(name, 28)


def footnotes(frame: Frame, summary: Document) -> Iterator[str]:
    """What the figures rest on: sample floors, provenance of tokens and prices, the client's own error."""
    if frame.markers:
        changes = "; ".join(f"{duration(m.at_ns / 1e9)} {printable(m.text, 60)}" for m in frame.markers[-5:])
        yield f"Changed on the way, and the figures cover all of it: {changes}."
    if frame.arrivals.kind != "closed":
        yield "TTFT counts from the scheduled time of sending."
    if any(_below_floor(backend) for backend in frame.backends):
        yield f"? too few requests for this percentile: p50 needs {FLOORS[0.5]}, p95 {FLOORS[0.95]}."
    estimated = [_name(b.name) for b in frame.backends if b.estimated_requests]
    if estimated:
        yield f"≈ token counts are estimated from characters: {', '.join(estimated)}."
    if liars := [f"{_name(b.name)} ({b.disbelieved_requests:,})" for b in frame.backends if b.disbelieved_requests]:
        yield f"Token counts that cannot be were taken for none: {', '.join(liars)}."
    if frame.workload.fixed_length and (free := [_name(b.name) for b in frame.backends if not b.can_fix_length]):
        yield f"A fixed length could not be asked of {', '.join(free)}: answers end where the model ends them."
    if frame.unpaired:
        yield f"{frame.unpaired:,} values are in no mean on the same prompts: others were {ROWS:,} prompts behind."
    if any(b.label == "SIM" for b in frame.backends):
        yield "SIM is the simulated fleet, not measured hardware."
    yield from _unlike(summary)
    yield from _energy(frame)
    for backend in frame.backends:
        yield from (f"{_name(backend.name)}: {remark}." for remark in cost_remarks(backend))
    if not summary.client.trusted:
        yield f"Client: {'; '.join(summary.client.reasons)}: that error is part of what is shown."
    elif summary.client.loop_lag_ms.p99 is not None:
        yield f"Client: event loop late by {number(summary.client.loop_lag_ms.p99)} ms at p99."
    yield from _cluster(summary)


def _cluster(summary: Document) -> Iterator[str]:
    """Where the workers of a cluster ran, and how exactly they kept time together."""
    machines = summary.client.machines
    if not machines:
        return
    hosts = Counter(printable(each.host, 40) for each in machines)
    where = ", ".join(f"{count} on {host}" for host, count in hosts.items())
    apart = number(max(each.clock_error_ms or 0.0 for each in machines))
    yield f"Workers: {where}; their clocks are known within {apart} ms."


def _energy(frame: Frame) -> Iterator[str]:
    """Where energy comes from: a line for all that have it from the same source."""
    names: dict[str, list[str]] = {}
    for backend in frame.backends:
        if remark := energy_remark(backend):
            names.setdefault(remark, []).append(_name(backend.name))
    yield from (f"{', '.join(who)}: {remark}." for remark, who in names.items())


def _unlike(summary: Document) -> Iterator[str]:
    """What keeps backends from being compared like for like: a line an aspect, with its first pair."""
    for aspect in dict.fromkeys(each.aspect for each in summary.differences):
        found = [each for each in summary.differences if each.aspect == aspect]
        first, more = found[0], f"; {len(found) - 1} more pairs" if len(found) > 1 else ""
        yield f"Not like for like: {_name(first.a)} and {_name(first.b)}, {printable(first.text, 120)}{more}."


def _below_floor(backend: BackendFrame) -> bool:
    histograms = [Histogram.of(backend.histograms[name]) for name in ("ttft", "tpot") if name in backend.histograms]
    return any(len(histogram) and not histogram.supports(0.95) for histogram in histograms)
