"""Log-bucket histograms of durations: exact to merge and subtract, 0.5 % relative error.

Definition: measurement.md, "Histograms" (fixed log buckets, gamma = (1 + a)/(1 - a), estimate = lower edge
times 2 gamma/(1 + gamma), 10 us to 1000 s plus under and overflow). The same edges everywhere, so panels align
and any two histograms add and subtract.
"""

from collections.abc import Iterable
from math import ceil
from typing import Final, Self

import msgspec
import numpy as np
import numpy.typing as npt

ALPHA: Final = 0.005
GAMMA: Final = (1 + ALPHA) / (1 - ALPHA)
LOW_NS: Final = 10_000
HIGH_NS: Final = 1_000_000_000_000
BUCKETS: Final = int(np.ceil(np.log(HIGH_NS / LOW_NS) / np.log(GAMMA)))
EDGES_NS: Final[npt.NDArray[np.float64]] = np.asarray(LOW_NS * GAMMA ** np.arange(BUCKETS + 1), np.float64)
"""Bucket i holds values in [EDGES_NS[i], EDGES_NS[i + 1])."""
CENTRES_NS: Final[npt.NDArray[np.float64]] = np.asarray(EDGES_NS[:-1] * (2 * GAMMA / (1 + GAMMA)), np.float64)

FLOORS: Final = {0.5: 11, 0.9: 64, 0.95: 130, 0.99: 662, 0.999: 6636}
"""Samples a percentile needs before it is shown as fact (99 % confidence, MLPerf order statistics)."""

_LOG_GAMMA = float(np.log(GAMMA))
_FLUSH_AT = 4096
_WIDTHS = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}


def _narrowest(most: int) -> str:
    """The unsigned type that holds counts up to `most` in the fewest bytes."""
    return next(kind for size, kind in _WIDTHS.items() if most < 1 << 8 * size)


def _how_many(chosen: npt.NDArray[np.bool_], times: npt.NDArray[np.int64] | None) -> int:
    return int(chosen.sum() if times is None else times[chosen].sum())


class HistogramState(msgspec.Struct, frozen=True, array_like=True):
    """A histogram as it crosses a process boundary: sparse, self-contained.

    Attributes:
        index: bucket numbers that are not empty, little-endian uint16.
        count: their counts, as many as `index`, little-endian unsigned of the least width that holds them all
            (1, 2, 4 or 8 bytes each).
        under: values below 10 us.
        over: values of 1000 s and above.
        total_ns: sum of all values.
        min_ns: smallest value, 0 when empty.
        max_ns: largest value, 0 when empty.
    """

    index: bytes = b""
    count: bytes = b""
    under: int = 0
    over: int = 0
    total_ns: int = 0
    min_ns: int = 0
    max_ns: int = 0


