"""What happened, found by comparing each frame with the one before."""

from typing import Final

from ..backends.printable import printable
from ..engine.frame import BackendFrame, Frame
from .board import Event
from .holding import HELD, paused
from .stalls import Stalls

KEPT: Final = 100
"""Events of a kind that happens anew each time; errors are one event a kind."""


class EventLog:
    """Markers, backends that went down, stalled or came back, and errors by kind (one line a kind, counted up)."""

    def __init__(self) -> None:
        self._stalls = Stalls()
        self._plain: list[Event] = []
        self._errors: dict[tuple[int, str], Event] = {}

    def take(self, frame: Frame, before: Frame | None) -> None:
        """Note what is new in `frame`."""
        known = before.markers if before else ()
        for marker in frame.markers if frame.markers != known else ():
            if marker not in known:
                self._plain.append(Event(marker.at_ns, None, printable(marker.text)))
        old = {backend.name: backend for backend in before.backends} if before else {}
        for series, backend in enumerate(frame.backends):
            self._take_backend(series, backend, old.get(backend.name), frame.at_ns)
            if stall := self._stalls.take(series, backend, frame.at_ns):
                self._plain.append(stall)
        del self._plain[:-KEPT]

    def _take_backend(self, series: int, now: BackendFrame, before: BackendFrame | None, at_ns: int) -> None:
        was_down = before is not None and before.state == "down"
        if now.state == "down" and not was_down:
            self._plain.append(Event(at_ns, series, "down: nobody answers there", bad=True))
        elif now.state == "ok" and was_down:
            self._plain.append(Event(at_ns, series, "answers again"))
        if (words := paused(now)) and words != HELD and not (before and paused(before)):
            self._plain.append(Event(at_ns, series, printable(f"paused {words}"), bad=True))
        for kind, count in now.errors.items():
            if count != (before.errors.get(kind, 0) if before else 0):
                detail = f": {printable(now.last_error, 120)}" if len(now.errors) == 1 and now.last_error else ""
                text = f"{printable(kind, 20)} ×{count:,}{detail}"
                self._errors[series, kind] = Event(now.latest_ns.get(kind, at_ns), series, text, bad=True)

    def events(self) -> tuple[Event, ...]:
        """Oldest first."""
        return tuple(sorted((*self._plain, *self._errors.values()), key=lambda event: event.at_ns))
