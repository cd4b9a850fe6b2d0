"""A recording as the screen's model sees it: at any of its moments, forward, and back by way of checkpoints."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ..engine.frame import BackendFrame, Frame
from ..sessions.journal.reader import Recording
from .model import Model

CHECKPOINT_EVERY: Final = 60
"""Frames between two checkpoints on the way forward."""

MOST_CHECKPOINTS: Final = 6


class Reel:
    """A recording and a model that has seen its frames up to one of them.

    Attributes:
        at: number of the newest frame that `model` has seen; -1 before the first.
        model: the screen's.
        moments: run time of each frame.
    """

    def __init__(self, recording: Recording) -> None:
        self.at = -1
        self.model = Model()
        self.moments = recording.moments()
        self._recording = recording
        self._chapters = sorted({marker.at_ns for marker in recording.markers()})
        self._coming: Iterator[Frame] = iter(())
        self._coming_at = -1
        self._checkpoints: list[tuple[int, Model]] = []

    @property
    def now_ns(self) -> int:
        """Run time of the frame that is shown."""
        return self.moments[self.at] if self.at >= 0 else 0

    @property
    def end(self) -> int:
        """Number of the last frame."""
        return len(self.moments) - 1

    def number_at(self, at_ns: float) -> int:
        """Number of the frame in force at run time `at_ns`; the first if none is yet."""
        return max(bisect_right(self.moments, at_ns) - 1, 0)

    def chapter(self, by: int) -> int:
        """Number of the frame at which the next (`by` 1) or previous (-1) marker shows; the end, or the start."""
        if by > 0:
            later = [at_ns for at_ns in self._chapters if self._shows(at_ns) > self.at]
            return self._shows(later[0]) if later else self.end
        earlier = [at_ns for at_ns in self._chapters if self._shows(at_ns) < self.at]
        return self._shows(earlier[-1]) if earlier else 0

    def _shows(self, at_ns: int) -> int:
        """Number of the first frame after `at_ns`."""
        return min(bisect_right(self.moments, at_ns), self.end)

    def go(self, to: int) -> None:
        """Bring `model` to frame number `to`; back means another model.

        Raises:
            RecordingError: a frame on the way is damaged.
        """
        to = min(max(to, 0), self.end)
        if to < self.at:
            self._restore(to)
        for number in range(self.at + 1, to + 1):
            self.model.take(as_replayed(self._frame(number)))
            self.at = number
            if number % CHECKPOINT_EVERY == 0:
                self._keep_checkpoint()

    def _frame(self, number: int) -> Frame:
        if number != self._coming_at:
            self._coming = self._recording.frames(number)
        self._coming_at = number + 1
        return next(self._coming)

    def _restore(self, to: int) -> None:
        self._checkpoints = [each for each in self._checkpoints if each[0] <= self.at]
        usable = [each for each in self._checkpoints if each[0] <= to]
        if usable:
            self.at, kept = usable[-1]
            self.model = kept.clone()
        else:
            self.at, self.model = -1, Model()

    def _keep_checkpoint(self) -> None:
        """Keep this moment; of too many, the one that its neighbours stand closest around goes."""
        if any(number == self.at for number, _ in self._checkpoints):
            return
        self._checkpoints.append((self.at, self.model.clone()))
        self._checkpoints.sort(key=lambda each: each[0])
        if len(self._checkpoints) > MOST_CHECKPOINTS:
            numbers = [0, *(number for number, _ in self._checkpoints)]
            gaps = [numbers[at + 2] - numbers[at] for at in range(len(numbers) - 2)]
            del self._checkpoints[gaps.index(min(gaps))]


def as_replayed(frame: Frame) -> Frame:
    """`frame` with its backends labelled for what they are now; what was simulated stays so."""
    return replace(frame, backends=tuple(map(_labelled, frame.backends)))


def _labelled(backend: BackendFrame) -> BackendFrame:
    return replace(backend, label="REPLAY") if backend.label == "LIVE" else backend
