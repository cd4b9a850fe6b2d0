"""Continuous batching as a discrete-event process: no clock, no waiting, integer nanoseconds.

Whoever drives it supplies the time. A server sleeps until `begin()`'s answer and then calls `complete()`; a
simulation calls them at once, and may ask for many steps at a time (`Stretch`). Steps follow each other without a gap
while there is work, so a driver that wakes late does not drift. However it is driven, the same jobs get the same
tokens at the same times.

Nothing is done once per request and step: requests that decode all get the same number of tokens in a step, so one
count (`_tokens`) tells how far each of them is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .batching import Plan, Running, plan_alone, plan_beside, plan_chunked
from .decode import DecodeCost, decode_cost
from .model import kv_capacity_tokens
from .scatter import Scatter
from .stacks import MemoryMachine, SramMachine, Stack

FOREVER: Final = 1 << 62
"""No bound on time or on the number of steps."""

_WATERMARK: Final = 0.01
"""Share of the key and value memory that admission leaves free for those that run already, as in vLLM."""

_NO_COST: Final = DecodeCost(0.0, 0.0)

_LEAST_SURE_NS: Final = 4.0
"""Steps of at least so many nanoseconds never round to nothing, however they scatter (`scatter.LEAST_FACTOR`)."""

_FEW_STEPS: Final = 24
"""Up to so many are quicker to work out one by one than as arrays."""


class Job(NamedTuple):
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
        """Tokens of key and value memory it has in the end."""
        return self.input_tokens + self.output_tokens


class Emission(NamedTuple):
    """Output tokens that one request gets at the end of a step."""

    job_id: int
    tokens: int
    finished: bool


@dataclass(slots=True)
class Stretch:
    """Completed steps between which nobody joined or left.

    Attributes:
        start_ns: when the first began.
        durations_ns: of each step.
        end_ns: when the last ended.
        admitted: jobs that left the queue when it began, in order; a preempted one leaves it again.
        preempted: jobs that went back into the queue when it began, because memory ran out.
        decoding: how many requests got `tokens` output tokens at the end of each step.
        tokens: how many.
        joined: jobs whose prompt was done with the last step, which brought them one token.
        finished: jobs that got their last token with the last step.
    """

    start_ns: int
    durations_ns: "list[int] | npt.NDArray[np.int64]"
    end_ns: int
    admitted: Sequence[int]
    preempted: Sequence[int]
    decoding: int
    tokens: int
    joined: list[int]
    finished: list[int]


@dataclass(frozen=True, slots=True)
class Step:
    """One completed step.

    Attributes:
        start_ns: when it began.
        end_ns: when its tokens come out.
        admitted: as of `Stretch`.
        emissions: who got how many tokens; requests cancelled meanwhile are missing.
    """

    start_ns: int
    end_ns: int
    admitted: Sequence[int]
    emissions: Sequence[Emission]


class Scheduler:
    """One stack's queue and running batch.

    Admission is first come, first served, limited by `Stack.max_batch` and by key and value memory. A request holds
    memory for its prompt and what it has generated; when the next step would not fit, the youngest goes back to the
    head of the queue and is worked on from its beginning later (vLLM's recomputation). With `Stack.static_batching`
    nobody is admitted until all of the batch are answered, and steps stay as long as for the whole of it.
    """

    def __init__(self, stack: Stack, seed: int, replica: int = 0) -> None:
        self.stack = stack
        self.kv_capacity_tokens = kv_capacity_tokens(stack)
        self.preemptions = 0
        machine = stack.machine
        self.most_tokens_a_step = machine.tokens_per_chunk if isinstance(machine, SramMachine) else 1
        self._watermark_tokens = round(self.kv_capacity_tokens * _WATERMARK)
        self._scatter = Scatter(stack.tail, seed, stack.id, replica)
        self._waiting: dict[int, Job] = {}
        self._preempted: list[Running] = []  # the next to run is the last
        self._prompts: dict[int, Running] = {}
        self._decoding: dict[int, Running] = {}
        self._finishing: list[tuple[int, int, int]] = []  # heap of (finish_at, place, id); skip those that left
        self._places = 0
        self._tokens = 0
        self._context_tokens = 0  # of those that decode
        self._prompt_tokens = 0  # memory of the others
        self._batch = 0  # static batching: how many the batch was begun with; their places stay taken to its end
        self._costs: dict[int, DecodeCost] = {}
        self._in_progress: Stretch | None = None  # what comes of it is not in it yet
        self._plan = Plan(0.0, 0)  # of what is in progress
        self._now_ns = 0
        self._last_arrival_ns = 0

    @property
    def running(self) -> int:
        """Requests in the batch."""
        return len(self._prompts) + len(self._decoding)

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._waiting) + len(self._preempted)

    @property
    def kv_tokens(self) -> int:
        """Tokens of key and value memory in use."""
        return self._context_tokens + self._prompt_tokens

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
        if self._in_progress is not None and len(self._in_progress.durations_ns) > 1:
            self._shorten(self._in_progress)

    def _shorten(self, ahead: Stretch) -> None:
        """Give up the steps after the first at whose end the new job could be admitted."""
        opening_ns = self._opening_ns() if len(self._waiting) == 1 else FOREVER
        if opening_ns >= ahead.end_ns:
            return
        ends = ahead.start_ns + np.cumsum(ahead.durations_ns)
        wanted = int(ends.searchsorted(opening_ns, "left")) + 1
        self._scatter.at -= len(ahead.durations_ns) - wanted
        ahead.durations_ns = ahead.durations_ns[:wanted]
        ahead.end_ns = int(ends[wanted - 1])

    def decodes(self, job_id: int) -> bool:
        """Whether a job gets tokens in a step that has begun or is about to."""
        return job_id in self._decoding

    def produced(self, job_id: int) -> int:
        """Output tokens so far of a job that waits or runs; 0 for any other."""
        if (one := self._decoding.get(job_id)) is not None:
            return one.output_tokens - (one.finish_at - self._tokens)
        one = self._prompts.get(job_id) or next((one for one in self._preempted if one.id == job_id), None)
        return one.to_read - one.input_tokens if one is not None else 0

    def cancel(self, job_id: int) -> None:
        """Forget a job wherever it is; its place is free at once. Unknown and finished jobs are no error.

        While several steps are in progress, nobody can be cancelled.
        """
        if self._waiting.pop(job_id, None) is not None:
            return
        if (one := self._prompts.pop(job_id, None)) is not None:
            self._prompt_tokens -= one.to_read + 1
        elif (one := self._decoding.pop(job_id, None)) is not None:
            self._context_tokens -= self._context_of(one)
        else:
            self._preempted = [one for one in self._preempted if one.id != job_id]

    def begin(self, most_steps: int = 1, until_ns: int = FOREVER) -> int | None:
        """When what is in progress ends, starting it if there is work; None when there is nothing to do.

        Args:
            most_steps: how many steps alike may follow each other before `complete_stretch` is called.
            until_ns: all but a single step end by then.
        """
        if self._in_progress is None:
            self._in_progress = self._next(most_steps, until_ns)
            if self._in_progress is None:
                return None
        return self._in_progress.end_ns

    def complete(self) -> Step:
        """End the one step that `begin` started."""
        decoding = tuple(self._decoding)
        stretch = self.complete_stretch()
        finished = set(stretch.finished)
        emissions = [Emission(job_id, 1, job_id in finished) for job_id in stretch.joined]
        if stretch.tokens:
            emissions = [Emission(job_id, stretch.tokens, job_id in finished) for job_id in decoding] + emissions
        return Step(stretch.start_ns, stretch.end_ns, stretch.admitted, emissions)

    def complete_stretch(self) -> Stretch:
        """End what `begin` started."""
        done = self._in_progress
        assert done is not None, "begin() comes first"
        self._in_progress = None
        self._now_ns = done.end_ns
        steps, plan = len(done.durations_ns), self._plan
        if plan.tokens:
            done.decoding = len(self._decoding)
            self._tokens += plan.tokens * steps
            self._context_tokens += plan.tokens * steps * done.decoding
            self._collect(done.finished)
        if plan.prefill:
            done.joined = self._read(plan, steps, done.finished)
        return done

    def _collect(self, finished: list[int]) -> None:
        """Take out those that have all their tokens."""
        heap = self._finishing
        while heap and heap[0][0] <= self._tokens:
            finish_at, _, job_id = heappop(heap)
            one = self._decoding.get(job_id)
            if one is not None and one.finish_at == finish_at:
                del self._decoding[job_id]
                self._context_tokens -= one.input_tokens + one.output_tokens
                finished.append(job_id)

    def _read(self, plan: Plan, steps: int, finished: list[int]) -> list[int]:
        """Count what was read of the prompts; those that are done with it get a token and decode from now on."""
        joined = []
        for one, tokens in plan.prefill:
            one.prompt_left -= tokens * steps
            if one.prompt_left or one.id not in self._prompts:
                continue
            del self._prompts[one.id]
            self._prompt_tokens -= one.to_read + 1
            joined.append(one.id)
            left = one.input_tokens + one.output_tokens - one.to_read - 1
            if left:
                one.finish_at = self._tokens + left
                self._decoding[one.id] = one
                self._context_tokens += one.to_read + 1
                self._places += 1
                heappush(self._finishing, (one.finish_at, self._places, one.id))
            else:
                finished.append(one.id)
        return joined

    def _next(self, most_steps: int, until_ns: int) -> Stretch | None:
        if not self._prompts and not self._decoding and not self._preempted:
            if not self._waiting:
                return None
            self._now_ns = max(self._now_ns, next(iter(self._waiting.values())).arrival_ns)
        preempted = self._make_room() if self._decoding else ()
        admitted = () if preempted or not (self._waiting or self._preempted) else self._admit()
        machine, decoding = self.stack.machine, len(self._decoding)
        cost, context = _NO_COST, 0
        if isinstance(machine, SramMachine):
            plan = plan_beside(machine, decoding, self._least_left(), list(self._prompts.values()))
        elif self._prompts:
            plan = self._with_prompts(machine)
        else:
            cost, context = self._decode_cost(machine, max(decoding, self._batch)), self._context_tokens
            plan = Plan(cost.base_ns, 1, (), self._least_left())
        steps = min(most_steps, plan.steps)
        opening_ns = FOREVER
        if steps > 1:
            if decoding:
                free = self.kv_capacity_tokens - self._context_tokens - self._prompt_tokens
                steps = min(steps, free // (decoding * plan.tokens))
            opening_ns = self._opening_ns()
        bounds = (until_ns, opening_ns)
        durations, end_ns = self._scattered(plan.duration_ns, cost.context_ns, context, decoding, steps, bounds)
        self._scatter.at += len(durations)
        self._plan = plan
        return Stretch(self._now_ns, durations, end_ns, admitted, preempted, 0, plan.tokens, [], [])

    def _with_prompts(self, machine: MemoryMachine) -> Plan:
        if machine.prefill_budget_tokens is None:
            return plan_alone(self.stack, machine, next(iter(self._prompts.values())))
        return plan_chunked(
            self.stack, machine, machine.prefill_budget_tokens, len(self._decoding), self._context_tokens,
            self._prompts.values(),
        )  # fmt: skip

    def _decode_cost(self, machine: MemoryMachine, decoding: int) -> DecodeCost:
        cost = self._costs.get(decoding)
        if cost is None:
            cost = self._costs[decoding] = decode_cost(self.stack, machine, decoding)
        return cost

    def _scattered(
        self, base_ns: float, context_ns: float, context: int, growth: int, steps: int, bounds: tuple[int, int]
    ) -> "tuple[list[int] | npt.NDArray[np.int64], int]":
        """At most `steps` steps of `base_ns` + `context_ns` · context, which grows by `growth` in each, scattered.

        They go no further than to the first that ends after the head of the queue could be admitted (the second of
        `bounds`), nor beyond the first, and sometimes less far: ending a stretch early changes nothing.

        Returns:
            Their durations, and when the last ends.
        """
        until_ns, opening_ns = bounds
        scatter, end_ns = self._scatter, self._now_ns
        left = scatter.left()
        if steps == 1:
            duration_ns = round((base_ns + context_ns * context) * scatter.listed[scatter.at]) or 1
            return [duration_ns], end_ns + duration_ns
        steps = min(steps, left)
        bound_ns = min(opening_ns, until_ns)
        if steps > _FEW_STEPS and bound_ns < FOREVER:
            fit = (bound_ns - end_ns) / (base_ns + context_ns * context)
            steps = min(steps, int(fit * 1.1) + 4)
        if steps > _FEW_STEPS:
            each_ns = base_ns + context_ns * (context + growth * np.arange(steps))
            each_ns *= scatter.factors[scatter.at : scatter.at + steps]
            whole = np.rint(each_ns, out=each_ns).astype(np.int64)
            if base_ns < _LEAST_SURE_NS:
                whole = np.maximum(whole, 1)
            ends = whole.cumsum()
            last_ns = end_ns + int(ends[-1])
            if last_ns > bound_ns:
                fitting = int(ends.searchsorted(until_ns - end_ns, "right"))
                wanted = max(1, min(fitting, int(ends.searchsorted(opening_ns - end_ns)) + 1))
                return whole[:wanted], end_ns + int(ends[wanted - 1])
            return whole, last_ns
        durations: list[int] = []
        for factor in scatter.listed[scatter.at : scatter.at + steps]:
            duration_ns = round((base_ns + context_ns * context) * factor) or 1
            if end_ns + duration_ns > until_ns and durations:
                break
            durations.append(duration_ns)
            end_ns += duration_ns
            if end_ns >= opening_ns:
                break
            context += growth
        return durations, end_ns

    def _opening_ns(self) -> int:
        """When the head of the queue arrives and could be admitted; FOREVER if it is there, or there is no room."""
        if self._preempted or not self._waiting or self.stack.static_batching:
            return FOREVER
        head = next(iter(self._waiting.values()))
        return head.arrival_ns if head.arrival_ns > self._now_ns and self._has_room(head.input_tokens) else FOREVER

    def _least_left(self) -> int:
        """Tokens until the first of the decoding requests ends; 0 when none decodes."""
        heap = self._finishing
        while heap:
            finish_at, _, job_id = heap[0]
            one = self._decoding.get(job_id)
            if one is not None and one.finish_at == finish_at:
                return finish_at - self._tokens
            heappop(heap)
        return 0

    def _context_of(self, one: Running) -> int:
        return one.input_tokens + one.output_tokens - (one.finish_at - self._tokens)

    def _tokens_a_step(self) -> int:
        """The most that a request gets at once."""
        machine = self.stack.machine
        return min(machine.tokens_per_chunk, self._least_left()) if isinstance(machine, SramMachine) else 1

    def _make_room(self) -> list[int]:
        """Preempt the youngest until a step of the others fits into memory."""
        if self.kv_tokens + len(self._decoding) * self.most_tokens_a_step <= self.kv_capacity_tokens:
            return []
        preempted = []
        while self.kv_tokens + len(self._decoding) * self._tokens_a_step() > self.kv_capacity_tokens:
            if self._prompts:
                _, one = self._prompts.popitem()
                self._prompt_tokens -= one.to_read + 1
            else:
                _, one = self._decoding.popitem()
                context = self._context_of(one)
                self._context_tokens -= context
                one.to_read = context
            one.prompt_left = one.to_read
            self._preempted.append(one)
            preempted.append(one.id)
        self.preemptions += len(preempted)
        return preempted

    def _admit(self) -> list[int]:
        static = self.stack.static_batching
        if static and self.running:
            return []
        admitted = []
        while self._preempted and self._has_room(self._preempted[-1].to_read):
            admitted.append(self._start(self._preempted.pop()))
        if self._preempted:
            return admitted
        for job in self._waiting.values():
            if job.arrival_ns > self._now_ns or not self._has_room(job.input_tokens):
                break
            one = Running(job.id, job.input_tokens, job.output_tokens, job.input_tokens, job.input_tokens)
            admitted.append(self._start(one))
        for job_id in admitted:
            self._waiting.pop(job_id, None)
        self._batch = len(admitted) if static else 0
        return admitted

    def _has_room(self, to_read: int) -> bool:
        running = len(self._prompts) + len(self._decoding)
        if running >= self.stack.max_batch:
            return False
        free = self.kv_capacity_tokens - self._context_tokens - self._prompt_tokens - to_read - 1
        return not running or free >= self._watermark_tokens + len(self._decoding) * self.most_tokens_a_step

    def _start(self, one: Running) -> int:
        self._prompts[one.id] = one
        self._prompt_tokens += one.to_read + 1
        return one.id
