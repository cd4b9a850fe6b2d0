"""What of a stream of frames goes into the journal: about one a second, those that show a change, and what changed.

Frames pass as bytes; of each only its head is decoded, so that a host loads neither numpy nor the arithmetic.
"""

from typing import Any, Final

import msgspec

from ...engine.record import RequestRecord
from .page import Event, EventKind, Page

SECOND_NS: Final = 1_000_000_000


class Mark(msgspec.Struct, frozen=True):
    """`frame.Marker`."""

    at_ns: int
    text: str


class BackendHead(msgspec.Struct, frozen=True):
    """The fields of `frame.BackendFrame` that tell of changes."""

    name: str
    label: str = "LIVE"
    state: str = "ok"
    finished: int = 0
    failed: int = 0
    errors: dict[str, int] = {}
    pause: dict[str, Any] | None = None
    last_error: str = ""


class Head(msgspec.Struct, frozen=True):
    """The fields of `frame.Frame` that tell of changes."""

    phase: str = "starting"
    stop_reason: str = ""
    at_ns: int = 0
    workers: int = 1
    missing_workers: tuple[int, ...] = ()
    markers: tuple[Mark, ...] = ()
    backends: tuple[BackendHead, ...] = ()
    followed: dict[str, Any] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the backends, each once."""
        return tuple(dict.fromkeys(backend.label for backend in self.backends))

    @property
    def settled(self) -> int:
        """Requests of the measured window that have ended so far."""
        if self.phase in {"starting", "warmup"}:
            return 0
        return sum(backend.finished + backend.failed for backend in self.backends)


_heads = msgspec.msgpack.Decoder(Head)
_records = msgspec.msgpack.Decoder(tuple[RequestRecord, ...])


def _without_answers(frame: bytes) -> bytes:
    """An encoded frame without the answers that somebody is reading: texts are kept in records, if at all."""
    fields = msgspec.msgpack.decode(frame)
    fields["followed"] = None
    return msgspec.msgpack.encode(fields)


def newest_head(frame: bytes) -> Head:
    """The head of an encoded frame; of none, that of a run that has not begun."""
    return _heads.decode(frame) if frame else Head()


class Scribe:
    """Follows one run.

    Attributes:
        page: what is to be written next; whoever writes it puts a new one in its place.
        head: of the newest frame.
        records: requests put on pages so far.
    """

    def __init__(self) -> None:
        self.page = Page()
        self.head = Head()
        self.records = 0
        self._newest = b""
        self._kept = b""

    def take_frame(self, data: bytes) -> bool:
        """Take in the next frame, and say whether it is kept; raises msgspec.DecodeError if it is none."""
        before, head = self.head, _heads.decode(data)
        self.head, self._newest = head, data
        events = self._changes(before, head)
        known = set(before.markers)
        marks = [mark for mark in head.markers if mark not in known]
        self.page.events += events
        self.page.markers += [(mark.at_ns, mark.text) for mark in marks]
        keeps = bool(events or marks) or not self._kept or head.at_ns // SECOND_NS > before.at_ns // SECOND_NS
        if keeps:
            self._keep()
        return keeps

    def take_records(self, data: bytes) -> None:
        """Take in records of requests, encoded; raises msgspec.DecodeError if they are none."""
        records = _records.decode(data)
        self.records += len(records)
        self.page.add_records(records)

    def note(self, kind: EventKind, text: str) -> None:
        """Something happened that no frame tells of."""
        self.page.events.append(Event(self.head.at_ns, kind, "", text))

    def end(self) -> None:
        """No more frames will come: the newest one is kept."""
        if self._newest is not self._kept:
            self._keep()

    def _keep(self) -> None:
        self._kept = self._newest
        data = _without_answers(self._newest) if self.head.followed is not None else self._newest
        self.page.add_frame(self.head.at_ns, data)

    def _changes(self, before: Head, now: Head) -> list[Event]:
        made: list[Event] = []

        def event(kind: EventKind, text: str, backend: str = "") -> None:
            made.append(Event(now.at_ns, kind, backend, text))

        if now.phase != before.phase:
            event("phase", now.phase)
        if now.missing_workers != before.missing_workers:
            event("workers", f"{len(now.missing_workers)} of {now.workers} workers went missing")
        old = {backend.name: backend for backend in before.backends}
        for backend in now.backends:
            was = old.get(backend.name) or BackendHead(backend.name)
            if backend.state != was.state:
                down = backend.state == "down"
                event("down" if down else "up", "nobody answers there" if down else "answers again", backend.name)
            if backend.pause and not was.pause:
                event("pause", f"nothing is sent there: {backend.pause.get('why', '')}", backend.name)
            for kind in backend.errors:
                if kind not in was.errors:
                    event("error", f"first {kind}: {backend.last_error}", backend.name)
        return made
