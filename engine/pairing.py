"""Backends on the same prompts: the difference of their logarithms, prompt by prompt, for every pair.

What a prompt's length does to both backends cancels, so far fewer prompts tell two backends apart, and what is left
depends much less on its neighbours. A value waits for the other backends' on the same prompt in a ring of the last
ROWS prompts. Sums merge by addition.
"""

from array import array
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from .frame import JUDGED, PairFrame, Serial
from .serial import SerialSums

ROWS: Final = 32_768
"""Prompts a backend can be behind the first one and still be compared with it."""

_FREE = -1


class _Metric:
    """One metric of all backends: ring of values, and the sums of every pair.

    Attributes:
        pairs: by the numbers of two backends, the lower first.
    """

    __slots__ = ("_backends", "_counts", "_indices", "_none", "_partners", "_values", "pairs", "unpaired")

    def __init__(self, backends: int) -> None:
        self._backends = backends
        self._none = array("d", [0.0] * backends)  # values are logarithms of ns, so 0.0 is none of them
        self._values = self._none * ROWS
        self._indices = array("q", [_FREE]) * ROWS
        self._counts = array("b", [0]) * ROWS
        self.pairs = {pair: SerialSums() for pair in combinations(range(backends), 2)}
        self._partners = tuple(
            tuple(
                (other, self.pairs[min(one, other), max(one, other)].add, 1.0 if one < other else -1.0)
                for other in range(backends)
                if other != one
            )
            for one in range(backends)
        )
        self.unpaired = 0

    def add(self, backend: int, index: int, x: float) -> None:
        row = index % ROWS
        at = row * self._backends
        values = self._values
        holder = self._indices[row]
        if holder != index:
            if holder > index:
                self.unpaired += 1
                return
            if holder != _FREE and (count := self._counts[row]) < self._backends:
                self.unpaired += count
            values[at : at + self._backends] = self._none
            self._indices[row] = index
            self._counts[row] = 0
        values[at + backend] = x
        self._counts[row] += 1
        for other, add, sign in self._partners[backend]:
            if y := values[at + other]:
                add(sign * (x - y))


class Pairing:
    """Every two of `names` on the same prompts.

    Args:
        names: of the backends.
        workers: that share the prompts: one worker's indices are that far apart.
    """

    def __init__(self, names: list[str], workers: int = 1) -> None:
        self._names = names
        self._workers = workers
        self._metrics = {metric: _Metric(len(names)) for metric in JUDGED}

    def of(self, name: str) -> "Side":
        """Where the backend called `name` puts its values."""
        return Side(self._metrics, self._names.index(name), self._workers)

    @property
    def unpaired(self) -> int:
        """Values given up before every other backend had answered that prompt."""
        return sum(metric.unpaired for metric in self._metrics.values())

    def pairs(self) -> Iterator[PairFrame]:
        """The sums so far, pair by pair, so that whoever asks can give way between them."""
        for a, b in combinations(range(len(self._names)), 2):
            yield PairFrame(a=self._names[a], b=self._names[b], differences=self._differences(a, b))

    def _differences(self, a: int, b: int) -> dict[str, tuple[Serial, ...]]:
        found = {name: metric.pairs[a, b].state() for name, metric in self._metrics.items()}
        return {name: sums for name, sums in found.items() if sums}


class Side:
    """One backend's entrance to a `Pairing`."""

    __slots__ = ("_backend", "_metrics", "_workers")

    def __init__(self, metrics: dict[str, _Metric], backend: int, workers: int) -> None:
        self._metrics = metrics
        self._backend = backend
        self._workers = workers

    def add(self, metric: str, index: int, x: float) -> None:
        """ln(value in ns) of a metric of JUDGED for prompt `index`, x > 0; at most once for each."""
        self._metrics[metric].add(self._backend, index // self._workers, x)
