"""One simulated backend under load in virtual time: its schedulers, and who sends the next prompt when."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ...backends.errors import ErrorKind
from ...backends.fleet.replicas import least_loaded
from ...backends.fleet.scheduler import FOREVER, Job, Scheduler
from ...backends.fleet.stacks import Stack
from ..lane import FIRST_PAUSE_S, LONGEST_PAUSE_S
from .account import Account, Values
from .orders import BLOCK, Order, Orders
from .pace import Pace

_LONGEST_DOUBLING: Final = 10


@dataclass(slots=True)
class _Sent:
    order: Order
    at_ns: int
    replica: int
    first_ns: int = 0


class VirtualLane:
    """A backend and its account; time is given by `advance`.

    Args:
        stack: what answers.
        account: counts.
        orders: the prompt stream.
        seed: of the run.
        timeout_s: longest a request may take.
        limit: prompts it gets; None has no limit.
        due_ns: open loop: when prompt `index` is sent; None is a closed loop.
        concurrency: closed loop: prompts in flight.

    Attributes:
        now_ns: when something last happened.
        ended_ns: when an answer last ended.
    """

    def __init__(
        self,
        stack: Stack,
        account: Account,
        orders: Orders,
        *,
        seed: int,
        timeout_s: float,
        limit: int | None,
        due_ns: Callable[[int], int] | None,
        concurrency: int,
    ) -> None:
        self.now_ns = 0
        self.ended_ns = 0
        self._stack = stack
        self._account = account
        self._orders = orders
        self._front_end_ns = round(stack.front_end_ms * 1e6)
        self._timeout_ns = round(timeout_s * 1e9)
        self._limit = FOREVER if limit is None else limit
        self._due_ns = due_ns
        self._replicas = [Scheduler(stack, seed, number) for number in range(stack.replicas)]
        self._paces = [Pace() for _ in self._replicas]
        self._under_way: dict[int, _Sent] = {}
        self._deadlines: deque[tuple[int, int]] = deque()
        self._block: list[Order] = []
        self._block_number = -1
        self._next_index = 0
        self._failures_in_a_row = 0
        self._free_ns = [0] * concurrency if due_ns is None else []  # when slots may send again, soonest first
        self._stopped = False
        self._send_ns = 0
        self._plan_next()

    @property
    def over(self) -> bool:
        """Whether it has had all its prompts and every answer."""
        return not self._under_way and self._send_ns == FOREVER

    def stop(self) -> None:
        """Send no further prompt."""
        self._stopped = True
        self._send_ns = FOREVER

    def _plan_next(self) -> None:
        """Find out when the next prompt is sent, as far as that is known."""
        if self._stopped or self._next_index >= self._limit:
            self._send_ns = FOREVER
        elif self._due_ns is not None:
            self._send_ns = self._due_ns(self._next_index)
        else:
            self._send_ns = self._free_ns[0] if self._free_ns else FOREVER

    def advance(self, until_ns: int) -> None:
        """Let everything happen that happens before or at `until_ns`."""
        while True:
            if self._send_ns <= self.now_ns:
                self._send(self._send_ns)
                continue
            deadline_ns = self._deadline_ns()
            end_ns, replica = self._soonest_end(min(until_ns, deadline_ns))
            soonest_ns = min(end_ns, self._send_ns, deadline_ns)
            if soonest_ns > until_ns:
                return
            self.now_ns = soonest_ns
            if self._send_ns == soonest_ns:
                self._send(soonest_ns)
            elif end_ns == soonest_ns:
                self._follow(replica)
            else:
                self._time_out(soonest_ns)

    def _soonest_end(self, until_ns: int) -> tuple[int, int]:
        """When the first replica has something to show, and which."""
        soonest_ns, which = FOREVER, 0
        for number, scheduler in enumerate(self._replicas):
            end_ns = scheduler.begin(FOREVER, until_ns)
            if end_ns is not None and end_ns < soonest_ns:
                soonest_ns, which = end_ns, number
        return soonest_ns, which

    def _send(self, at_ns: int) -> None:
        index = self._next_index
        self._next_index += 1
        if self._due_ns is None:
            del self._free_ns[0]
        self._plan_next()
        order = self._order(index)
        self._account.send(at_ns)
        if order.input_tokens + order.most_tokens > self._stack.context_tokens:
            self._refuse(index, at_ns, order)
            return
        replica = least_loaded(self._replicas)
        self._replicas[replica].submit(
            Job(index, at_ns + self._front_end_ns, order.input_tokens, order.output_tokens)
        )
        self._under_way[index] = _Sent(order, at_ns, replica)
        self._deadlines.append((at_ns + self._timeout_ns, index))

    def _order(self, index: int) -> Order:
        number, place = divmod(index, BLOCK)
        if number != self._block_number:
            self._block, self._block_number = self._orders.block(number), number
        return self._block[place]

    def _refuse(self, index: int, at_ns: int, order: Order) -> None:
        most = self._stack.context_tokens
        message = f"{order.input_tokens + order.most_tokens} tokens are more than the longest request, {most}"
        self._account.fail(index, at_ns, at_ns, None, ErrorKind.CLIENT, message)
        self._failed(at_ns)

    def _failed(self, at_ns: int) -> None:
        """A closed loop that fails waits twice as long each time, as `lane.Lane` does."""
        doublings = min(self._failures_in_a_row, _LONGEST_DOUBLING)
        self._failures_in_a_row += 1
        self._free_slot(at_ns + round(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings) * 1e9))

    def _free_slot(self, at_ns: int) -> None:
        if self._due_ns is None:
            self._free_ns.append(at_ns)
            self._free_ns.sort()
            self._plan_next()

    def _deadline_ns(self) -> int:
        deadlines = self._deadlines
        while deadlines and deadlines[0][1] not in self._under_way:
            deadlines.popleft()
        return deadlines[0][0] if deadlines else FOREVER

    def _time_out(self, at_ns: int) -> None:
        _, index = self._deadlines.popleft()
        sent = self._under_way.pop(index)
        scheduler = self._replicas[sent.replica]
        produced = scheduler.produced(index)
        scheduler.cancel(index)
        self._paces[sent.replica].forget(index)
        order, seen = sent.order, None
        if produced:
            seen = order._replace(answer_characters=order.answer_characters * produced // order.output_tokens)
        self._account.fail(index, sent.at_ns, at_ns, seen, ErrorKind.TIMEOUT, "no complete answer in time")
        self._failed(at_ns)
        self.ended_ns = at_ns

    def _follow(self, replica: int) -> None:
        stretch = self._replicas[replica].complete_stretch()
        self._paces[replica].follow(stretch)
        end_ns, under_way, account = stretch.end_ns, self._under_way, self._account
        for index in stretch.joined:
            sent = under_way[index]
            if not sent.first_ns:
                sent.first_ns = end_ns
                account.first(index, sent.at_ns, end_ns)
        for index in stretch.finished:
            sent = under_way.pop(index)
            account.finish(index, sent.at_ns, sent.first_ns, end_ns, sent.order)
            self._failures_in_a_row = 0
            self._free_slot(end_ns)
        if stretch.finished:
            self.ended_ns = end_ns

    def settle(self) -> dict[str, Values]:
        """Bring the account up to date; what became known since the last time."""
        return self._account.settle(self._paces)
