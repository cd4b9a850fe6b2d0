"""How far another machine's clock is from ours, from questions and answers over a network.

F. Cristian, "Probabilistic clock synchronization", Distributed Computing 3 (1989): the answer was read somewhere
between question and reply, so the midpoint is wrong by half the round trip at most, and the quickest one says most.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Exchange(NamedTuple):
    """One question: when it left and its answer came, on our clock, and what the other clock said, in ns."""

    asked_ns: int
    said_ns: int
    answered_ns: int

    @property
    def round_trip_ns(self) -> int:
        """From question to answer."""
        return self.answered_ns - self.asked_ns


class Offset(NamedTuple):
    """The other clock is ahead of ours by `ahead_ns`, give or take `error_ns`; found out in `round_trip_ns`."""

    ahead_ns: int
    error_ns: int
    round_trip_ns: int


def offset(exchanges: Sequence[Exchange]) -> Offset:
    """What the quickest of `exchanges`, at least one, says."""
    best = min(exchanges, key=lambda each: each.round_trip_ns)
    error_ns = -(-best.round_trip_ns // 2)
    return Offset(best.said_ns - (best.asked_ns + best.answered_ns) // 2, error_ns, best.round_trip_ns)
