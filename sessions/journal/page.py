"""What is written to a journal at once, and the events in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from ...engine.record import RequestRecord

EventKind = Literal["phase", "down", "up", "pause", "error", "workers", "recording", "watching", "end"]

MOST_RECORDS: Final = 100_000
"""Most records a page holds, for a disk that takes none: those beyond are given up."""

MOST_CHARACTERS: Final = 64 << 20
"""Most characters of prompts and answers in them."""

MOST_FRAMES: Final = 120


class Event(msgspec.Struct, frozen=True, array_like=True):
    """Something that happened.

    Attributes:
        at_ns: run time.
        kind: what sort of thing.
        backend: whom it concerns; "" for the whole run.
        text: in words; may quote others, so not safe to draw.
    """

    at_ns: int
    kind: EventKind
    backend: str
    text: str


@dataclass(slots=True)
class Page:
    """Additions to a journal, in order.

    Attributes:
        frames: run time and encoded frame.
        markers: run time and text.
    """

    records: list[RequestRecord] = field(default_factory=list)
    frames: list[tuple[int, bytes]] = field(default_factory=list)
    markers: list[tuple[int, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    _characters: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything on it."""
        return bool(self.records or self.frames or self.markers or self.events)

    def add_records(self, records: Iterable[RequestRecord]) -> None:
        """Add requests that have ended, as long as there is room."""
        for record in records:
            if len(self.records) >= MOST_RECORDS or self._characters > MOST_CHARACTERS:
                return
            self.records.append(record)
            self._characters += len(record.prompt or "") + len(record.answer or "")

    def add_frame(self, at_ns: int, data: bytes) -> None:
        """Add an encoded frame; of too many the newest stay."""
        self.frames.append((at_ns, data))
        del self.frames[:-MOST_FRAMES]

    def before(self, later: "Page") -> "Page":
        """This page with what came later at its end: it could not be written in time."""
        self.add_records(later.records)
        for at_ns, data in later.frames:
            self.add_frame(at_ns, data)
        self.markers += later.markers
        self.events += later.events
        return self
