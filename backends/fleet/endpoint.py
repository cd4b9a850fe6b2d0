"""One stack in real time: its scheduler paced by an alarm, its answers handed out at the end of each step."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from .alarm import new_alarm, now_ns
from .metrics import StackMetrics, metrics_page
from .model import power_w
from .scheduler import Emission, Job, Scheduler
from .stacks import Stack
from .wire import Order

Deliver = Callable[[int, bool], None]
"""Called with the number of new tokens and whether they are the last."""


@dataclass(slots=True)
class _Answer:
    order: Order
    deliver: Deliver
    arrival_ns: int
    last_ns: int = 0


class Endpoint:
    """A simulated stack on the running event loop."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack = stack
        self.seed = seed
        self.started_s = int(time.time())
        self._front_end_ns = round(stack.front_end_ms * 1e6)
        self._scheduler = Scheduler(stack, seed)
        self._metrics = StackMetrics()
        self._answers: dict[int, _Answer] = {}
        self._alarm = new_alarm(self._advance)
        self._last_id = 0

    def submit(self, order: Order, deliver: Deliver) -> int:
        """Queue `order` and deliver its tokens as they come; returns a handle for `cancel`."""
        self._last_id += 1
        arrived_ns = now_ns()
        job = Job(self._last_id, arrived_ns + self._front_end_ns, order.input_tokens, order.output_tokens)
        self._scheduler.submit(job)
        self._answers[job.id] = _Answer(order, deliver, arrived_ns)
        self._advance()
        return job.id

    def cancel(self, job_id: int) -> None:
        """Stop an answer whose client is gone; its place in the batch is free at once. A finished one is no error."""
        if self._answers.pop(job_id, None) is not None:
            self._scheduler.cancel(job_id)
            self._metrics.finished["abort"] += 1

    def metrics(self) -> str:
        """The `/metrics` page."""
        scheduler = self._scheduler
        return metrics_page(
            self.stack.model.name,
            self._metrics,
            running=scheduler.running,
            waiting=scheduler.waiting,
            kv_share=scheduler.kv_reserved_tokens / scheduler.kv_capacity_tokens,
            power_w=power_w(self.stack, scheduler.running),
        )

    def close(self) -> None:
        """Stop pacing."""
        self._alarm.close()

    def _advance(self) -> None:
        """Complete every step that is due and set the alarm for the next end."""
        due_ns = now_ns()
        while (end_ns := self._scheduler.begin()) is not None:
            if end_ns > due_ns:
                self._alarm.set(end_ns)
                return
            step = self._scheduler.complete()
            for job_id in step.admitted:
                if job_id in self._answers:
                    self._metrics.queue.add(step.start_ns - self._answers[job_id].arrival_ns - self._front_end_ns)
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
