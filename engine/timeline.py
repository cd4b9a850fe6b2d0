"""Output tokens over time, smeared: the source of every rate.

Definition: measurement.md, "system tok/s": a chunk's tokens are spread over (t_prev, t], the first chunk is a
point. Slots are absolute, so a rate over any window is a sum, and timelines of several workers add.
"""

from bisect import bisect_left
from collections.abc import Sequence

from .frame import SLOT_NS, SLOTS, Timeline


class TokenTimeline:
    """Tokens per slot of run time, the last SLOTS slots, and their total since the start."""

    __slots__ = ("_closed_ns", "_first", "_newest_from_ns", "_newest_to_ns", "_slots", "total")

    def __init__(self) -> None:
        self._first = 0
        self._slots: list[float] = []
        self._newest_from_ns = 0
        self._newest_to_ns = 0
        self._closed_ns: int | None = None
        self.total = 0.0

    def close(self, at_ns: int) -> None:
        """Count nothing that arrives after `at_ns`: the window of throughput ends there."""
        if self._closed_ns is None:
            self._closed_ns = at_ns
            self._watch_newest()

    def point(self, at_ns: int, tokens: float) -> None:
        """Tokens that arrived at one moment."""
        if self._closed_ns is None or at_ns <= self._closed_ns:
            self.total += tokens
            self._put(at_ns // SLOT_NS, tokens)

    def smear(self, from_ns: int, to_ns: int, tokens: float) -> None:
        """Tokens that were generated evenly over (from_ns, to_ns]."""
        if self._newest_from_ns <= from_ns < to_ns <= self._newest_to_ns:  # nearly always
            self.total += tokens
            self._slots[-1] += tokens
            return
        if to_ns <= from_ns:
            self.point(to_ns, tokens)
            return
        if self._closed_ns is not None and to_ns > self._closed_ns:
            share = max(0, self._closed_ns - from_ns) / (to_ns - from_ns)
            tokens *= share
            to_ns = self._closed_ns
            if to_ns <= from_ns:
                return
        self.total += tokens
        first, last = from_ns // SLOT_NS, (to_ns - 1) // SLOT_NS
        if first == last:
            self._put(last, tokens)
            return
        per_ns = tokens / (to_ns - from_ns)
        self._put(last, per_ns * (to_ns - last * SLOT_NS))
        for slot in range(max(first + 1, last - SLOTS), last):
            self._put(slot, per_ns * SLOT_NS)
        self._put(first, per_ns * ((first + 1) * SLOT_NS - from_ns))

    def smear_each(self, from_ns: int, times_ns: Sequence[int], tokens: Sequence[float]) -> None:
        """`smear` from `from_ns` to the first of `times_ns`, and from each of them to the next; none goes back."""
        newest = self._newest_from_ns // SLOT_NS
        begin = bisect_left(times_ns, self._newest_from_ns)
        end = bisect_left(times_ns, self._newest_to_ns)
        if begin or from_ns < self._newest_from_ns:
            begin += 1  # this one's gap began before the newest slot
        for at in (*range(min(begin, len(times_ns))), *range(max(begin, end), len(times_ns))):
            self.smear(times_ns[at - 1] if at else from_ns, times_ns[at], tokens[at])
        if begin < end:  # nearly always all of them, and nothing to be shared out between slots
            within = sum(tokens[begin:end])
            self.total += within
            self._put(newest, within)

    def _put(self, slot: int, tokens: float) -> None:
        if not self._slots:
            self._first = max(slot, 0)
        at = slot - self._first
        if at < 0:
            if at + SLOTS < len(self._slots) or slot < 0:
                return
            self._slots[:0] = [0.0] * -at
            self._first, at = slot, 0
        if at >= len(self._slots):
            self._slots.extend([0.0] * (at + 1 - len(self._slots)))
            surplus = len(self._slots) - SLOTS
            if surplus > 0:
                del self._slots[:surplus]
                self._first += surplus
                at -= surplus
            self._watch_newest()
        self._slots[at] += tokens

    def _watch_newest(self) -> None:
        """Between these two moments everything counts, and in the last slot."""
        self._newest_from_ns = (self._first + len(self._slots) - 1) * SLOT_NS
        self._newest_to_ns = self._newest_from_ns + SLOT_NS
        if self._closed_ns is not None:
            self._newest_to_ns = min(self._newest_to_ns, self._closed_ns)

    def state(self) -> Timeline:
        """The slots, ready to be sent."""
        return Timeline(first_slot=self._first, tokens=tuple(self._slots))
