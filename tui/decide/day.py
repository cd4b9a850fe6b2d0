"""A day's traffic as a small chart of 24 bars, from whatever has been typed so far."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ...profiles.demand import HOURS, SHAPES
from ..draw.graph import bars
from ..draw.rows import Row, Span, fit
from ..draw.units import rate
from .interview import Interview
from .questions import CLASS_QUESTIONS, AnswerError, Document, put

_ASKED: Final = {question.key: question for question in CLASS_QUESTIONS}


@dataclass(frozen=True, slots=True)
class Day:
    """One weekday of a class.

    Attributes:
        per_hour: requests in each hour, UTC, 24 numbers.
        peak_per_s: in the busiest minutes.
    """

    per_hour: tuple[float, ...]
    peak_per_s: float

    @property
    def peak_hour(self) -> int:
        """The busiest."""
        return self.per_hour.index(max(self.per_hour))


def day_of(of: Interview, class_at: int) -> Day | None:
    """The day as answered; None where the answers make none."""
    typed: Document = {}
    try:
        for key in ("requests_per_day", "shape", "hourly", "peak_factor"):
            put(typed, _ASKED[key], of.answers.get(f"classes[{class_at}].{key}", ""))
    except AnswerError:
        return None
    weights = typed.get("hourly") or SHAPES.get(typed.get("shape", "flat"), ())
    volume, factor = _middle(typed.get("requests_per_day")), _middle(typed.get("peak_factor", 1))
    if len(weights) != HOURS or sum(weights) <= 0 or not volume or not factor:
        return None
    per_hour = tuple(volume * weight / sum(weights) for weight in weights)
    return Day(per_hour, max(per_hour) / 3600 * factor)


def _middle(value: object) -> float:
    if isinstance(value, dict):
        value = value["value"]
    return float(value) if isinstance(value, int | float) else 0.0


def draw_day(day: Day | None, width: int, rows: int) -> list[Row]:
    """The chart in `rows` rows of `width` cells, fewer without a day: bars, hours under them, the peak in words."""
    cells = min(max(width // HOURS, 1), 3)
    if day is None:
        return [(Span(fit("to draw it takes requests a day, and 24 hours", width), "dim"),)]
    top = max(day.per_hour)
    heights = np.repeat(np.array(day.per_hour) / top, cells)
    made: list[Row] = [(Span(fit(line, width), "series0"),) for line in bars(heights, rows - 2)]
    axis = "".join(f"{hour:<{6 * cells}}" for hour in range(0, HOURS, 6))
    words = f"busiest {day.peak_hour} h UTC: {rate(day.peak_per_s).strip()} requests/s"
    return [*made, (Span(fit(axis, width), "dim"),), (Span(fit(words, width)),)]
