"""Tokens over time, many gaps at once: the arithmetic of `timeline.TokenTimeline` on arrays."""

import numpy as np
import numpy.typing as npt

from ..frame import SLOT_NS, SLOTS, Timeline

Times = npt.NDArray[np.int64]


class Spread:
    """Tokens per slot of run time, the last SLOTS slots, and their total since the start.

    Args:
        closed_ns: nothing counts that arrives later; None counts everything.

    Attributes:
        total: tokens that counted.
    """

    def __init__(self, closed_ns: int | None = None) -> None:
        self.total = 0.0
        self._closed_ns = closed_ns
        self._first = 0
        self._slots = np.zeros(SLOTS)
        self._used = 0  # slots from `_first` on that were reached

    def close(self, at_ns: int) -> None:
        """Count nothing that arrives after `at_ns`."""
        self._closed_ns = at_ns

    def smear(self, from_ns: Times, to_ns: Times, tokens: npt.NDArray[np.float64]) -> None:
        """Tokens that came evenly over (from_ns, to_ns], at one moment where these are equal; all of shape (n,)."""
        if self._closed_ns is not None and len(to_ns) and int(to_ns.max()) > self._closed_ns:
            inside = np.maximum(0, np.minimum(to_ns, self._closed_ns) - from_ns)
            points = (to_ns == from_ns) & (to_ns <= self._closed_ns)
            tokens = tokens * np.where(points, 1.0, inside / np.maximum(1, to_ns - from_ns))
            to_ns = np.minimum(to_ns, self._closed_ns)
            counts = tokens > 0
            from_ns, to_ns, tokens = from_ns[counts], to_ns[counts], tokens[counts]
        if not len(to_ns):
            return
        self.total += float(tokens.sum())
        # A moment belongs to the slot it begins; a gap to the slots it lies in, its end included.
        last = np.where(from_ns < to_ns, to_ns - 1, to_ns) // SLOT_NS
        self._reach(int(last.max()))
        recent = last >= self._first
        from_ns, to_ns, tokens, last = from_ns[recent], to_ns[recent], tokens[recent], last[recent]
        alone = from_ns // SLOT_NS == last
        self._put(last[alone], tokens[alone])
        last, from_ns, to_ns, tokens = (each[~alone] for each in (last, from_ns, to_ns, tokens))
        per_ns = tokens / (to_ns - from_ns)
        slot = np.maximum(from_ns // SLOT_NS, self._first)
        while len(slot):
            covered = np.minimum(to_ns, (slot + 1) * SLOT_NS) - np.maximum(from_ns, slot * SLOT_NS)
            self._put(slot, per_ns * covered)
            more = slot < last
            slot, last, from_ns, to_ns, per_ns = (each[more] for each in (slot + 1, last, from_ns, to_ns, per_ns))

    def _reach(self, slot: int) -> None:
        """Move on so that `slot` is among the slots kept."""
        surplus = slot + 1 - self._first - SLOTS
        if surplus > 0:
            kept = self._slots[min(surplus, SLOTS) :]
            self._slots = np.concatenate((kept, np.zeros(SLOTS - len(kept))))
            self._first += surplus
        self._used = max(self._used - max(surplus, 0), slot + 1 - self._first)

    def _put(self, slots: Times, tokens: npt.NDArray[np.float64]) -> None:
        self._slots += np.bincount(slots - self._first, tokens, minlength=SLOTS)[:SLOTS]

    def state(self) -> Timeline:
        """The slots, ready to be sent."""
        return Timeline(first_slot=self._first, tokens=tuple(self._slots[: self._used].tolist()))
