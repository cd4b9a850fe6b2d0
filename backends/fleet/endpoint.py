"""One simulated stack as its clients see it: copies behind one address, its faults, its figures."""

import time
from collections.abc import Callable, Sequence

from .alarm import now_ns
from .faults import Fault, struck_by
from .metrics import StackMetrics, metrics_page
from .model import power_w
from .replica import Deliver, Replica
from .replicas import least_loaded
from .stack import Stack
from .wire import Order

_NS_PER_S = 1_000_000_000


class Endpoint:
    """A simulated stack on the running event loop.

    Attributes:
        name: path prefix.
        stack: what answers new requests.
        faults: injected into new requests.
    """

    def __init__(self, name: str, stack: Stack, seed: int, faults: Sequence[Fault] = ()) -> None:
        self.name = name
        self.stack = stack
        self.seed = seed
        self.faults = tuple(faults)
        self.started_s = int(time.time())
        self._started_ns = now_ns()
        self._metrics = StackMetrics()
        self._replicas = self._copies(stack)
        self._retired: list[Replica] = []

    def _copies(self, stack: Stack) -> list[Replica]:
        return [Replica(stack, self.seed, number, self._metrics) for number in range(stack.replicas)]

    @property
    def elapsed_s(self) -> float:
        """Since it began to serve."""
        return (now_ns() - self._started_ns) / _NS_PER_S

    def become(self, stack: Stack) -> None:
        """Let `stack`, which serves the same model, answer from now on; what is under way ends where it is."""
        if stack == self.stack:  # every worker of a crew asks for the same
            return
        self._retire()
        self._retired += self._replicas
        self.stack = stack
        self._replicas = self._copies(stack)

    def _retire(self) -> None:
        """Close the copies of former stacks that have nothing left to do."""
        for replica in self._retired:
            if not replica.running and not replica.waiting:
                replica.close()
        self._retired = [replica for replica in self._retired if replica.running or replica.waiting]

    def struck_by(self, order: Order) -> tuple[Fault, ...]:
        """The faults that a request meets now."""
        return struck_by(self.faults, self.seed, order.known_by, self.elapsed_s) if self.faults else ()

    def submit(self, order: Order, deliver: Deliver, cold: Fault | None = None) -> Callable[[], None]:
        """Queue `order` and deliver its tokens as they come; returns what cancels it."""
        ready_ns = 0
        if cold is not None and cold.for_s is not None:
            ready_ns = self._started_ns + round((cold.after_s + cold.for_s) * _NS_PER_S)
        return self._replicas[least_loaded(self._replicas)].submit(order, deliver, ready_ns)

    def metrics(self) -> str:
        """The `/metrics` page."""
        self._retire()
        schedulers = [replica.scheduler for replica in (*self._replicas, *self._retired)]
        return metrics_page(
            self.stack.model.name,
            self._metrics,
            running=sum(one.running for one in schedulers),
            waiting=sum(one.waiting for one in schedulers),
            kv_share=sum(one.kv_tokens for one in schedulers) / sum(one.kv_capacity_tokens for one in schedulers),
            power_w=sum(power_w(one.stack, one.running, one.kv_tokens) for one in schedulers),
            idle_power_w=power_w(self.stack, 0) * self.stack.replicas,
        )

    def close(self) -> None:
        """Stop pacing."""
        for replica in (*self._replicas, *self._retired):
            replica.close()
