"""When each prompt of an open loop is due: stages of one arrivals plan each, the next beginning where one ends.

A pure function of the plan and of the changes made to it, so workers that are told of the same changes agree on
every prompt, whichever of them sends it.
"""

from bisect import bisect_left
from dataclasses import dataclass

from .arrivals import Schedule, schedule
from .plan import ArrivalsPlan


@dataclass(frozen=True, slots=True)
class _Stage:
    first_index: int
    start_ns: int
    schedule: Schedule

    def due_ns(self, index: int) -> int:
        return self.start_ns + round(self.schedule.at_s(index) * 1e9)


class Timetable:
    """Send times from prompt `first_index`, due at or after `start_ns`, on."""

    def __init__(self, arrivals: ArrivalsPlan, seed: int, start_ns: int, first_index: int = 0) -> None:
        self._seed = seed
        self._stages = [_Stage(first_index, start_ns, schedule(arrivals, seed, first_index))]

    def due_ns(self, index: int) -> int:
        """When prompt `index` is to be sent."""
        return next(stage for stage in reversed(self._stages) if stage.first_index <= index).due_ns(index)

    def change(self, arrivals: ArrivalsPlan, at_ns: int) -> None:
        """Let the prompts that would have been due at `at_ns` or later follow `arrivals`, beginning then."""
        first = self._first_due(at_ns)
        self._stages.append(_Stage(first, at_ns, schedule(arrivals, self._seed, first)))

    def _first_due(self, at_ns: int) -> int:
        """The first prompt of the last stage that is due at `at_ns` or later; times never fall with the index."""
        last = self._stages[-1]
        beyond = 1
        while last.due_ns(last.first_index + beyond) < at_ns:
            beyond *= 2
        candidates = range(last.first_index, last.first_index + beyond)
        return last.first_index + bisect_left(candidates, at_ns, key=last.due_ns)

    def offered_per_s(self, now_ns: int) -> float:
        """The rate scheduled at `now_ns`."""
        stage = self._stages[-1]
        return stage.schedule.offered_per_s((now_ns - stage.start_ns) / 1e9)
