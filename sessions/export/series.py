"""A recorded run step by step: cumulative frames at even moments, and what came between two of them."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from ...engine.figures import billed_output_tokens
from ...engine.frame import BackendFrame, Frame, Timeline
from ...engine.histogram import Histogram, HistogramState
from ..journal.reader import Recording

_SPANS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400)
_KEPT: Final = ("ttft", "ttft_sched", "tpot")
"""Histograms that steps have."""

_NEAR_NS: Final = 500_000_000
"""Frames are recorded about once a second: one this much after a moment still stands for it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One backend from one frame to another.

    Attributes:
        before: None at the start of the run.
        from_ns, to_ns: run time.
    """

    before: BackendFrame | None
    after: BackendFrame
    from_ns: int
    to_ns: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.to_ns - self.from_ns) / 1e9

    @property
    def tok_s(self) -> float:
        """Output tokens that arrived, a second; counts of answers under way are estimates, so it is never below 0."""
        before = self.before.arriving_tokens if self.before else 0.0
        return max(self.after.arriving_tokens - before, 0.0) / self.seconds

    @property
    def finished(self) -> int:
        """Complete answers."""
        return self.after.finished - (self.before.finished if self.before else 0)

    @property
    def failed(self) -> int:
        """Everything else that was sent or tried."""
        return self.after.failed - (self.before.failed if self.before else 0)

    @property
    def usd(self) -> float | None:
        """What was spent; None without a price."""
        if self.after.spent_usd is None:
            return None
        return self.after.spent_usd - ((self.before.spent_usd or 0.0) if self.before else 0.0)

    @property
    def usd_per_m(self) -> float | None:
        """That for a million output tokens; None without a price or tokens."""
        before = billed_output_tokens(self.before) if self.before else 0.0
        tokens = billed_output_tokens(self.after) - before
        return self.usd / tokens * 1e6 if self.usd and tokens >= 1 else None

    def histogram(self, metric: str) -> Histogram:
        """Values of `metric`, of those that a series keeps, that were measured in it."""
        after = Histogram.of(self.after.histograms.get(metric, HistogramState()))
        before = self.before.histograms.get(metric) if self.before else None
        return after - Histogram.of(before) if before else after


@dataclass(frozen=True, slots=True)
class Series:
    """A run over time.

    Attributes:
        span_s: length of a step, about; frames come when they come.
        moments_ns: run time at the ends of the steps, the start before them.
        backends: by name, its totals at those moments; None before it was known.
    """

    span_s: int
    moments_ns: tuple[int, ...]
    backends: dict[str, tuple[BackendFrame | None, ...]]

    @property
    def end_s(self) -> float:
        """Run time at the end of the last step."""
        return self.moments_ns[-1] / 1e9

    def steps(self, name: str) -> list[Step | None]:
        """The steps of one backend, oldest first; None where it was not known yet."""
        return self._steps(name, 1)

    def trailing(self, name: str, seconds: float) -> list[Step | None]:
        """For each step, what came in the `seconds` (at least one step) that end with it."""
        return self._steps(name, max(round(seconds / self.span_s), 1))

    def _steps(self, name: str, back: int) -> list[Step | None]:
        totals = self.backends[name]
        made: list[Step | None] = []
        for at in range(1, len(totals)):
            first, after = max(at - back, 0), totals[at]
            step = Step(totals[first], after, self.moments_ns[first], self.moments_ns[at]) if after else None
            made.append(step)
        return made


def series_until(recording: Recording, last: Frame, most: int) -> Series | None:
    """`recording` up to the frame `last`, in at most `most` steps; None where there are not two moments."""
    span_s = _span_s(last.at_ns / 1e9, most)
    moments = [at_ns for at_ns in recording.moments() if at_ns < last.at_ns]
    numbers = _numbers(moments, span_s, last.at_ns)
    frames = [_thin(frame) for number in numbers for frame in recording.frames(number, number + 1)]
    return _series([*frames, last], span_s)


def _thin(frame: Frame) -> Frame:
    """`frame` with no more than steps need: a series holds hundreds."""
    return replace(frame, backends=tuple(map(_thin_backend, frame.backends)), paired=(), likenesses=())


def _thin_backend(of: BackendFrame) -> BackendFrame:
    kept = {name: of.histograms[name] for name in _KEPT if name in of.histograms}
    return replace(of, histograms=kept, series={}, vendor={}, timeline=Timeline(), server=None)


def _span_s(duration_s: float, most: int) -> int:
    return next((span for span in _SPANS_S if duration_s <= span * most), _SPANS_S[-1])


def _numbers(moments: Sequence[int], span_s: int, end_ns: int) -> list[int]:
    """Numbers of the frames in force at whole spans, those too near to the end left out."""
    span_ns = span_s * 1_000_000_000
    wanted = (bisect_right(moments, at_ns + _NEAR_NS) - 1 for at_ns in range(0, end_ns - span_ns // 2, span_ns))
    return sorted({number for number in wanted if number >= 0})


def _series(frames: Sequence[Frame], span_s: int) -> Series | None:
    """The last of `frames` is kept whatever its time; those about the start, where totals are nothing, are not."""
    apart = [frame for frame, later in pairwise(frames) if _NEAR_NS <= frame.at_ns < later.at_ns]
    apart += [frame for frame in frames[-1:] if frame.at_ns]
    if not apart:
        return None
    known = [{backend.name: backend for backend in frame.backends} for frame in apart]
    names = [backend.name for backend in apart[-1].backends]
    return Series(
        span_s=span_s,
        moments_ns=(0, *(frame.at_ns for frame in apart)),
        backends={name: (None, *(each.get(name) for each in known)) for name in names},
    )