def filled_buckets(state: HistogramState) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The numbers of the buckets that are not empty, and their counts; raises ValueError if they do not fit."""
    index = np.frombuffer(state.index, "<u2")
    width = {size * len(index): kind for size, kind in _WIDTHS.items()}.get(len(state.count))
    if width is None or (len(index) and int(index.max()) >= BUCKETS):
        raise ValueError("histogram state: index and count do not fit")
    return index.astype(np.int64), np.frombuffer(state.count, width).astype(np.int64)


class Histogram:
    """Counts of durations in ns; `add` is cheap, the buckets are filled in batches."""

    __slots__ = ("_counts", "_cumulative", "_max_ns", "_min_ns", "_over", "_pending", "_state", "_total_ns", "_under")

    def __init__(self) -> None:
        self._counts: npt.NDArray[np.int64] = np.zeros(BUCKETS, np.int64)
        self._cumulative: npt.NDArray[np.int64] | None = None
        self._pending: list[int] = []
        self._state: HistogramState | None = None
        self._under = 0
        self._over = 0
        self._total_ns = 0
        self._min_ns = 0
        self._max_ns = 0

    @classmethod
    def of(cls, *states: HistogramState) -> Self:
        """The histogram of all values in `states`; raises ValueError if arrays of one do not fit."""
        made = cls()
        for state in states:
            index, count = filled_buckets(state)
            made._counts[index] += count
            made._under += state.under
            made._over += state.over
            made._total_ns += state.total_ns
            made._max_ns = max(made._max_ns, state.max_ns)
        filled = [state for state in states if state.index or state.under or state.over]
        made._min_ns = min((state.min_ns for state in filled), default=0)
        return made

    def add(self, value_ns: int) -> None:
        """Count one duration; a negative one counts as 0."""
        self._pending.append(value_ns)
        if len(self._pending) >= _FLUSH_AT:
            self._flush()

    def extend(self, values_ns: Iterable[int]) -> None:
        """Count many durations."""
        self._pending.extend(values_ns)
        if len(self._pending) >= _FLUSH_AT:
            self._flush()

    def add_times(self, value_ns: int, times: int) -> None:
        """Count one duration `times` times, at least once; costs no more where they are millions."""
        if times < _FLUSH_AT:
            self.extend([value_ns] * times)
        else:
            self.count(np.array([value_ns]), np.array([times]))

    def count(self, values_ns: npt.NDArray[np.int64], times: npt.NDArray[np.int64] | None = None) -> None:
        """Count an array of durations, each as often as `times` says (at least once); both of shape (n,)."""
        self._flush()
        if len(values_ns):
            self._count(np.maximum(values_ns, 0), times)

    def _flush(self) -> None:
        if self._pending:
            values = np.maximum(np.asarray(self._pending, np.int64), 0)
            self._pending.clear()
            self._count(values, None)

    def _count(self, values: npt.NDArray[np.int64], times: npt.NDArray[np.int64] | None) -> None:
        self._state = self._cumulative = None
        first = not len(self)
        self._total_ns += int(values.sum() if times is None else np.dot(values, times))
        low, high = int(values.min()), int(values.max())
        self._min_ns = low if first else min(self._min_ns, low)
        self._max_ns = max(self._max_ns, high)
        if low < LOW_NS:
            inside = values >= LOW_NS
            self._under += _how_many(~inside, times)
            values, times = values[inside], None if times is None else times[inside]
        index = np.floor(np.log(values / LOW_NS) / _LOG_GAMMA).astype(np.int64)
        if high >= HIGH_NS:
            inside = index < BUCKETS
            self._over += _how_many(~inside, times)
            index, times = index[inside], None if times is None else times[inside]
        # Counts are sums of whole numbers far below 2^53, so weights in floating point are exact.
        self._counts += np.bincount(index, times, minlength=BUCKETS)[:BUCKETS].astype(np.int64)

    def __len__(self) -> int:
        """How many values were counted."""
        return int(self._counts.sum()) + self._under + self._over + len(self._pending)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Counts per bucket, shape (BUCKETS,); do not write to it."""
        self._flush()
        return self._counts

    def state(self) -> HistogramState:
        """This histogram, ready to be sent; made anew only after something was counted."""
        self._flush()
        if self._state is None:
            index = np.flatnonzero(self._counts)
            count = self._counts[index]
            self._state = HistogramState(
                index.astype("<u2").tobytes(),
                count.astype(_narrowest(int(count.max(initial=0)))).tobytes(),
                self._under,
                self._over,
                self._total_ns,
                self._min_ns,
                self._max_ns,
            )
        return self._state

    @property
    def min_ns(self) -> int:
        """Smallest value, 0 when empty."""
        self._flush()
        return self._min_ns

    @property
    def max_ns(self) -> int:
        """Largest value, 0 when empty."""
        self._flush()
        return self._max_ns

    def __add__(self, other: "Histogram") -> "Histogram":
        """All values of both."""
        return self._combined(other, 1)

    def __sub__(self, earlier: "Histogram") -> "Histogram":
        """The values counted since `earlier`, a former state of this histogram.

        Extremes of a difference are not known; they are the edges of its outermost buckets.
        """
        return self._combined(earlier, -1)

    def _combined(self, other: "Histogram", sign: int) -> "Histogram":
        made = Histogram()
        made._counts = self.counts + sign * other.counts
        made._under = self._under + sign * other._under
        made._over = self._over + sign * other._over
        made._total_ns = self._total_ns + sign * other._total_ns
        if sign > 0:
            known = [h for h in (self, other) if len(h)]
            made._min_ns = min((h._min_ns for h in known), default=0)
            made._max_ns = max((h._max_ns for h in known), default=0)
        elif not len(other):
            made._min_ns, made._max_ns = self._min_ns, self._max_ns
        elif len(made):
            filled = np.flatnonzero(made._counts)
            inside = len(filled) > 0
            made._min_ns = int(EDGES_NS[filled[0]]) if inside and not made._under else self._min_ns
            made._max_ns = int(EDGES_NS[filled[-1] + 1]) if inside and not made._over else self._max_ns
            made._max_ns = min(made._max_ns, self._max_ns)
        return made

    def mean_ns(self) -> float | None:
        """Arithmetic mean (exact, not from buckets); None when empty."""
        n = len(self)
        self._flush()
        return self._total_ns / n if n else None

    def quantile_ns(self, p: float) -> float | None:
        """The p-quantile (0 < p <= 1, nearest rank), within 0.5 %; None when empty.

        Underflow reports the least value seen and overflow the greatest.
        """
        self._flush()
        if self._cumulative is None:
            self._cumulative = np.cumsum(self._counts)
        n = int(self._cumulative[-1]) + self._under + self._over
        if not n:
            return None
        rank = max(1, ceil(p * n))
        if rank <= self._under:
            return float(self._min_ns)
        at = int(np.searchsorted(self._cumulative, rank - self._under))
        if at >= BUCKETS:
            return float(self._max_ns)
        return float(min(max(CENTRES_NS[at], self._min_ns), self._max_ns))

    def supports(self, p: float) -> bool:
        """Whether the sample is large enough for the p-quantile to be shown as fact (`FLOORS`)."""
        return len(self) >= FLOORS[p]
