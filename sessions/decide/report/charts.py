"""Curves and divided bars as inline SVG."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from ...export.page.markup import EMPTY, MARKERS, Html, element, joined, series_class, swatch
from ...export.page.plot import (
    WIDE,
    Axis,
    Line,
    Tick,
    across,
    beads,
    even_axis,
    even_ticks,
    hovers,
    line,
    log_axis,
    log_ticks,
    percent,
    plot,
    rules,
    stretched,
    upright,
    usd_per_m,
)
from ..decision import Sensitivity
from .blocks import Bar
from .curves import conclusion, heading, x_form
from .forms import count, dollars, name

_HEIGHT: Final = 190
_FAR_APART: Final = 12.0
"""Ratio of the greatest to the least value from which an axis is logarithmic."""


def curve(of: Sensitivity, places: dict[str, int]) -> Html:
    """A figure of one line an option, with the present value and the crossings marked; `places` gives the colours."""
    xs = [x for x, _ in of.lines[0].points] if of.lines else []
    values = [y for each in of.lines for _, y in each.points if y is not None and y > 0]
    if len(xs) < 2 or not values:
        return EMPTY
    across_axis = Axis(min(xs), max(xs), logarithmic=_far(xs))
    form = x_form(of)
    x_ticks = log_ticks(across_axis, _short(form)) if across_axis.logarithmic else _linear(across_axis, of)
    up = log_axis(values) if _far(values) else even_axis(max(values))
    y_ticks = (
        log_ticks(up, usd_per_m)
        if up.logarithmic
        else [Tick(tick.place, f"${tick.label}") for tick in even_ticks(up)]
    )
    lines = [
        Line(
            places[each.option],
            [None if y is None else (across_axis.place(x), max(y, up.low)) for x, y in each.points],
        )
        for each in of.lines
    ]
    body = [
        across(x_ticks, _HEIGHT),
        rules(y_ticks, _HEIGHT),
        _upright(across_axis.place(of.now), "now", "now"),
        *(
            _upright(
                across_axis.place(each.at),
                "crossing",
                "",
                f"{form(each.at)}: {each.below or 'none'} | {each.above or 'none'}",
            )
            for each in of.crossings
        ),
        stretched([line(each, up) for each in lines], _HEIGHT, WIDE, 100),
        *(beads(each, up, _HEIGHT, MARKERS[each.place % len(MARKERS)]) for each in lines),
        hovers(_told(of, xs, across_axis), _HEIGHT),
    ]
    legend = [
        element("li", swatch(places[each.option]), name(each.option))
        for each in of.lines
        if any(y is not None for _, y in each.points)
    ]
    drawing = element(
        "div",
        upright(y_ticks, _HEIGHT),
        plot(body, _HEIGHT + 18, f"{heading(of)}. {conclusion(of)}"),
        class_="charted",
    )
    return element(
        "figure",
        element("figcaption", heading(of)),
        element("ul", *legend, class_="legend"),
        drawing,
        element("p", conclusion(of)),
    )


def _far(values: list[float]) -> bool:
    return min(values) > 0 and max(values) / min(values) >= _FAR_APART


def _short(form: Callable[[float], str]) -> Callable[[float], str]:
    """`form`, thousands and millions by their letters, for want of room on an axis."""

    def made(value: float) -> str:
        for letter, size in (("M", 1e6), ("k", 1e3)):
            if value >= size and form(value) == count(value):
                return f"{value / size:g}{letter}"
        return form(value)

    return made


def _linear(axis: Axis, of: Sensitivity) -> list[Tick]:
    form, steps = x_form(of), 4
    values = [axis.low + (axis.high - axis.low) * at / steps for at in range(steps + 1)]
    return [Tick(axis.place(value), form(value)) for value in values]


def _upright(place: float, class_: str, label: str, title: str = "") -> Html:
    x = percent(place)
    said = element("title", title) if title else EMPTY
    made = element("line", said, class_=class_, x1=x, x2=x, y1=0, y2=_HEIGHT)
    if not label:
        return made
    end, aside = ("end", -4) if place > 0.9 else ("start", 4)
    return joined([made, element("text", label, class_=class_, x=x, y=9, dx=aside, text_anchor=end)])


def _told(of: Sensitivity, xs: list[float], axis: Axis) -> list[tuple[float, float, str]]:
    """What stands at each point, in a column that reaches half way to its neighbours."""
    places = [axis.place(x) for x in xs]
    edges = [places[0], *((a + b) / 2 for a, b in pairwise(places)), places[-1]]
    form = x_form(of)
    made = []
    for at, x in enumerate(xs):
        said = [
            f"{name(each.option)}: {'cannot' if (y := each.points[at][1]) is None else dollars(y)}"
            for each in of.lines
        ]
        made.append((edges[at], edges[at + 1], "; ".join([f"{form(x)}", *said])))
    return made


def shares(bars: list[Bar], places: dict[str, int]) -> Html:
    """How each class is divided among options."""
    made = []
    for each in bars:
        parts = []
        legend = []
        start = 0.0
        for whose, share, label in each.parts:
            place = places.get(whose, 0)
            title = element("title", f"{whose} {label}")
            rect = element(
                "rect", title, class_=f"fill {series_class(place)}", x=percent(start), width=percent(share), height=22
            )
            parts.append(rect)
            legend.append(joined([swatch(place), element("span", f"{whose} {label}")]))
            start += share
        drawing = element("svg", *parts, width="100%", height=22, role="img", aria_label=each.title)
        label = element("span", element("b", each.title), " ", joined(legend, " &nbsp; "))
        made.append(joined([label, drawing]))
    return element("div", *made, class_="shares")
