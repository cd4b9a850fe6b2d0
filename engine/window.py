"""A stretch of a run, now less a former state; and two stretches laid end to end.

Frames are cumulative, so the first is one subtraction and the second one sum.
"""

from collections.abc import Callable
from itertools import zip_longest
from typing import Final

from msgspec.structs import astuple, replace

from .cost import FORMER_COUNTS, FormerPrice
from .energy import power_less, power_plus, server_less, server_plus
from .frame import BackendFrame, Serial, Timeline
from .histogram import Histogram, HistogramState
from .serial import minus

COUNTERS: Final = (
    "scheduled", "finished", "failed", "not_sent", "held_back", "company", "resent", "active_ns", "arriving_tokens",
    "chunks", "characters", "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens",
    "reasoning_tokens", "usage_requests", "estimated_requests", "disbelieved_requests",
)  # fmt: skip
"""Fields of a backend's frame that only grow while it runs."""

_MAYBE: Final = ("spent_usd", "good", "good_tokens")
_TALLIES: Final = ("unsent", "errors", "finish_reasons")


def totals_since(now: BackendFrame, base: BackendFrame | None) -> BackendFrame:
    """`now` counted from `base`, without histograms and series; without `base`, since the start of the run.

    Requests under way at `base` are scheduled in it, so that every request is still accounted for.
    """
    if base is None:
        return replace(now, histograms={}, vendor={}, series={})
    counts = {field: getattr(now, field) - getattr(base, field) for field in COUNTERS}
    counts["scheduled"] += base.in_flight
    return replace(
        now,
        **counts,
        **{
            name: None if (new := getattr(now, name)) is None else new - (getattr(base, name) or 0) for name in _MAYBE
        },
        **{name: _less_counts(getattr(now, name), getattr(base, name)) for name in _TALLIES},
        former_prices=tuple(_former_less(each, base) for each in now.former_prices[len(base.former_prices) :]),
        server=server_less(now.server, base.server),
        power=power_less(now.power, base.power),
        histograms={},
        vendor={},
        series={},
    )


def _former_less(former: FormerPrice, base: BackendFrame) -> FormerPrice:
    return replace(former, **{name: getattr(former, name) - getattr(base, name) for name in FORMER_COUNTS})


def histogram_since(now: HistogramState, base: HistogramState | None) -> Histogram:
    """The values counted since `base`."""
    made = Histogram.of(now)
    return made - Histogram.of(base) if base is not None else made


def since(now: BackendFrame, base: BackendFrame | None) -> BackendFrame:
    """All of `now` counted from `base`, the timeline apart, which has no place outside its run."""
    if base is None:
        return replace(now, timeline=Timeline())

    def less(new: dict[str, HistogramState], old: dict[str, HistogramState]) -> dict[str, HistogramState]:
        found = {name: histogram_since(state, old.get(name)) for name, state in new.items()}
        return {name: histogram.state() for name, histogram in found.items() if len(histogram)}

    return replace(
        totals_since(now, base),
        histograms=less(now.histograms, base.histograms),
        vendor=less(now.vendor, base.vendor),
        series={name: minus(levels, base.series.get(name, ())) for name, levels in now.series.items()},
        timeline=Timeline(),
    )


def end_to_end(first: BackendFrame, then: BackendFrame) -> BackendFrame:
    """Two stretches of the same backend, one after the other, as one; what does not add up is the later one's."""

    def each(name: str, plus: Callable[..., object]) -> dict[str, object]:
        one, other = getattr(first, name), getattr(then, name)
        return {
            key: plus(one[key], other[key]) if key in one and key in other else one.get(key, other.get(key))
            for key in (*one, *(key for key in other if key not in one))
        }

    return replace(
        then,
        **{name: getattr(first, name) + getattr(then, name) for name in COUNTERS},
        **{
            name: None if (a := getattr(first, name)) is None or (b := getattr(then, name)) is None else a + b
            for name in _MAYBE
        },
        **{name: each(name, lambda a, b: a + b) for name in _TALLIES},
        **{name: each(name, lambda a, b: Histogram.of(a, b).state()) for name in ("histograms", "vendor")},
        series=each("series", series_end_to_end),
        server=server_plus(first.server, then.server),
        power=power_plus(first.power, then.power),
    )


def series_end_to_end(first: tuple[Serial, ...], then: tuple[Serial, ...]) -> tuple[Serial, ...]:
    """One series after another, of which no value is the other's neighbour."""
    both = zip_longest(first, then, fillvalue=Serial())
    return tuple(
        replace(Serial(*map(sum, zip(astuple(a), astuple(b), strict=True))), parts=max(a.parts, b.parts))
        for a, b in both
    )


def _less_counts(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {key: grown for key, count in now.items() if (grown := count - before.get(key, 0))}
