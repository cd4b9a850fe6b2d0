"""Plots that fit any width without a script: places across are shares of the width, places down are pixels.

What would be distorted by stretching (text, markers) stands in the outer drawing; what may be stretched (areas, lines
of constant stroke) in an inner one of its own units.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

from ...figures import duration, number
from .markup import EMPTY, Html, element, joined, series_class, void

WIDE: Final = 1000
"""Units across an inner drawing of lines."""

_LABEL_PX: Final = 18
_LEAST_APART: Final = 0.09
"""Share of the width that two labels of an axis need."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Values to places between 0 and 1.

    Attributes:
        low, high: ends.
        logarithmic: else linear.
    """

    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where `value` stands, at the ends if it is beyond them."""
        if self.logarithmic:
            share = (log10(max(value, self.low)) - log10(self.low)) / (log10(self.high) - log10(self.low))
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place of an axis."""

    place: float
    label: str


def log_axis(values: Sequence[float]) -> Axis:
    """From the last 1, 2 or 5 below all of `values` (above 0) to the next above them."""
    low, high = min(values), max(values)
    first = _down(low)
    last = next(tick for tick in _ladder(high) if tick >= high * (1 - 1e-9))
    return Axis(first, last if last > first else first * 10, logarithmic=True)


def _ladder(around: float) -> list[float]:
    power = floor(log10(around))
    return [step * 10.0**exponent for exponent in (power - 1, power, power + 1) for step in (1, 2, 5)]


def _down(value: float) -> float:
    return max(tick for tick in _ladder(value) if tick <= value * (1 + 1e-9))


def log_ticks(axis: Axis, label: Callable[[float], str], steps: Sequence[int] = (1, 3)) -> list[Tick]:
    """Ticks at `steps` of every power of ten within `axis`; at 1, 2 and 5 where it is short."""
    decades = log10(axis.high / axis.low)
    chosen = steps if decades > 1.5 else (1, 2, 5)
    powers = range(floor(log10(axis.low)), floor(log10(axis.high)) + 1)
    values = [step * 10.0**power for power in powers for step in chosen]
    return [Tick(axis.place(v), label(v)) for v in values if axis.low * 0.999 <= v <= axis.high * 1.001]


def even_axis(high: float) -> Axis:
    """From 0 to a round value above `high`."""
    step = _step(high)
    return Axis(0.0, step * max(-(-high // step), 1))


def even_ticks(axis: Axis) -> list[Tick]:
    """Three to six ticks from 0."""
    step = _step(axis.high)
    return [
        Tick(axis.place(at * step), number(at * step) if at else "0") for at in range(round(axis.high / step) + 1)
    ]


def _step(high: float) -> float:
    if high <= 0:
        return 1.0
    wanted = high / 4
    power = 10.0 ** floor(log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * (1 - 1e-9))


_TIMES_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


def time_ticks(end_s: float) -> list[Tick]:
    """Ticks of run time from 0 to `end_s`, five or so."""
    step = next((each for each in _TIMES_S if end_s / each <= 6), _TIMES_S[-1])
    return [Tick(at * step / end_s, clock(at * step)) for at in range(int(end_s // step) + 1)]


def clock(seconds: float) -> str:
    """Run time on an axis: 0:30, 12:05, 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def ms(value: float) -> str:
    """Milliseconds on an axis: 0.5 ms, 30 ms, 3 s."""
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"


def usd_per_m(value: float) -> str:
    """Dollars on an axis: $0.5, $20."""
    return f"${value:,g}"


def percent(share: float) -> str:
    """A share of the width."""
    return f"{share * 100:.6g}%"


def plot(body: Sequence[Html], height: int, label: str) -> Html:
    """An outer drawing as wide as its place and `height` px high; `label` is for those who cannot see it."""
    return element("svg", *body, class_="plot", width="100%", height=height, role="img", aria_label=label)


def stretched(body: Sequence[Html], height: float, wide: float, high: float) -> Html:
    """An inner drawing of `wide` x `high` units over the whole width, `height` px high."""
    return element(
        "svg", *body, width="100%", height=height, viewBox=f"0 0 {wide:g} {high:g}", preserveAspectRatio="none"
    )


