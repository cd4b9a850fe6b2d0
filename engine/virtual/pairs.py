"""Backends on the same prompts, many values at once: what `pairing` does one by one."""

from itertools import combinations

import numpy as np

from ..frame import JUDGED, PairFrame, Serial
from ..pairing import ROWS
from ..serial import SerialSums
from .account import Values
from .pace import Column

_FREE = -1


class _Metric:
    """One metric of all backends: ring of values, and the sums of every pair."""

    def __init__(self, backends: int) -> None:
        self._index = np.full(ROWS, _FREE, np.int64)
        self._logs = np.full((ROWS, backends), np.nan)
        self._order = np.zeros((ROWS, backends), np.int64)  # at which place, of all values ever, it came
        self._came = 0
        self.pairs = {pair: SerialSums() for pair in combinations(range(backends), 2)}
        self.unpaired = 0

    def add(self, values: list[Values]) -> None:
        """The values of each backend that became known at the same time, or later than those before."""
        backend = np.repeat(np.arange(len(values)), [len(each.prompts) for each in values])
        if not len(backend):
            return
        index, at_ns, logs = (np.concatenate(columns) for columns in zip(*values, strict=True))
        by_time = np.lexsort((backend, at_ns))
        index, backend, logs = index[by_time], backend[by_time], logs[by_time]
        rows = index % ROWS
        self._make_room(rows, index)
        current = self._index[rows] == index
        self.unpaired += int((~current).sum())
        rows, backend, logs = rows[current], backend[current], logs[current]
        before = self._came
        self._came += len(rows)
        self._logs[rows, backend] = logs
        self._order[rows, backend] = np.arange(before, self._came)
        rows = np.unique(rows)
        for (a, b), sums in self.pairs.items():
            later = np.maximum(self._order[rows, a], self._order[rows, b])
            differences = self._logs[rows, a] - self._logs[rows, b]
            new = (later >= before) & ~np.isnan(differences)
            sums.extend(differences[new][np.argsort(later[new])])

    def _make_room(self, rows: Column, index: Column) -> None:
        """Give each row to the highest index that ever came to it; what waited there for the others is given up."""
        held = self._index.copy()
        np.maximum.at(self._index, rows, index)
        taken = np.flatnonzero(self._index != held)
        waiting = (~np.isnan(self._logs[taken])).sum(axis=1)
        self.unpaired += int(waiting[waiting < self._logs.shape[1]].sum())
        self._logs[taken] = np.nan


class Pairs:
    """Every two of `names` on the same prompts."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._metrics = {metric: _Metric(len(names)) for metric in JUDGED}

    def add(self, found: list[dict[str, Values]]) -> None:
        """What became known of each backend, in the order of `names`."""
        for name, metric in self._metrics.items():
            metric.add([each[name] for each in found])

    @property
    def unpaired(self) -> int:
        """Values given up before every other backend had answered that prompt."""
        return sum(metric.unpaired for metric in self._metrics.values())

    def state(self) -> tuple[PairFrame, ...]:
        """The sums so far."""
        return tuple(
            PairFrame(a=self._names[a], b=self._names[b], differences=self._differences(a, b))
            for a, b in combinations(range(len(self._names)), 2)
        )

    def _differences(self, a: int, b: int) -> dict[str, tuple[Serial, ...]]:
        found = {name: metric.pairs[a, b].state() for name, metric in self._metrics.items()}
        return {name: sums for name, sums in found.items() if sums}
