"""What a crew tells each of its workers besides the plan: its place in the crew, and when the window opens."""

from datetime import UTC, datetime
from typing import Self

import msgspec

from .share import Share


class Place(msgspec.Struct, frozen=True):
    """A worker's place in a crew; a worker that is told none is alone.

    Attributes:
        share: its part of the stream.
        stacks: base URLs of the simulated stacks, which the crew runs for all, by backend.
    """

    share: Share
    stacks: dict[str, str]


class Opening(msgspec.Struct, frozen=True):
    """The moment the measured window opens, for all workers alike.

    Attributes:
        at_ns: on the worker's `time.perf_counter_ns`. On one host that clock is the same for every process
            (CLOCK_MONOTONIC on Linux, mach time on macOS); for a worker on another one, whoever opens its window
            states it in that worker's clock.
        utc: the same moment in ISO 8601.
    """

    at_ns: int
    utc: str

    @classmethod
    def at(cls, at_ns: int) -> Self:
        """An opening at `at_ns`, which is now or within milliseconds of it."""
        return cls(at_ns, datetime.now(UTC).isoformat(timespec="milliseconds"))
