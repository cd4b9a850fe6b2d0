"""One copy of a stack in real time: its scheduler paced by an alarm, its answers handed out as steps end."""

from collections.abc import Callable
from dataclasses import dataclass

from .alarm import new_alarm, now_ns
from .metrics import StackMetrics
from .scheduler import Emission, Job, Scheduler
from .stack import Stack
from .wire import Order

Deliver = Callable[[int, bool], None]
"""Called with the number of new tokens and whether they are the last."""


@dataclass(slots=True)
class _Answer:
    order: Order
    deliver: Deliver
    arrival_ns: int
    last_ns: int = 0


class Replica:
    """A copy of a stack on the running event loop.

    Args:
        stack: what it is a copy of.
        seed: of the scatter.
        number: among the copies, from 0.
        metrics: of all copies.
    """

    def __init__(self, stack: Stack, seed: int, number: int, metrics: StackMetrics) -> None:
        self.scheduler = Scheduler(stack, seed, number)
        self._front_end_ns = round(stack.front_end_ms * 1e6)
        self._metrics = metrics
        self._answers: dict[int, _Answer] = {}
        self._alarm = new_alarm(self._advance)
        self._last_id = 0
        self._last_arrival_ns = 0

    @property
    def running(self) -> int:
        """Requests in the batch."""
        return self.scheduler.running

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return self.scheduler.waiting

    def submit(self, order: Order, deliver: Deliver, not_before_ns: int = 0) -> Callable[[], None]:
        """Queue `order` and deliver its tokens as they come; returns what cancels it.

        Args:
            order: what is asked.
            deliver: called at the end of each step that brings it tokens.
            not_before_ns: it joins the queue then, if that is later than the front end lets it through.
        """
        self._last_id += 1
        job_id, arrived_ns = self._last_id, now_ns()
        # Nobody overtakes: who comes while others wait for a cold start queues behind them.
        joins_ns = max(arrived_ns + self._front_end_ns, not_before_ns, self._last_arrival_ns)
        self._last_arrival_ns = joins_ns
        self.scheduler.submit(Job(job_id, joins_ns, order.input_tokens, order.output_tokens))
        self._answers[job_id] = _Answer(order, deliver, arrived_ns)
        self._advance()
        return lambda: self._cancel(job_id)

    def _cancel(self, job_id: int) -> None:
        """Stop an answer whose client is gone; its place in the batch is free at once. A finished one is no error."""
        if self._answers.pop(job_id, None) is not None:
            self.scheduler.cancel(job_id)
            self._metrics.finished["abort"] += 1

    def close(self) -> None:
        """Stop pacing."""
        self._alarm.close()

    def _advance(self) -> None:
        """Complete every step that is due and set the alarm for the next end."""
        due_ns = now_ns()
        while (end_ns := self.scheduler.begin()) is not None:
            if end_ns > due_ns:
                self._alarm.set(end_ns)
                return
            step = self.scheduler.complete()
            for job_id in step.admitted:
                answer = self._answers.get(job_id)
                if answer is not None and not answer.last_ns:
                    self._metrics.queue.add(step.start_ns - answer.arrival_ns - self._front_end_ns)
            for emission in step.emissions:
                self._hand_out(emission, step.end_ns)

    def _hand_out(self, emission: Emission, at_ns: int) -> None:
        answer = self._answers[emission.job_id]
        metrics = self._metrics
        metrics.generation_tokens += emission.tokens
        if answer.last_ns:
            metrics.itl.add((at_ns - answer.last_ns) // emission.tokens, emission.tokens)
        else:
            metrics.prompt_tokens += answer.order.input_tokens
            metrics.ttft.add(at_ns - answer.arrival_ns)
        answer.last_ns = at_ns
        if emission.finished:
            del self._answers[emission.job_id]
            metrics.finished[answer.order.finish_reason] += 1
            metrics.e2e.add(at_ns - answer.arrival_ns)
        answer.deliver(emission.tokens, emission.finished)
