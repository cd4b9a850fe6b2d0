"""Continuous batching as a discrete-event process: no clock, no waiting, integer nanoseconds.

Whoever drives it supplies the time. A server sleeps until `begin()`'s answer and then calls `complete()`; a
simulation calls them at once. Steps follow each other without a gap while there is work, so a driver that wakes
late does not drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from .batching import Plan, Running, plan_step
from .model import kv_capacity_tokens, tail_factor
from .stacks import Stack


@dataclass(frozen=True, slots=True)
class Job:
    """A request as the scheduler sees it.

    Attributes:
        id: unique in this scheduler.
        arrival_ns: when it joins the queue; jobs are submitted in this order.
        input_tokens: length of the prompt, at least 1.
        output_tokens: length its answer will have, at least 1.
    """

    id: int
    arrival_ns: int
    input_tokens: int
    output_tokens: int

    @property
    def kv_tokens(self) -> int:
        """Tokens of key and value memory reserved while it runs."""
        return self.input_tokens + self.output_tokens


class Emission(NamedTuple):
    """Output tokens that one request gets at the end of a step."""

    job_id: int
    tokens: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One completed step.

    Attributes:
        start_ns: when it began.
        end_ns: when its tokens come out.
        admitted: jobs that left the queue when it began, in order.
        emissions: who got how many tokens; requests cancelled meanwhile are missing.
    """

    start_ns: int
    end_ns: int
    admitted: Sequence[int]
    emissions: Sequence[Emission]


@dataclass(frozen=True, slots=True)
class _InProgress:
    start_ns: int
    end_ns: int
    admitted: Sequence[int]
    plan: Plan


class Scheduler:
    """One stack's queue and running batch.

    Admission is first come, first served, limited by `Stack.max_batch` and by key and value memory, which is
    reserved for a request's whole length, so nothing is ever preempted.
    """

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack = stack
        self.kv_capacity_tokens = kv_capacity_tokens(stack)
        self.kv_reserved_tokens = 0
        self._random = Random(f"{seed}/{stack.id}")  # noqa: S311  reproducible, not secret
        self._waiting: dict[int, Job] = {}
        self._running: dict[int, Running] = {}
        self._step: _InProgress | None = None
        self._now_ns = 0
        self._last_arrival_ns = 0

    @property
    def running(self) -> int:
        """Requests in the batch."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._waiting)

    def submit(self, job: Job) -> None:
        """Queue `job`; raises ValueError if it could never run or comes out of order."""
        if job.input_tokens < 1 or job.output_tokens < 1:
            raise ValueError(f"{job} has no input or no output")
        if job.kv_tokens > self.kv_capacity_tokens:
            raise ValueError(f"{job} needs more memory than {self.stack.id} has: {self.kv_capacity_tokens} tokens")
        if job.arrival_ns < self._last_arrival_ns:
            raise ValueError(f"{job} arrives before its predecessor, at {self._last_arrival_ns}")
        self._last_arrival_ns = job.arrival_ns
        self._waiting[job.id] = job

    def cancel(self, job_id: int) -> None:
        """Forget a job wherever it is; its place is free at once. Unknown and finished jobs are no error."""
        if self._waiting.pop(job_id, None) is None and job_id in self._running:
            self._release(job_id)

    def begin(self) -> int | None:
        """When the step in progress ends, starting one if there is work; None when there is nothing to do."""
        if self._step is None:
            if not self._running and self._waiting:
                self._now_ns = max(self._now_ns, next(iter(self._waiting.values())).arrival_ns)
            admitted = self._admit()
            if not self._running:
                return None
            plan = plan_step(self.stack, list(self._running.values()))
            duration_ns = max(1, round(plan.duration_ns * tail_factor(self.stack.tail, self._random)))
            self._step = _InProgress(self._now_ns, self._now_ns + duration_ns, admitted, plan)
        return self._step.end_ns

    def complete(self) -> Step:
        """End the step that `begin` started."""
        step = self._step
        assert step is not None, "begin() comes first"
        self._step = None
        self._now_ns = step.end_ns
        emissions = [self._emit(one, step.plan.tokens) for one in step.plan.decoding if one.id in self._running]
        for one, tokens in step.plan.prefill:
            one.prompt_left -= tokens
            if not one.prompt_left and one.id in self._running:
                emissions.append(self._emit(one, 1))
        return Step(step.start_ns, step.end_ns, step.admitted, emissions)

    def _emit(self, one: Running, tokens: int) -> Emission:
        one.produced += tokens
        finished = one.produced == one.output_tokens
        if finished:
            self._release(one.id)
        return Emission(one.id, tokens, finished)

    def _admit(self) -> list[int]:
        admitted = []
        for job in self._waiting.values():
            if (
                job.arrival_ns > self._now_ns
                or len(self._running) == self.stack.max_batch
                or self.kv_reserved_tokens + job.kv_tokens > self.kv_capacity_tokens
            ):
                break
            self._running[job.id] = Running(job.id, job.input_tokens, job.output_tokens, job.input_tokens)
            self.kv_reserved_tokens += job.kv_tokens
            admitted.append(job.id)
        for job_id in admitted:
            del self._waiting[job_id]
        return admitted

    def _release(self, job_id: int) -> None:
        gone = self._running.pop(job_id)
        self.kv_reserved_tokens -= gone.input_tokens + gone.output_tokens
