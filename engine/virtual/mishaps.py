"""What faults do to answers on their way: held back for a while, or cut off (`backends.fleet.answering`).

The scheduler knows nothing of it. A struck answer is followed chunk by chunk around the moments that matter, and its
chunks of those moments are said to come *apart*; all others are counted by the stretch (`pace`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...backends.fleet.faults import Fault, first_of_kind, token_of
from ...backends.fleet.scheduler import FOREVER, Stretch


@dataclass(slots=True)
class Mishap:
    """A struck answer.

    Attributes:
        output_tokens: its length.
        stall_after: tokens after which nothing comes for a while; None never.
        stall_ns: for how long.
        cut_after: tokens after which the connection ends, or in place of the answer's end; None never.
        passed: tokens that the client has.
        last_ns: when the last of them came.
        stalled: whether nothing comes now.
        resumed: whether nothing has come since that was over, so that the next gap is no step.
        waiting: tokens held back.
        ended: whether the answer's end is among them.
    """

    output_tokens: int
    stall_after: int | None
    stall_ns: int
    cut_after: int | None
    passed: int = 0
    last_ns: int = 0
    stalled: bool = False
    resumed: bool = False
    waiting: int = 0
    ended: bool = False

    def steps(self, most_tokens: int) -> int:
        """After how many steps of at most `most_tokens` each it must be looked at again."""
        if self.stalled:
            return FOREVER
        if self.resumed:
            return 1
        steps = FOREVER
        if self.stall_after is not None:
            steps = -(-(self.stall_after - self.passed) // most_tokens)
        if self.cut_after is not None:
            to_cut = -(-(self.cut_after - self.passed) // most_tokens)
            before_end = (self.output_tokens - 1 - self.passed) // most_tokens  # its end comes in a step of its own
            steps = min(steps, to_cut, before_end)
        return max(1, steps)

    @property
    def to_be_cut(self) -> bool:
        """Whether it has got as far as that."""
        return self.cut_after is not None and self.passed >= self.cut_after

    @property
    def to_stall(self) -> bool:
        """Whether it has got as far as that, the first time."""
        return self.stall_after is not None and self.passed >= self.stall_after


def mishap(struck: Sequence[Fault], seed: int, known_by: str, output_tokens: int) -> Mishap | None:
    """What `struck` do to an answer once it is under way; None if nothing."""
    stall, cut = first_of_kind(struck, "stall"), first_of_kind(struck, "cut")
    if stall is None and cut is None:
        return None
    return Mishap(
        output_tokens=output_tokens,
        stall_after=None if stall is None else token_of(stall, seed, known_by, output_tokens),
        stall_ns=0 if stall is None else round(stall.stall_s * 1e9),
        cut_after=None if cut is None else token_of(cut, seed, known_by, output_tokens),
    )


def apart(mishaps: Iterable[tuple[int, Mishap]], stretch: Stretch) -> frozenset[int]:
    """Those whose chunks of `stretch` are not to be counted with the others'."""
    return frozenset(
        index
        for index, each in mishaps
        if each.stalled or each.resumed or (each.cut_after is not None and index in stretch.finished)
    )
