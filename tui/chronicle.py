"""The run so far as pictures over time: every backend's past, and the scales those pictures stand on."""

from collections import defaultdict
from typing import Final, NamedTuple

from ..engine.frame import Frame
from .costcurves import CostCurves, CostScale
from .heatmap import HeatMap, HeatScale
from .metrics import Metric
from .pairedpast import PairedPast, Ratios
from .past import SPANS_S, Past


class Time(NamedTuple):
    """Which time is shown: columns of `span_s` up to second `until_s` of the run, or up to now."""

    span_s: int = SPANS_S[0]
    until_s: int | None = None


NOW: Final = Time()


class Chronicle:
    """Keeps the pasts of all backends; each picture of them is made once a second at most."""

    def __init__(self) -> None:
        self._pasts: defaultdict[str, Past] = defaultdict(Past)
        self._heat_scales: dict[tuple[Metric, int], HeatScale] = {}
        self._cost_scales: dict[int, CostScale] = {}
        self._heat: tuple[object, HeatMap | None] = None, None
        self._costs: tuple[object, CostCurves | None] = None, None
        self._paired = PairedPast()
        self._ratios: tuple[object, Ratios | None] = None, None

    def take(self, frame: Frame) -> None:
        """Take in a frame."""
        open_loop = frame.arrivals.kind != "closed"
        for backend in frame.backends:
            self._pasts[backend.name].take(backend, frame.at_ns, open_loop=open_loop)
        self._paired.take(frame)

    def heat(self, metric: Metric, time: Time) -> HeatMap | None:
        """The latency of every backend over `time`; None before the first answer."""
        key = metric, time, self._second()
        if self._heat[0] != key:
            scale = self._heat_scales.setdefault((metric, time.span_s), HeatScale())
            self._heat = key, scale.map_of(list(self._pasts.values()), metric, *time)
        return self._heat[1]

    def costs(self, time: Time) -> CostCurves | None:
        """The cost of every backend over `time`; None before anything was spent."""
        key = time, self._second()
        if self._costs[0] != key:
            scale = self._cost_scales.setdefault(time.span_s, CostScale())
            self._costs = key, scale.curves_of(list(self._pasts.values()), *time)
        return self._costs[1]

    def ratios(self, metric: Metric, time: Time) -> Ratios | None:
        """How every two backends compare on the same prompts over `time`; None where nothing is paired."""
        key = metric, time, self._second()
        if self._ratios[0] != key:
            self._ratios = key, self._paired.ratios(metric.judged, *time)
        return self._ratios[1]

    def _second(self) -> int:
        return max((past.second for past in self._pasts.values()), default=0)
