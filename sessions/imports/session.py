"""A result of another tool as a session: facts and frames, and a journal of them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ... import __version__
from ...engine.frame import BackendFrame, Frame, encode
from ...engine.histogram import Histogram
from ...engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from ..folder import file_name, new_id
from ..journal.facts import Facts, redacted
from ..journal.page import MOST_RECORDS, Event, Page
from ..journal.writer import JournalWriter
from .account import Account
from .result import OTHER, Result

_SECOND_NS: Final = 1_000_000_000
_MOST_FRAMES: Final = 300
_UNNAMED: Final = "imported"
_FRAMES_A_PAGE: Final = 100
NOT_SAID: Final = "not said"
"""A workload the file does not name."""


def frames_of(result: Result, origin: str, name: str = "") -> tuple[Facts, list[Frame]]:
    """A result as a session would tell it.

    Args:
        result: what a file says.
        origin: the file, in words.
        name: what its owner calls it.

    Returns:
        Facts, and frames at least a second apart, the last one final.
    """
    facts = _facts(result, origin, name)
    return facts, list(_frames(result, facts))


def save(result: Result, origin: str, folder: Path, name: str = "") -> tuple[Path, Facts]:
    """Write `result` as a journal into `folder`: its file, and its facts; raises JournalError."""
    facts, frames = frames_of(result, origin, name)
    path = folder / file_name(datetime.now(UTC), facts.title, facts.id)
    journal = JournalWriter(path, facts)
    try:
        for page in _pages(result, facts, frames):
            journal.write(page)
    except BaseException:
        journal.close("the import failed", (result.label,))
        path.unlink(missing_ok=True)
        raise
    journal.close("imported", (result.label,))
    return path, facts


def _pages(result: Result, facts: Facts, frames: Sequence[Frame]) -> Iterator[Page]:
    backend = facts.plan.backends[0].name
    page = Page(events=[Event(0, "recording", backend, note) for note in (_origin(result, facts), *result.notes)])
    yield page
    for first in range(0, len(frames), _FRAMES_A_PAGE):
        yield Page(frames=[(frame.at_ns, encode(frame)) for frame in frames[first : first + _FRAMES_A_PAGE]])
    if not result.is_timed:
        return  # a request without its moments is none
    for first in range(0, len(result.requests), MOST_RECORDS):
        records = [replace(each, backend=backend) for each in result.requests[first : first + MOST_RECORDS]]
        yield Page(records=records)


def _origin(result: Result, facts: Facts) -> str:
    return f"imported from {result.tool}: {facts.note}"


def _facts(result: Result, origin: str, name: str) -> Facts:
    arrivals = result.arrivals or _seen(result)
    backend = BackendPlan(name=result.backend or _UNNAMED, url=result.url, model=result.model)
    plan = RunPlan(
        title=result.title,
        backends=(backend,),
        workload=WorkloadPlan(source=result.workload or NOT_SAID),
        arrivals=arrivals,
        seed=result.seed or 0,
    )
    return Facts(
        id=new_id(),
        title=result.title,
        name=name,
        note=origin,
        started_utc=result.started,
        infertop=__version__,
        plan=redacted(plan),
        source=result.tool,
        labels=(result.label,),
        stated={backend.name: result.stated} if result.stated else {},
        finished=True,
    )


def _seen(result: Result) -> ArrivalsPlan:
    """The load that was seen, where none is said: as many in flight as there were on average."""
    if not result.is_timed or not result.duration_s:
        return ArrivalsPlan(kind="closed", concurrency=1)
    busy_ns = sum(each.e2e_ns or 0 for each in result.requests)
    return ArrivalsPlan(kind="closed", concurrency=max(1, round(busy_ns / 1e9 / result.duration_s)))


def _frames(result: Result, facts: Facts) -> Iterator[Frame]:
    plan = facts.plan
    known = BackendFrame(name=plan.backends[0].name, label=result.label, url=plan.backends[0].url, model=result.model)
    frame = Frame(
        title=result.title,
        phase="running",
        started_utc=result.started,
        seed=plan.seed,
        workload=plan.workload,
        arrivals=plan.arrivals,
        offered_per_s=None if plan.arrivals.kind == "closed" else plan.arrivals.rate_per_s,
        requests=result.finished + result.failed + result.unfinished,
    )
    if not result.is_timed:
        last = replace(frame, phase="done", at_ns=round(result.duration_s * 1e9))
        yield replace(last, backends=(_totals(result, known),))
        return
    account = Account(result.requests, result.gaps_ns, known)
    step_ns = _SECOND_NS * max(1, -(-account.end_ns // _SECOND_NS) // _MOST_FRAMES)
    for seq, at_ns in enumerate((*range(0, account.end_ns, step_ns), account.end_ns), 1):
        backend = account.frame(at_ns)
        if at_ns == account.end_ns:
            open_ended = result.unfinished
            backend = replace(
                backend, scheduled=backend.scheduled + open_ended, in_flight=backend.in_flight + open_ended
            )
            frame = replace(frame, phase="done")
        yield replace(frame, seq=seq, at_ns=at_ns, backends=(backend,))


def _totals(result: Result, known: BackendFrame) -> BackendFrame:
    """What is known without the times of sending."""
    values: dict[str, Sequence[int | None]] = {
        "ttft": [each.ttft_ns for each in result.requests],
        "e2e": [each.e2e_ns for each in result.requests],
        "tpot": [None if each.tpot_ns is None else round(each.tpot_ns) for each in result.requests],
        "icl": [gap for gaps in result.gaps_ns for gap in gaps],
    }
    histograms = {}
    for name, found in values.items():
        histogram = Histogram()
        histogram.extend(value for value in found if value is not None)
        if len(histogram):
            histograms[name] = histogram.state()
    return replace(
        known,
        scheduled=result.finished + result.failed + result.unfinished,
        finished=result.finished,
        failed=result.failed,
        in_flight=result.unfinished,
        errors={OTHER: result.failed} if result.failed else {},
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        first_sent_ns=0,
        active_ns=round(result.duration_s * 1e9),
        arriving_tokens=float(result.output_tokens),
        histograms=histograms,
    )
