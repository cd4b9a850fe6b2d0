"""One visit, watched frame by frame: when its measured window opens, and when it has told enough.

The window opens once every slot of a closed loop has been used twice: the burst of the start has passed, and answers
no longer end together because they began together. In an open loop it opens once as many requests have ended as are
in flight, after about two answers' time. So neither that burst, nor connecting, nor a cold server is counted; and as
the run goes on at the same load until the window has closed, no drain is either. Requests under way at its ends count
with what falls into it, as in any window of a run.
"""

from math import sqrt
from typing import Final

from ..frame import BackendFrame, Frame
from ..serial import SerialSums
from ..window import end_to_end, since
from .deciding import decided
from .plan import SweepPlan, Visit, Visited
from .sweep import Point

LEAST: Final = 32
"""Answers in a window before anything is made of it: enough to tell their dependence (`serial.LEAST_NEIGHBOURS`)."""

_HOPELESS: Final = 16
"""Requests that failed, and none that did not, after which a backend is given up."""

_WAVES: Final = 2
"""Times that every slot of a closed loop is used before the window opens."""

_LOOK: Final = 4
"""Answers between two looks at whether they decide: a look takes a millisecond or two."""

_GROWTH: Final = 5.0
_LEAST_GROWTH: Final = 8


class Gauge:
    """Takes the frames of a visit to one backend.

    Args:
        sweep: it belongs to.
        visit: what is wanted.
        before: what former visits to that level came to; None without.
    """

    def __init__(self, sweep: SweepPlan, visit: Visit, before: Point | None) -> None:
        self._sweep = sweep
        self._visit = visit
        self._before = before
        self._base: BackendFrame | None = None
        self._now: BackendFrame | None = None
        self._pace = SerialSums()
        self._at_ns = 0
        self._judged = 0
        self._cut = ""
        self._over = False
        self._failed = False
        self._broke = False

    def take(self, frame: Frame) -> bool:
        """Look at `frame`; whether it was the last that is needed."""
        if frame.phase not in {"running", "draining", "done"}:
            return False
        self._at_ns = frame.at_ns
        backend = frame.backends[0]
        if frame.phase != "running":
            self._stopped(frame, backend)
            return True
        if self._now is not None and self._base is not None and backend.active_ns > self._now.active_ns:
            grown = backend.arriving_tokens - self._now.arriving_tokens
            self._pace.add(grown * 1e9 / (backend.active_ns - self._now.active_ns))
        self._now = backend
        if self._base is None and self._settled(backend):
            self._base = backend
            return False
        return self._hopeless(backend) or self._oversaturated(backend) or self._enough()

    def _settled(self, backend: BackendFrame) -> bool:
        """Whether the load is what it will be from now on."""
        ended = backend.finished + backend.failed
        if self._sweep.axis == "concurrency":
            return ended >= _WAVES * backend.in_flight
        return ended > 0 and (ended >= backend.in_flight or ended >= self._visit.requests)

    def _stopped(self, frame: Frame, backend: BackendFrame) -> None:
        """The run came to an end of its own: time was up, or the money."""
        self._now = self._now or backend
        if frame.stop_reason == "budget":
            self._cut, self._broke = "the budget was reached", True
        elif not self._now.finished:
            self._fail(backend)
        elif frame.stop_reason == "duration":
            self._cut = "the longest time for a visit was over"

    def _hopeless(self, backend: BackendFrame) -> bool:
        if backend.finished or (backend.state != "down" and backend.failed < _HOPELESS):
            return False
        self._fail(backend)
        return True

    def _fail(self, backend: BackendFrame) -> None:
        self._failed = True
        self._cut = backend.last_error or "no answer came"

    def _oversaturated(self, backend: BackendFrame) -> bool:
        """Open loop: whether the backlog grows by more than a stable queue's may.

        While arrivals and departures balance, their difference over a stretch scatters by less than the root of
        twice the arrivals; beyond several times that, more comes than leaves (flow balance, Denning & Buzen 1978).
        """
        if self._sweep.axis != "rate" or self._base is None:
            return False
        arrived = backend.scheduled - self._base.scheduled
        grown = backend.in_flight - self._base.in_flight
        if grown <= max(_LEAST_GROWTH, _GROWTH * sqrt(arrived)):
            return False
        self._over = True
        self._cut = f"over-saturated: {grown:,} more in flight after {arrived:,} requests"
        return True

    def _enough(self) -> bool:
        if self._now is None or self._base is None:
            return False
        answers = self._now.finished + self._now.failed - self._base.finished - self._base.failed
        if answers >= self._visit.requests:
            return True
        if answers < max(LEAST, self._now.in_flight / 2, self._judged + _LOOK) or not self._sweep.targets:
            return False
        self._judged = answers
        window = since(self._now, self._base)
        whole = end_to_end(self._before.counted, window) if self._before else window
        return decided(whole, self._sweep.targets) != "undecided"

    def visited(self, last: Frame | None) -> Visited:
        """What came of it; `last` is the run's last frame, which knows what all of it cost."""
        now = self._now
        if now is None:
            now = BackendFrame(name=self._visit.backend)
        final = last.backends[0] if last is not None else now
        spent = (final.spent_usd or 0.0) + final.warmup_usd + final.at_risk_usd
        return Visited(
            visit=self._visit,
            counted=since(now, self._base),
            pace=self._pace.state(),
            requests=final.scheduled - final.not_sent,
            spent_usd=0.0 if self._sweep.virtual else spent,
            elapsed_s=self._at_ns / 1e9,
            cut=self._cut,
            over=self._over,
            failed=self._failed,
            broke=self._broke,
        )


def look_s(expected_s: float) -> float:
    """How often to look at a visit that will last about so long, in virtual time: often enough to tell its pace."""
    return max(expected_s / (4 * LEAST), 0.01)