def across(ticks: Sequence[Tick], height: float, *, labels: bool = True) -> Html:
    """Ticks along the bottom of a drawing: lines down to `height`, labels below where they have room."""
    made, last = [], -1.0
    for tick in ticks:
        x = percent(tick.place)
        made.append(void("line", class_="grid", x1=x, x2=x, y1=0, y2=height))
        if labels and (tick.place - last >= _LEAST_APART or last < 0):
            end = "start" if tick.place < 0.02 else "end" if tick.place > 0.98 else "middle"
            made.append(element("text", tick.label, x=x, y=height + 13, text_anchor=end))
            last = tick.place
    return joined(made)


def rules(ticks: Sequence[Tick], height: float) -> Html:
    """Lines across a drawing at the ticks of its upright axis."""
    lines = (round((1 - tick.place) * height, 1) for tick in ticks)
    return joined(void("line", class_="grid", x1=0, x2="100%", y1=y, y2=y) for y in lines)


def upright(ticks: Sequence[Tick], height: float) -> Html:
    """The labels of an upright axis, right-aligned, in a drawing of their own beside a plot."""
    texts = (
        element(
            "text", tick.label, x="100%", y=min(max((1 - tick.place) * height + 4, 10), height), text_anchor="end"
        )
        for tick in ticks
    )
    return element("svg", *texts, class_="upright", width="100%", height=height + _LABEL_PX, aria_hidden="true")


@dataclass(frozen=True, slots=True)
class Mark:
    """A change while it ran, with a short label for where it happened."""

    label: str
    at_s: float
    text: str


def marked(marks: Sequence[Mark], end_s: float, height: float) -> Html:
    """Labelled lines at the changes."""
    made = []
    for mark in marks:
        x = percent(mark.at_s / end_s)
        title = element("title", f"{clock(mark.at_s)} {mark.text}")
        made.append(element("line", title, class_="change", x1=x, x2=x, y1=0, y2=height))
        late = mark.at_s / end_s > 0.9
        end, aside = ("end", -3) if late else ("start", 3)
        made.append(element("text", mark.label, class_="change", x=x, y=9, dx=aside, text_anchor=end))
    return joined(made)


@dataclass(frozen=True, slots=True)
class Line:
    """One backend over time.

    Attributes:
        place: of the backend in the summary.
        points: (share of the width, value), None where nothing is known.
    """

    place: int
    points: Sequence[tuple[float, float] | None]


def line(of: Line, axis: Axis) -> Html:
    """It as a stretched path, broken where nothing is known."""
    steps, broken = [], True
    for point in of.points:
        if point is None:
            broken = True
            continue
        x, value = point
        steps.append(f"{'M' if broken else 'L'}{x * WIDE:.1f} {(1 - axis.place(value)) * 100:.2f}")
        broken = False
    return void("path", class_=f"line {series_class(of.place)}", d="".join(steps)) if steps else EMPTY


def beads(of: Line, axis: Axis, height: float, marker: str, many: int = 5) -> Html:
    """The backend's marker at a few points of its line, so that it is known without colour."""
    known = [point for point in of.points if point is not None]
    if not known:
        return EMPTY
    apart = max(len(known) // many, 1)
    shift = (of.place * 3) % apart if apart > 1 else 0
    chosen = known[shift::apart][:many]
    return joined(
        element(
            "text", marker, class_=f"bead {series_class(of.place)}", x=percent(x),
            y=round((1 - axis.place(value)) * height + 4, 1), text_anchor="middle",
        )
        for x, value in chosen
    )  # fmt: skip


def hovers(texts: Sequence[tuple[float, float, str]], height: float) -> Html:
    """Invisible columns (from, to, as shares) that tell what stands there when pointed at."""
    return joined(
        element(
            "rect", element("title", text), class_="hover", x=percent(a), width=percent(b - a), y=0, height=height
        )
        for a, b, text in texts
    )


def from_to(from_s: float, to_s: float) -> str:
    """A stretch of run time in words."""
    return f"{clock(from_s)} to {clock(to_s)} ({duration(to_s - from_s)})"
