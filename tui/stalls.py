"""Stalls: a backend that has work and says nothing for longer than it ever took to begin an answer."""

from dataclasses import dataclass
from typing import Final

from ..engine.frame import BackendFrame
from .board import Event

LEAST_NS: Final = 3_000_000_000
_TIMES_TTFT: Final = 2
"""How many times its longest TTFT so far a backend may be silent."""


@dataclass(slots=True)
class _Silence:
    """Since when a backend has said nothing, after how many chunks, and whether that was told."""

    since_ns: int
    chunks: int
    told: bool = False


class Stalls:
    """Follows every backend from frame to frame."""

    def __init__(self) -> None:
        self._silences: dict[int, _Silence] = {}

    def take(self, series: int, backend: BackendFrame, at_ns: int) -> Event | None:
        """What there is to tell of a backend's silence at run time `at_ns`."""
        silence = self._silences.get(series)
        if silence is None or backend.chunks != silence.chunks or not backend.in_flight or backend.state == "down":
            self._silences[series] = _Silence(at_ns, backend.chunks)
            if silence is not None and silence.told and backend.chunks != silence.chunks:
                return Event(at_ns, series, f"goes on after {(at_ns - silence.since_ns) / 1e9:.1f} s")
            return None
        ttft = backend.histograms.get("ttft")
        patience_ns = max(LEAST_NS, _TIMES_TTFT * ttft.max_ns if ttft else 0)
        if silence.told or at_ns - silence.since_ns < patience_ns:
            return None
        silence.told = True
        seconds = (at_ns - silence.since_ns) / 1e9
        return Event(at_ns, series, f"stalled: no token for {seconds:.1f} s, {backend.in_flight} in flight", bad=True)
