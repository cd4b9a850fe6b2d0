"""Whether a frame from a file could have come from an engine: what draws it relies on that."""

from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any, Final

import msgspec

from ...engine.frame import SLOT_NS, SLOTS, BackendFrame, Frame, Serial, Timeline
from ...engine.histogram import Histogram, HistogramState

_LONGEST_NS: Final = 10 * 366 * 86_400 * 1_000_000_000
_MOST_BACKENDS: Final = 1000
_MOST: Final = 1 << 62
_DEEPEST: Final = 12


class UnlikelyError(ValueError):
    """No engine makes such a frame."""


def check(frame: Frame) -> None:
    """Raise UnlikelyError for a frame that no engine makes."""
    if not 0 <= frame.at_ns <= _LONGEST_NS:
        raise UnlikelyError("its time is out of range")
    if len(frame.backends) > _MOST_BACKENDS or len({each.name for each in frame.backends}) < len(frame.backends):
        raise UnlikelyError("its backends are too many, or share a name")
    if not _possible(frame, _DEEPEST):
        raise UnlikelyError("a number is out of range")
    for backend in frame.backends:
        _check_counts(backend)
        _check_timeline(backend.timeline, frame.at_ns)


def _check_counts(backend: BackendFrame) -> None:
    counts = (getattr(backend, field) for field in backend.__struct_fields__)
    if any(type(count) is int and count < 0 for count in (*counts, *backend.errors.values())):
        raise UnlikelyError("a count is negative")


def _check_timeline(timeline: Timeline, at_ns: int) -> None:
    slots = len(timeline.tokens)
    if slots > SLOTS or timeline.first_slot < 0 or timeline.first_slot + slots > at_ns // SLOT_NS + SLOTS:
        raise UnlikelyError("a timeline goes beyond its time")


def _possible(value: Any, depth: int) -> bool:
    """Whether every number in `value` is one that can be counted with."""
    known = _KNOWN.get(type(value))
    if known is not None:
        return known(value)
    parts: Iterable[Any] = ()
    if isinstance(value, tuple):
        parts = value
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, msgspec.Struct):
        parts = [getattr(value, field) for field in value.__struct_fields__]
    return depth > 0 and all(_possible(each, depth - 1) for each in parts)


def _filled(state: HistogramState) -> bool:
    try:
        size = len(Histogram.of(state))
    except ValueError:
        return False
    return 0 <= size < _MOST and all(0 <= each < _MOST for each in msgspec.structs.astuple(state)[2:])


_KNOWN: Final[dict[type, Callable[[Any], bool]]] = {
    int: lambda number: -_MOST < number < _MOST,
    float: isfinite,
    str: lambda _: True,
    HistogramState: _filled,
    Serial: lambda sums: all(map(isfinite, msgspec.structs.astuple(sums))),
    Timeline: lambda line: abs(line.first_slot) < _MOST and all(map(isfinite, line.tokens)),
}
"""What is not looked into part by part."""
