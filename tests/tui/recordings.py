"""Journals of a fleet that exists only as frames, as the host of a session would have written them."""

from infertop.engine.frame import encode
from infertop.engine.plan import BackendPlan, RunPlan
from infertop.engine.record import RequestRecord
from infertop.sessions.journal.facts import Facts
from infertop.sessions.journal.page import Page
from infertop.sessions.journal.scribe import Scribe
from infertop.sessions.journal.writer import JournalWriter

PLAN = RunPlan(title="fleet", backends=(BackendPlan(name="H200 ×1", url="sim:h200"),))


def facts(**more):
    values = {"id": "ab12cd", "title": "fleet", "started_utc": "2026-11-23T18:05:12+00:00", "infertop": "0.1.0"}
    return Facts(**(values | {"plan": PLAN, "machine": {"cores": "2"}} | more))


def recorded(path, frames, requests=0, **more):
    """A journal of `frames` at `path`; those of them it kept."""
    scribe, kept = Scribe(), []
    journal = JournalWriter(path, facts(**more))
    for frame in frames:
        kept += [frame] if scribe.take_frame(encode(frame)) else []
        journal.write(scribe.page)
        scribe.page = Page()
    scribe.end()
    kept += [frames[-1]] if scribe.page.frames else []
    scribe.page.add_records(RequestRecord(backend="H200 ×1", index=at, scheduled_ns=at) for at in range(requests))
    journal.write(scribe.page)
    journal.close("duration", scribe.head.labels)
    return kept
