"""A stretch of a run: now less a baseline. Frames are cumulative, so any window is one subtraction."""

from collections.abc import Iterable

from msgspec.structs import replace

from ..engine.energy import power_less, server_less
from ..engine.frame import BackendFrame, Frame, PairFrame
from ..engine.histogram import Histogram, HistogramState
from ..engine.serial import minus

_COUNTERS = (
    "scheduled", "finished", "failed", "not_sent", "held_back", "company", "resent", "active_ns", "arriving_tokens",
    "chunks", "characters", "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens",
    "reasoning_tokens", "usage_requests", "estimated_requests", "disbelieved_requests",
)  # fmt: skip


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
        self.totals = _totals(now, base)

    def histogram(self, metric: str) -> Histogram:
        """The window's values of `metric`; empty where the backend has none."""
        made = self._histograms.get(metric)
        if made is None:
            before = self.base.histograms.get(metric) if self.base else None
            made = self._histograms[metric] = _less(self.now.histograms.get(metric, HistogramState()), before)
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
        return _less(self.now.vendor.get(name, HistogramState()), before)

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


def _totals(now: BackendFrame, base: BackendFrame | None) -> BackendFrame:
    if base is None:
        return replace(now, histograms={}, vendor={}, series={})
    counts = {field: getattr(now, field) - getattr(base, field) for field in _COUNTERS}
    counts["scheduled"] += base.in_flight
    return replace(
        now,
        **counts,
        spent_usd=None if now.spent_usd is None else now.spent_usd - (base.spent_usd or 0.0),
        good=None if now.good is None else now.good - (base.good or 0),
        good_tokens=None if now.good_tokens is None else now.good_tokens - (base.good_tokens or 0),
        unsent=_less_counts(now.unsent, base.unsent),
        errors=_less_counts(now.errors, base.errors),
        finish_reasons=_less_counts(now.finish_reasons, base.finish_reasons),
        server=server_less(now.server, base.server),
        power=power_less(now.power, base.power),
        histograms={},
        vendor={},
        series={},
    )


def _less_counts(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {key: grown for key, count in now.items() if (grown := count - before.get(key, 0))}


def _less(now: HistogramState, before: HistogramState | None) -> Histogram:
    made = Histogram.of(now)
    return made - Histogram.of(before) if before is not None else made


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
