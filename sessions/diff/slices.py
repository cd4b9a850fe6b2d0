"""What a run's frames say of its own noise: the run is cut into slices of time, and it shows how alike they are."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ...engine.energy import j_per_output_token, joules
from ...engine.figures import (
    attainment,
    billed_output_tokens,
    goodput_per_s,
    in_flight_together,
    tok_s,
    usd_per_m_output,
)
from ...engine.frame import GOOD, BackendFrame, Frame
from ...engine.histogram import EDGES_NS, Histogram, HistogramState, filled_buckets
from ...engine.serial import dependence
from .estimate import Counts, Estimate, quantile, ratio, ratio_error, share
from .metrics import METRICS, Metric

MOST_SLICES: Final = 512
_SETTLED: Final = ("running", "draining", "done")

_SERIES: Final = {
    "ttft": "ttft_sched", "ttft_sched": "ttft_sched", "ttfo": "ttft_sched", "tpot": "tpot", "e2e": "e2e_sched",
    "e2e_sched": "e2e_sched",
}  # fmt: skip
"""Histogram to the series of the same values, or of values that go with them."""


def thinned(frames: Iterable[Frame]) -> list[Frame]:
    """Frames of the measured window, evenly apart in time, few enough; the last one is always among them."""
    kept: list[Frame] = []
    last: Frame | None = None
    step_ns = 0
    for frame in frames:
        last = frame
        if frame.phase not in _SETTLED or (kept and frame.at_ns < kept[-1].at_ns + max(step_ns, 1)):
            continue
        if kept and not step_ns:
            step_ns = (frame.at_ns - kept[-1].at_ns) * 9 // 10  # an event adds a frame out of turn
        kept.append(frame)
        if len(kept) > 2 * MOST_SLICES:
            kept, step_ns = kept[::2], 2 * step_ns
    if last is not None and (not kept or kept[-1] is not last):
        kept.append(last)
    return kept


def estimates(slices: Sequence[BackendFrame]) -> dict[str, Estimate]:
    """Every metric of one backend; `slices` are its frames in order, the last the whole run's."""
    run = slices[-1]
    found: dict[str, Estimate] = {}
    for name in run.histograms:
        metrics = [metric for metric in METRICS.values() if metric.histogram == name]
        found |= _percentiles(slices, metrics) if metrics else {}
    tokens = _since(slices, lambda each: each.arriving_tokens)
    active = _since(slices, lambda each: each.active_ns / 1e9)
    for name, value, amounts, per in (
        ("tok_s", tok_s(run), tokens, active),
        ("goodput", goodput_per_s(run), _since(slices, lambda each: each.good or 0), active),
        (
            "usd_per_m",
            usd_per_m_output(run),
            _since(slices, lambda each: (each.spent_usd or 0.0) * 1e6),
            _since(slices, billed_output_tokens),
        ),
        ("j_per_token", j_per_output_token(run), _since(slices, lambda each: joules(each.power) or 0.0), tokens),
    ):
        if value is not None:
            found[name] = ratio(value, ratio_error(amounts, per), run.finished)
    return found | _shares(slices)


def _shares(slices: Sequence[BackendFrame]) -> dict[str, Estimate]:
    """Requests in flight together fail together, and meet an SLO together; how much, slices show, and the series."""
    run = slices[-1]
    together = in_flight_together(run)
    ended = _since(slices, _ended)
    failed = _since(slices, lambda each: _ended(each) - each.finished)
    n = _ended(run)
    found = {"error_rate": share(n - run.finished, n, max(together, _worth(failed, ended)))}
    if attainment(run) is not None:
        good = _since(slices, lambda each: each.good or 0)
        series = dependence(run.series.get(GOOD, ()), together)
        told = series.worth if series.known else together
        found["attainment"] = share(run.good or 0, n, max(told, _worth(good, ended)))
    return found


def _ended(backend: BackendFrame) -> int:
    """Requests that are settled, those that never left included."""
    return backend.scheduled - backend.in_flight


def _worth(counts: Counts, of: Counts) -> float:
    """How many requests are worth one independent one, by how their share differs between slices; 1 if unknown."""
    error, n = ratio_error(counts, of), float(of.sum())
    p = float(counts.sum()) / n if n else 0.0
    return error**2 * n / (p * (1 - p)) if error is not None and 0 < p < 1 else 1.0


def _percentiles(slices: Sequence[BackendFrame], metrics: Sequence[Metric]) -> dict[str, Estimate]:
    """Percentiles of one histogram.

    A rank's error is seen in two ways: how single requests follow on each other, and how slices differ.
    """
    run, name = slices[-1], metrics[0].histogram
    histogram = Histogram.of(run.histograms[name])
    found = dependence(run.series.get(_SERIES.get(name, ""), ()), in_flight_together(run))
    filled = [_filled(each.histograms.get(name, HistogramState())) for each in slices]
    made = {}
    for metric in metrics:
        p, errors = metric.p, []
        if histogram.supports(p):
            if found.known:
                errors.append((p * (1 - p) * found.worth / len(histogram)) ** 0.5)
            bucket = int(np.searchsorted(EDGES_NS, histogram.quantile_ns(p) or 0.0, "right")) - 1
            counted = np.array([(n - count[index <= bucket].sum(), n) for index, count, n in filled], np.float64)
            steps = np.diff(counted, axis=0, prepend=0.0)
            seen = ratio_error(steps[:, 0], steps[:, 1])
            errors += [] if seen is None else [seen]
        made[metric.name] = quantile(histogram, p, errors)
    return made


def _filled(state: HistogramState) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Buckets that are not empty, below them one more of what is under all, their counts, and how many values."""
    index, count = filled_buckets(state)
    index, count = np.concatenate(([-1], index)), np.concatenate(([state.under], count))
    return index, count, int(count.sum()) + state.over


def _since(slices: Sequence[BackendFrame], total: Callable[[BackendFrame], float]) -> Counts:
    """What came to a total in each slice."""
    return np.diff(np.array([total(each) for each in slices], np.float64), prepend=0.0)
