"""Every 2nd, 4th, 8th … request apart, with its serial correlation, for statistics that need independence.

Autocorrelated samples break confidence sequences and thinning repairs them (measurement.md, "Statistics that
survive watching"); which stride is needed is seen only later, so all are kept. Everything here merges by addition.
"""

from math import log
from typing import Final

from .frame import Thinned
from .histogram import Histogram

STRIDES: Final = (1, 2, 4, 8, 16, 32)
_MOST_WAITING = 1024


class _Strand:
    __slots__ = ("_waiting", "histogram", "pairs", "stride", "sums")

    def __init__(self, stride: int) -> None:
        self.stride = stride
        self.histogram = Histogram()
        self.pairs = 0
        self.sums = [0.0, 0.0, 0.0, 0.0, 0.0]
        self._waiting: dict[int, float] = {}  # values whose neighbours have not all come, by request index

    def add(self, index: int, value_ns: int, x: float) -> None:
        self.histogram.add(value_ns)
        before = self._waiting.get(index - self.stride)
        after = self._waiting.get(index + self.stride)
        if before is not None:
            self._pair(before, x)
        if after is not None:
            self._pair(x, after)
        self._waiting[index] = x
        if len(self._waiting) > _MOST_WAITING:  # neighbours that failed never come
            del self._waiting[next(iter(self._waiting))]

    def _pair(self, x: float, y: float) -> None:
        self.pairs += 1
        for at, term in enumerate((x, y, x * x, y * y, x * y)):
            self.sums[at] += term

    def state(self) -> Thinned:
        a, b, c, d, e = self.sums
        return Thinned(stride=self.stride, histogram=self.histogram.state(), pairs=self.pairs, sums=(a, b, c, d, e))


class Thinning:
    """One metric of one backend at every stride."""

    __slots__ = ("_strands",)

    def __init__(self) -> None:
        self._strands = [_Strand(stride) for stride in STRIDES]

    def add(self, index: int, value_ns: int) -> None:
        """The metric of request `index`; requests may finish in any order."""
        x = log(max(value_ns, 1))
        for strand in self._strands:
            if index % strand.stride:
                break
            strand.add(index, value_ns, x)

    def state(self) -> tuple[Thinned, ...]:
        """All strides, ascending, those that are not empty."""
        return tuple(strand.state() for strand in self._strands if len(strand.histogram))


def lag1(thinned: Thinned) -> float | None:
    """Lag-1 autocorrelation of ln(value) over the request order; None below three pairs or without variance."""
    n = thinned.pairs
    if n < 3:
        return None
    sx, sy, sxx, syy, sxy = thinned.sums
    vx, vy = sxx - sx * sx / n, syy - sy * sy / n
    if vx <= 1e-12 * n or vy <= 1e-12 * n:
        return None
    return float((sxy - sx * sy / n) / (vx * vy) ** 0.5)
