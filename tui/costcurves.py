"""What a million output tokens cost over time, backend by backend, on one shared axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

import numpy as np

from .draw.graph import Floats
from .heatmap import COLUMNS, TRACE_S
from .past import Past, trailing
from .steady import Steady

_LEAST_S: Final = 10
"""Seconds that a point rests on at least: before the first answers every token looks dear."""


@dataclass(frozen=True, slots=True, eq=False)
class CostCurves:
    """Effective $/M output tokens of the minute that ends with each column.

    Attributes:
        span_s: width of a column.
        end_s: run time at the right edge of the newest column.
        low_usd, high_usd: ends of the axis, which is logarithmic.
        usd_per_m: per backend, oldest first, NaN where nothing was spent or made; shape (COLUMNS,).
    """

    span_s: int
    end_s: int
    low_usd: float
    high_usd: float
    usd_per_m: tuple[Floats, ...]

    def ticks(self) -> list[float]:
        """The amounts to label, both ends included."""
        return [
            tick
            for number in range(_tick_below(self.low_usd), _tick_below(self.high_usd) + 1)
            if self.low_usd <= (tick := _tick(number)) * (1 + 1e-9)
        ]


class CostScale:
    """The axis of the curves, which moves rarely: from tick to tick of 1, 2, 5 and 10."""

    def __init__(self) -> None:
        self._range = Steady(step=1)

    def curves_of(self, pasts: Sequence[Past], span_s: int, until_s: int | None = None) -> CostCurves | None:
        """The curves, up to second `until_s` or now; None before anything was spent."""
        made = tuple(_curve(past, span_s, until_s) for past in pasts)
        known = np.concatenate([curve[np.isfinite(curve)] for curve in made]) if made else np.zeros(0)
        if not len(known):
            return None
        low, high = self._range.holding(_tick_below(float(known.min())), _tick_below(float(known.max())) + 1)
        return CostCurves(span_s, pasts[0].end_s(span_s, until_s), _tick(low), _tick(high), made)


def _curve(past: Past, span_s: int, until_s: int | None) -> Floats:
    window = max(TRACE_S // span_s, 1)
    amounts, known_s = past.money(span_s, COLUMNS + window, until_s)
    usd, tokens = trailing(amounts, window).T
    settled = trailing(known_s[:, None], window)[:, 0] >= _LEAST_S
    told = (usd > 0) & (tokens > 0.5) & (known_s > 0) & settled
    made = np.full(len(usd), np.nan)
    made[told] = usd[told] / tokens[told] * 1e6
    return made[window:]


def _tick(number: int) -> float:
    """Tick `number`: 1, 2, 5, 10 for 0, 1, 2, 3, and so on in both directions."""
    power, step = divmod(number, 3)
    return float((1, 2, 5)[step] * 10.0**power)


def _tick_below(usd: float) -> int:
    """The number of the last tick not above `usd` > 0."""
    number = 3 * floor(log10(usd))
    return next(at for at in range(number + 3, number - 2, -1) if _tick(at) <= usd * (1 + 1e-12))
