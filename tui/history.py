"""Rolling tokens per second from a backend's timeline, kept longer than a frame keeps it."""

from typing import Final

import numpy as np

from ..engine.frame import SLOT_NS, SLOTS, Timeline
from .draw.graph import Floats, round_up

ROLLING_S: Final = 5
"""W of the rolling rate (measurement.md, "system tok/s")."""

POINT_SLOTS: Final = 5
"""Slots per point of the graph: half a second."""

POINTS: Final = 600
"""Five minutes, two points a cell: graphs up to 300 cells wide are full."""

_SECOND_NS: Final = 1_000_000_000
_WINDOW_SLOTS: Final = ROLLING_S * 1_000_000_000 // SLOT_NS
KEPT_SLOTS: Final = POINTS * POINT_SLOTS + _WINDOW_SLOTS


class RateHistory:
    """Tokens of the latest `KEPT_SLOTS` slots, and rates over them.

    A frame may still correct the slots it carries (a chunk's tokens are smeared back over its gap), so they are
    overwritten each time; older ones are final.

    Attributes:
        top: a pretty rate above all of `rates`: the axis of their graph. Looked at once a second of run time, so that
            a replay has the same; raised when it is exceeded, lowered only when less than a third of it is used, so
            that it rarely moves.
    """

    def __init__(self) -> None:
        self.top = 1.0
        self._second = -1
        self._tokens: Floats = np.zeros(KEPT_SLOTS)
        self._next = 0  # number of the slot after the last complete one, as of the newest point
        self._known_from = 0  # slots before this one were never seen
        self._latest = Timeline()
        self._after = 0  # the same, of the latest frame
        self._points = 0  # half seconds that have passed
        self._rates: Floats = np.full(POINTS, np.nan)

    def take(self, timeline: Timeline, at_ns: int) -> None:
        """Take over the slots of `timeline`, sent at run time `at_ns`; a point is made every half second."""
        after = at_ns // SLOT_NS
        self._latest = timeline
        if len(timeline.tokens) >= SLOTS and timeline.first_slot > self._next:
            self._known_from = timeline.first_slot
        if after // POINT_SLOTS == self._points:
            self._after = after
            return
        if after > self._next:
            passed = np.arange(max(self._next, after - KEPT_SLOTS), after)
            self._tokens[passed % KEPT_SLOTS] = 0.0
            self._next = after
        if timeline.tokens:
            slots = np.arange(timeline.first_slot, timeline.first_slot + len(timeline.tokens))
            kept = (slots >= max(0, self._next - KEPT_SLOTS)) & (slots < self._next)
            self._tokens[slots[kept] % KEPT_SLOTS] = np.asarray(timeline.tokens, np.float64)[kept]
        self._after, self._points = after, after // POINT_SLOTS
        self._rates = self._made_rates()
        if at_ns // _SECOND_NS > self._second:
            self._second = at_ns // _SECOND_NS
            peak = float(np.nanmax(self._rates, initial=0.0))
            if peak > self.top or 0 < peak < self.top / 3:
                self.top = round_up(peak * 1.1)

    def rate(self) -> float | None:
        """Tokens per second over the last `ROLLING_S` seconds of complete slots; None before the first one."""
        after = self._after
        if not after:
            return None
        count = min(_WINDOW_SLOTS, after)
        first = self._latest.first_slot
        tokens = self._latest.tokens[max(after - count - first, 0) : max(after - first, 0)]
        return sum(tokens) / (count * SLOT_NS / 1e9)

    def rates(self) -> Floats:
        """The rolling rate at the last `POINTS` half seconds of run time, oldest first; NaN where nothing is known.

        Points lie at whole multiples of half a second, so a graph of them moves in whole steps and never shimmers.
        """
        return self._rates

    def _made_rates(self) -> Floats:
        made = np.full(POINTS, np.nan)
        last = self._next // POINT_SLOTS
        available = min(POINTS, last)
        if available < 1:
            return made
        ends = np.arange(last - available + 1, last + 1) * POINT_SLOTS
        starts = np.maximum(ends - _WINDOW_SLOTS, 0)
        known = starts >= self._known_from
        base = int(starts[0])
        slots = np.arange(base, int(ends[-1]))
        sums = np.concatenate(([0.0], np.cumsum(self._tokens[slots % KEPT_SLOTS])))
        rates = (sums[ends - base] - sums[starts - base]) / ((ends - starts) * SLOT_NS / 1e9)
        made[-available:] = np.where(known, rates, np.nan)
        return made
