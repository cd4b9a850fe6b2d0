"""Which of several copies of a stack takes the next request."""

from collections.abc import Sequence
from typing import Protocol


class Loaded(Protocol):
    """What has requests in its batch and in its queue."""

    @property
    def running(self) -> int: ...  # noqa: D102
    @property
    def waiting(self) -> int: ...  # noqa: D102


def least_loaded(replicas: Sequence[Loaded]) -> int:
    """The number of the one with the fewest requests; the first of several."""
    if len(replicas) == 1:
        return 0
    return min(range(len(replicas)), key=lambda number: replicas[number].running + replicas[number].waiting)
