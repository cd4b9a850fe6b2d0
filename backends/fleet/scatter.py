"""How step times scatter: an ordinary step by jitter, a few by a stall besides; drawn many at a time.

Step k of a scheduler is multiplied by factor k, however the scheduler is driven, so that a run in real time and one
in virtual time draw the same.
"""

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

from .stacks import Tail

LEAST_FACTOR: Final = 0.5
_BLOCK: Final = 4096


def tail_factors(tail: Tail, count: int, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """What `count` steps are multiplied by, shape (count,); the mean is 1 + stall_share · stall_scale."""
    factors = np.maximum(LEAST_FACTOR, 1 + tail.jitter * random.standard_normal(count))
    stalls = random.random(count) < tail.stall_share
    factors[stalls] += tail.stall_scale * random.standard_exponential(int(stalls.sum()))
    return np.asarray(factors)


class Scatter:
    """The factors of one scheduler, in order; the same for the same key.

    Attributes:
        factors: of the block at hand.
        listed: the same as plain numbers, which are quicker to take one by one.
        at: where in the block the next one is.
    """

    __slots__ = ("_random", "_tail", "at", "factors", "listed")

    def __init__(self, tail: Tail, *key: int | str) -> None:
        digest = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=16).digest()
        self._random = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
        self._tail = tail
        self._refill()

    def _refill(self) -> None:
        self.factors = tail_factors(self._tail, _BLOCK, self._random)
        self.listed: list[float] = self.factors.tolist()
        self.at = 0

    def left(self) -> int:
        """Factors left in the block, at least one."""
        if self.at == _BLOCK:
            self._refill()
        return _BLOCK - self.at
