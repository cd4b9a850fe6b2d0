"""Journals made by hand, as a session would have written them."""

from pathlib import Path
from typing import Any

import msgspec

from infertop.engine.frame import Frame, Marker, encode
from infertop.engine.plan import BackendPlan, RunPlan
from infertop.engine.record import RequestRecord
from infertop.sessions.journal.facts import Facts
from infertop.sessions.journal.page import Event, Page
from infertop.sessions.journal.writer import JournalWriter

from ..frames import three

SECOND = 1_000_000_000
PLAN = RunPlan(title="by hand", backends=(BackendPlan(name="H200 ×4", url="http://10.0.0.1:8000/v1"),), seed=7)


def facts(**changes: Any) -> Facts:
    values = {"id": "ab12cd", "title": "by hand", "started_utc": "2026-11-23T18:05:12+00:00", "infertop": "0.1.0"}
    return Facts(**(values | {"plan": PLAN, "machine": {"cores": "2"}} | changes))  # type: ignore[arg-type]


def run(seconds: int) -> list[Frame]:
    """A frame a second, the run growing as it goes on; a marker half way."""
    whole = three()
    made = []
    for second in range(seconds):
        markers = (Marker(at_ns=seconds // 2 * SECOND, text="concurrency 11"),) if second >= seconds // 2 else ()
        changes = {
            "seq": second * 10,
            "at_ns": second * SECOND,
            "phase": "running",
            "stop_reason": "",
            "markers": markers,
        }
        backends = tuple(msgspec.structs.replace(each, finished=second) for each in whole.backends)
        made.append(msgspec.structs.replace(whole, backends=backends, **changes))
    return made


def record(index: int, **changes: Any) -> RequestRecord:
    """A finished request of 10 tokens that began `index` ms into the run."""
    began = index * 1_000_000
    values: dict[str, Any] = {
        "backend": "H200 ×4",
        "index": index,
        "workload": "chat",
        "finish_reason": "stop",
        "scheduled_ns": began,
        "sent_ns": began + 1_000,
        "first_ns": began + 50_001_000,
        "last_ns": began + 140_001_000,
        "input_tokens": 20,
        "output_tokens": 10,
        "token_source": "usage",
        "chunks": 10,
        "characters": 41,
        "cost_usd": 0.00125,
        "good": True,
        "vendor": {"queue": 0.002},
    }
    return RequestRecord(**(values | changes))


def page(frame: Frame, *records: RequestRecord) -> Page:
    made = Page()
    made.add_frame(frame.at_ns, encode(frame))
    made.add_records(records)
    return made


def written(path: Path, frames: list[Frame], records: list[RequestRecord] | None = None, **more: Any) -> Path:
    """A finished journal at `path`."""
    journal = JournalWriter(path, facts(**more))
    for frame in frames:
        journal.write(page(frame))
    rest = Page(markers=[(marker.at_ns, marker.text) for marker in frames[-1].markers])
    rest.add_records(records or [])
    rest.events.append(Event(0, "phase", "", "running"))
    journal.write(rest)
    journal.close("duration", ("SIM", "LIVE"))
    return path
