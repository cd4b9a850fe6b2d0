"""When tokens came out of one scheduler: its stretches as gaps between chunks, kept in columns."""

from array import array
from collections.abc import Set
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...backends.fleet.scheduler import Stretch

Column = npt.NDArray[np.int64]


class Chunks(NamedTuple):
    """Chunks that followed another one of the same request; all of shape (n,).

    Attributes:
        from_ns: when those before them came.
        to_ns: when they came.
        requests: how many requests got one.
        tokens: in each.
    """

    from_ns: Column
    to_ns: Column
    requests: Column
    tokens: Column


class Pace:
    """Chunks since they were last taken.

    A request that decodes gets something in every step, so a gap is as long as a step: all but those during which
    others had their prompts worked on alone, and those of requests that were preempted in between.

    Attributes:
        firsts_ns: first chunks, one token each.
    """

    def __init__(self) -> None:
        self.firsts_ns = array("q")
        self._durations = array("q")
        self._stretches = array("q")  # start, steps, requests, tokens of each
        self._odd = array("q")  # from, to, requests, tokens of each
        self._last_ns = 0
        self._begun: set[int] = set()  # had their first chunk
        self._fresh: dict[int, int] = {}  # had it after the last step of the others, then
        self._waited = False  # whether others have waited since that
        self._preempted: dict[int, int] = {}  # had their last chunk then

    def follow(self, stretch: Stretch, apart: Set[int] = frozenset(), decoding_apart: int = 0) -> None:
        """Take in what came out.

        Args:
            stretch: of the scheduler.
            apart: requests whose chunks in it are told of by `add`.
            decoding_apart: how many of these were decoding.
        """
        for job_id in stretch.preempted:
            if job_id in self._begun and job_id not in self._preempted:
                self._preempted[job_id] = self._fresh.pop(job_id, self._last_ns)
        if apart:
            for job_id in apart:
                self._fresh.pop(job_id, None)
        if stretch.decoding > decoding_apart:
            self._keep_gaps(stretch, stretch.decoding - decoding_apart)
        self._waited = not stretch.tokens
        if stretch.tokens:
            self._last_ns = stretch.end_ns
            self._fresh.clear()
        for job_id in stretch.joined:
            self._join(job_id, stretch, apart=job_id in apart)
        for job_id in stretch.finished:
            self.forget(job_id)

    def add(self, from_ns: int, to_ns: int, tokens: int) -> None:
        """One request has a chunk, and had the one before it at `from_ns`."""
        self._odd.extend((from_ns, to_ns, 1, tokens))

    def _keep_gaps(self, stretch: Stretch, requests: int) -> None:
        """The gaps of `requests` that decode: each step is one, except after a wait."""
        start_ns, durations = stretch.start_ns, stretch.durations_ns
        if self._waited:
            start_ns += int(durations[0])
            durations = durations[1:]
            self._close_odd_gaps(start_ns, requests, stretch.tokens)
        if isinstance(durations, list):
            self._durations.extend(durations)
        else:
            self._durations.frombytes(durations.tobytes())
        self._stretches.extend((start_ns, len(durations), requests, stretch.tokens))

    def _join(self, job_id: int, stretch: Stretch, *, apart: bool) -> None:
        """A first chunk, or the next one of a request that was preempted."""
        if apart:
            self._preempted.pop(job_id, None)
        elif job_id in self._begun:
            self.add(self._preempted.pop(job_id), stretch.end_ns, 1)
        else:
            self._begun.add(job_id)
            self.firsts_ns.append(stretch.end_ns)
        if not stretch.tokens:
            self._fresh[job_id] = stretch.end_ns

    def _close_odd_gaps(self, end_ns: int, requests: int, tokens: int) -> None:
        for first_ns in self._fresh.values():
            self.add(first_ns, end_ns, tokens)
        if others := requests - len(self._fresh):
            self._odd.extend((self._last_ns, end_ns, others, tokens))

    def forget(self, job_id: int) -> None:
        """A request has ended."""
        self._begun.discard(job_id)
        self._fresh.pop(job_id, None)
        self._preempted.pop(job_id, None)

    def take(self) -> Chunks:
        """The chunks so far, which are then forgotten."""
        start_ns, steps, requests, tokens = np.array(self._stretches, np.int64).reshape(-1, 4).T
        durations = np.array(self._durations, np.int64)
        odd = np.array(self._odd, np.int64).reshape(-1, 4).T
        del self._stretches[:], self._durations[:], self._odd[:]
        passed = np.cumsum(durations)
        ends = np.cumsum(steps)
        before = np.concatenate(([0], passed))[ends - steps]
        to_ns = passed + np.repeat(start_ns - before, steps)
        regular = (to_ns - durations, to_ns, np.repeat(requests, steps), np.repeat(tokens, steps))
        return Chunks(*(np.concatenate(columns) for columns in zip(regular, odd, strict=True)))
