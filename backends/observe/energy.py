"""From samples of power or of energy counters to joules, whichever a source has."""

from dataclasses import dataclass, field
from typing import Final

NS_PER_S: Final = 1e9


@dataclass(frozen=True, slots=True)
class PowerSample:
    """One look at the hardware.

    Attributes:
        at_ns: when.
        watts: of all devices; None where only counters are offered.
        counters: joules by device, that only grow.
        wraps: by device, the joules at which its counter starts again from 0, where that is known.
        idle_watts: without load, where the source knows it.
    """

    at_ns: int
    watts: float | None
    counters: dict[str, float] = field(default_factory=dict)
    wraps: dict[str, float] = field(default_factory=dict)
    idle_watts: float | None = None


class Integrator:
    """Joules since the first sample.

    Counters are preferred: their differences are exact, whatever happened between two looks. Exporters refresh them
    every few seconds only, so until a counter moves the trapezoid of power stands in for it, and gives way to it
    then. A counter that fell without a known wrap was restarted: what it lost is the trapezoid's.

    Attributes:
        joules: so far; an estimate is set right by the next counter, so this may fall a little.
        watts: at the last sample; of counters alone, the mean since they last moved.
        counted: whether counters have been seen.
    """

    def __init__(self) -> None:
        self.watts: float | None = None
        self.counted = False
        self._last: PowerSample | None = None
        self._counters: dict[str, float] = {}
        self._moved_ns = 0
        self._settled = 0.0
        self._estimated = 0.0

    @property
    def joules(self) -> float:
        """So far."""
        return self._settled + self._estimated

    def take(self, sample: PowerSample) -> None:
        """Take in the next sample, later than the one before."""
        if self._last is not None:
            self._estimated += _trapezoid(self._last, sample)
        self._count(sample)
        self.watts = self.watts if sample.watts is None else sample.watts
        self._last = sample

    def _count(self, sample: PowerSample) -> None:
        grown, restarted = 0.0, False
        for device, now in sample.counters.items():
            before = self._counters.get(device, now)
            wrap = sample.wraps.get(device)
            if now >= before:
                grown += now - before
            elif wrap is not None:
                grown += max(now + wrap - before, 0.0)
            else:
                restarted = True
        self._counters |= sample.counters
        if restarted:
            self._settle(self._estimated, sample.at_ns)
        elif grown:
            if sample.watts is None and sample.at_ns > self._moved_ns:
                self.watts = grown / (sample.at_ns - self._moved_ns) * NS_PER_S
            self._settle(grown, sample.at_ns)
        elif sample.counters and not self.counted:
            self._moved_ns = sample.at_ns
        self.counted = self.counted or bool(sample.counters)

    def _settle(self, joules: float, at_ns: int) -> None:
        self._settled += joules
        self._estimated = 0.0
        self._moved_ns = at_ns


def _trapezoid(before: PowerSample, now: PowerSample) -> float:
    if before.watts is None or now.watts is None:
        return 0.0
    return (before.watts + now.watts) / 2 * (now.at_ns - before.at_ns) / NS_PER_S
