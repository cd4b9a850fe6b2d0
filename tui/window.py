"""A stretch of a run: now less a baseline. Frames are cumulative, so any window is one subtraction."""

from collections.abc import Iterable

from msgspec.structs import replace

from ..engine.frame import BackendFrame, Frame, PairFrame
from ..engine.histogram import Histogram, HistogramState
from ..engine.serial import minus
from ..engine.window import histogram_since, totals_since


class BackendWindow:
    """One backend since a baseline; without one, since the start of the run.

    Attributes:
        now: the newest frame's totals.
        base: the baseline's totals, None for the start of the run.
        totals: the window as a frame of its own, without histograms. Requests under way when it opened are
            scheduled in it, so that every request is still accounted for.
    """

    __slots__ = ("_histograms", "_quantiles", "_samples", "base", "now", "totals")

    def __init__(self, now: BackendFrame, base: BackendFrame | None = None) -> None:
        self.now = now
        self.base = base
        self._histograms: dict[str, Histogram] = {}
        self._quantiles: dict[tuple[str, float], float | None] = {}
        self._samples: dict[str, int] = {}
        self.totals = totals_since(now, base)

    def histogram(self, metric: str) -> Histogram:
        """The window's values of `metric`; empty where the backend has none."""
        made = self._histograms.get(metric)
        if made is None:
            before = self.base.histograms.get(metric) if self.base else None
            made = self._histograms[metric] = histogram_since(
                self.now.histograms.get(metric, HistogramState()), before
            )
        return made

    def quantile_ns(self, metric: str, p: float) -> float | None:
        """The window's p-quantile of `metric`; None where it has no values."""
        key = metric, p
        if key not in self._quantiles:
            self._quantiles[key] = self.histogram(metric).quantile_ns(p)
        return self._quantiles[key]

    def vendor(self, name: str) -> Histogram:
        """The window's values of a timing of the server's own; empty where it tells none."""
        before = self.base.vendor.get(name) if self.base else None
        return histogram_since(self.now.vendor.get(name, HistogramState()), before)

    def samples(self, metric: str) -> int:
        """How many values of `metric` the window has."""
        if metric not in self._samples:
            self._samples[metric] = len(self.histogram(metric))
        return self._samples[metric]

    def frame(self, metrics: Iterable[str]) -> BackendFrame:
        """`totals` with the histograms and series of `metrics`."""
        names = [name for name in metrics if name in self.now.histograms]
        if self.base is None:
            return replace(
                self.totals,
                histograms={name: self.now.histograms[name] for name in names},
                series={name: self.now.series[name] for name in names if name in self.now.series},
            )
        before = self.base.series
        return replace(
            self.totals,
            histograms={name: self.histogram(name).state() for name in names},
            series={
                name: minus(self.now.series[name], before.get(name, ())) for name in names if name in self.now.series
            },
        )


def paired_since(now: Frame, base: Frame | None) -> tuple[PairFrame, ...]:
    """Every pair's differences since `base`; without one, since the start of the run."""
    if base is None:
        return now.paired
    before = {(pair.a, pair.b): pair.differences for pair in base.paired}
    return tuple(
        replace(
            pair,
            differences={
                metric: minus(levels, before.get((pair.a, pair.b), {}).get(metric, ()))
                for metric, levels in pair.differences.items()
            },
        )
        for pair in now.paired
    )
