"""One simulated backend under load in virtual time: its schedulers, and who sends the next prompt when."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from ...backends.errors import BackendError, ErrorKind
from ...backends.fleet.faults import Fault, first_of_kind, struck_by
from ...backends.fleet.replicas import least_loaded
from ...backends.fleet.scheduler import FOREVER, Job, Scheduler, Stretch
from ...backends.fleet.stacks import Stack
from ...backends.fleet.wire import refusal
from ...backends.rate_limits import rate_limits
from ..cost import ApiPrice
from ..frame import BackendFrame
from ..plan import BackendPlan
from ..purse import may_be_billed
from ..restraint import Restraint
from ..share import Share
from .account import Account, Values
from .mishaps import Mishap, apart, mishap
from .money import Money
from .orders import BLOCK, Order, Orders
from .pace import Pace

_NOBODY: Final[frozenset[int]] = frozenset()
_KINDS: Final = {429: ErrorKind.RATE_LIMIT}


@dataclass(slots=True)
class _Sent:
    order: Order
    at_ns: int
    replica: int
    first_ns: int = 0


class VirtualLane:
    """A backend and its account; time is given by `advance`.

    Args:
        plan: of the backend.
        stack: what answers.
        account: counts.
        orders: the prompt stream.
        bears: whether the run's budget bears so many USD more at a moment; None without one.
        seed: of the run.
        timeout_s: longest a request may take.
        limit: prompts it gets; None has no limit.
        due_ns: open loop: when prompt `index` is sent; None is a closed loop.
        concurrency: closed loop: prompts in flight.

    Attributes:
        now_ns: when something last happened.
        ended_ns: when an answer last ended.
        retired: whether its own budget is used up.
        broke: whether the run's budget did not bear its next prompt.
    """

    def __init__(
        self,
        plan: BackendPlan,
        stack: Stack,
        account: Account,
        orders: Orders,
        *,
        bears: Callable[[float, int], bool] | None,
        seed: int,
        timeout_s: float,
        limit: int | None,
        due_ns: Callable[[int], int] | None,
        concurrency: int,
    ) -> None:
        self.now_ns = 0
        self.ended_ns = 0
        self.retired = False
        self.broke = False
        self._stack = stack
        self._account = account
        self._orders = orders
        self._bears = bears
        self._seed = seed
        self._faults = plan.faults
        self._restraint = Restraint(plan, Share())
        self._limited = bears is not None or plan.budget_usd is not None
        self._money = Money(plan) if self._limited or isinstance(plan.price, ApiPrice) else None
        self._front_end_ns = round(stack.front_end_ms * 1e6)
        self._timeout_ns = round(timeout_s * 1e9)
        self._limit = FOREVER if limit is None else limit
        self._due_ns = due_ns
        self._replicas = [Scheduler(stack, seed, number) for number in range(stack.replicas)]
        self._paces = [Pace() for _ in self._replicas]
        self._mishaps: list[dict[int, Mishap]] = [{} for _ in self._replicas]
        self._resumptions: list[tuple[int, int]] = []  # heap of (when a stall is over, whose)
        self._joined_ns = [0] * stack.replicas  # when the newest request joins the queue
        self._under_way: dict[int, _Sent] = {}
        self._deadlines: deque[tuple[int, int]] = deque()
        self._block: list[Order] = []
        self._block_number = -1
        self._next_index = 0
        slots = self._restraint.most_in_flight(concurrency) if due_ns is None else 0
        self._slots = [(0, number, False) for number in range(slots)]  # heap: when free, turn, whether held back
        self._turns = slots
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
            self._send_ns = self._slots[0][0] if self._slots else FOREVER

    def next_ns(self, until_ns: int) -> int:
        """When something happens next; beyond `until_ns` it need not be exact."""
        deadline_ns = self._deadline_ns()
        end_ns, _ = self._soonest_end(min(until_ns, deadline_ns))
        return min(end_ns, self._send_ns, deadline_ns, self._resumption_ns())

    def advance(self, until_ns: int) -> None:
        """Let everything happen that happens before or at `until_ns`, or until the run's budget is used up."""
        while True:
            if self._send_ns <= self.now_ns:
                self._send(self._send_ns)
                if self.broke:
                    return
                continue
            deadline_ns = self._deadline_ns()
            end_ns, replica = self._soonest_end(min(deadline_ns, until_ns))
            resumption_ns = self._resumption_ns() if self._resumptions else FOREVER
            soonest_ns = min(end_ns, self._send_ns, deadline_ns, resumption_ns)
            if soonest_ns > until_ns:
                return
            self.now_ns = soonest_ns
            if self._send_ns == soonest_ns:
                self._send(soonest_ns)
                if self.broke:
                    return
            elif end_ns == soonest_ns:
                self._follow(replica)
            elif resumption_ns == soonest_ns:
                self._resume(heappop(self._resumptions)[1], soonest_ns)
            else:
                self._time_out(soonest_ns)

    def _soonest_end(self, until_ns: int) -> tuple[int, int]:
        """When the first replica has something to show, and which."""
        if len(self._replicas) == 1 and not self._mishaps[0]:
            end_ns = self._replicas[0].begin(FOREVER, until_ns)
            return (FOREVER if end_ns is None else end_ns), 0
        soonest_ns, which = FOREVER, 0
        until_ns = min(until_ns, self._resumption_ns())
        for number, scheduler in enumerate(self._replicas):
            most_steps = FOREVER
            if mishaps := self._mishaps[number]:
                most_steps = min(each.steps(scheduler.most_tokens_a_step) for each in mishaps.values())
            end_ns = scheduler.begin(most_steps, until_ns)
            if end_ns is not None and end_ns < soonest_ns:
                soonest_ns, which = end_ns, number
        return soonest_ns, which

    # --- sending ---

    def _send(self, at_ns: int) -> None:
        """The next prompt is due."""
        held = False
        if self._due_ns is None:
            free_ns = self._restraint.free_ns()
            _, _, held = heappop(self._slots)
            if free_ns > at_ns:
                self._open_slot(free_ns, held=True)
                return
        index = self._next_index
        self._next_index += 1
        order = self._order(index)
        if self._affords(order, at_ns):
            if self._money is not None:
                self._money.set_aside(index, order)
            self._perform(index, order, at_ns, held=held)
        self._plan_next()

    def _open_slot(self, at_ns: int, *, held: bool = False) -> None:
        """Closed loop: another prompt may be sent at `at_ns`."""
        if self._due_ns is None:
            self._turns += 1
            heappush(self._slots, (at_ns, self._turns, held))
            self._plan_next()

    def _affords(self, order: Order, at_ns: int) -> bool:
        """Whether the budgets bear one more prompt; if not, there is no further one."""
        if self._money is None or not self._limited:
            return True
        worst_usd = self._money.worst_usd(order)
        self.broke = self._bears is not None and worst_usd > 0 and not self._bears(worst_usd, at_ns)
        self.retired = not self.broke and not self._money.affords(self.committed_usd(at_ns), worst_usd)
        if not self.broke and not self.retired:
            return True
        self._account.drop("budget")
        self.stop()
        return False

    def committed_usd(self, now_ns: int) -> float:
        """Spend so far, and what may still be billed at the worst."""
        if self._money is None:
            return 0.0
        first_ns, account = self._account.first_sent_ns, self._account
        last_ns = now_ns if account.in_flight else self.ended_ns
        return self._money.committed_usd(first_ns, 0 if first_ns is None else last_ns - first_ns)

    def _perform(self, index: int, order: Order, at_ns: int, *, held: bool) -> None:
        account = self._account
        if self._due_ns is not None:
            reason = self._restraint.holds_back(at_ns, account.in_flight)
            if reason is not None:
                account.drop(reason)
                self._release(index, None, billed=True)
                return
        account.held_back += held
        account.send(at_ns)
        self._restraint.sent(at_ns)
        most = self._stack.context_tokens
        if order.input_tokens + order.most_tokens > most:
            message = f"{order.input_tokens + order.most_tokens} tokens are more than the longest request, {most}"
            error = BackendError(ErrorKind.CLIENT, message, status=400, sent_ns=at_ns)
            self._fail(index, order, at_ns, at_ns, 0, error)
            return
        joins_ns, key = at_ns + self._front_end_ns, ""
        struck: tuple[Fault, ...] = ()
        if self._faults and any(fault.covers(at_ns / 1e9) for fault in self._faults):
            key = self._orders.known_by(index)
            struck = struck_by(self._faults, self._seed, key, at_ns / 1e9)
        if struck:
            if refused := first_of_kind(struck, "rate-limit", "error"):
                said = refusal(refused)
                headers = {name.lower().encode(): value for name, value in said.headers.items()}
                error = BackendError(
                    _KINDS.get(said.status, ErrorKind.SERVER),
                    str(said),
                    status=said.status,
                    retry_after_s=refused.retry_after_s or None,
                    limits=rate_limits(headers, 0.0),
                    sent_ns=at_ns,
                )
                self._fail(index, order, at_ns, at_ns, 0, error)
                return
            cold = first_of_kind(struck, "cold")
            if cold is not None and cold.for_s is not None:
                joins_ns = max(joins_ns, round((cold.after_s + cold.for_s) * 1e9))
        replica = least_loaded(self._replicas)
        joins_ns = self._joined_ns[replica] = max(joins_ns, self._joined_ns[replica])
        self._replicas[replica].submit(Job(index, joins_ns, order.input_tokens, order.output_tokens))
        self._under_way[index] = _Sent(order, at_ns, replica)
        self._deadlines.append((at_ns + self._timeout_ns, index))
        if struck and (suffers := mishap(struck, self._seed, key, order.output_tokens)):
            self._mishaps[replica][index] = suffers

    def _order(self, index: int) -> Order:
        number, place = divmod(index, BLOCK)
        if number != self._block_number:
            self._block, self._block_number = self._orders.block(number), number
        return self._block[place]

    # --- what becomes of it ---

    def _release(self, index: int, counted: Order | None, *, billed: bool) -> None:
        if self._money is not None:
            self._money.release(index, counted, billed=billed)

    def _fail(self, index: int, order: Order, sent_ns: int, at_ns: int, passed: int, error: BackendError) -> None:
        """A request fails of which the client has `passed` tokens; a closed loop waits before its next."""
        seen = None
        if passed:
            seen = order._replace(answer_characters=order.answer_characters * passed // order.output_tokens)
        counted = self._account.fail(index, sent_ns, at_ns, seen, error)
        self._release(index, counted, billed=not may_be_billed(error))
        self._restraint.failed(error, at_ns)
        self._open_slot(at_ns + round(self._restraint.backoff_s() * 1e9))

    def _break_off(self, index: int, at_ns: int, kind: ErrorKind, message: str) -> None:
        """A request under way ends badly."""
        sent = self._under_way.pop(index)
        suffered = self._mishaps[sent.replica].pop(index, None)
        scheduler = self._replicas[sent.replica]
        passed = suffered.passed if suffered else scheduler.produced(index)
        scheduler.cancel(index)
        self._paces[sent.replica].forget(index)
        self.ended_ns = at_ns
        error = BackendError(kind, message, sent_ns=sent.at_ns)
        self._fail(index, sent.order, sent.at_ns, at_ns, passed, error)

    def _deadline_ns(self) -> int:
        deadlines = self._deadlines
        while deadlines and deadlines[0][1] not in self._under_way:
            deadlines.popleft()
        return deadlines[0][0] if deadlines else FOREVER

    def _time_out(self, at_ns: int) -> None:
        _, index = self._deadlines.popleft()
        self._break_off(index, at_ns, ErrorKind.TIMEOUT, "no complete answer in time")

    def _follow(self, replica: int) -> None:
        scheduler, mishaps = self._replicas[replica], self._mishaps[replica]
        decoding = {index for index in mishaps if scheduler.decodes(index)} if mishaps else _NOBODY
        stretch = scheduler.complete_stretch()
        end_ns, under_way, account = stretch.end_ns, self._under_way, self._account
        if mishaps:
            unusual = apart(mishaps.items(), stretch)
            self._paces[replica].follow(stretch, unusual, len(unusual & decoding))
        else:
            unusual = _NOBODY
            self._paces[replica].follow(stretch)
        for index in stretch.joined:
            sent = under_way[index]
            if not sent.first_ns and index not in unusual:
                sent.first_ns = end_ns
                account.first(index, sent.at_ns, end_ns)
        for index in stretch.finished:
            if index not in mishaps:
                self._finish(index, end_ns)
        for index in list(mishaps) if mishaps else ():
            tokens = stretch.tokens * len(stretch.durations_ns) * (index in decoding) + (index in stretch.joined)
            if tokens:
                self._suffer(replica, index, tokens, stretch)

    def _finish(self, index: int, at_ns: int) -> None:
        sent = self._under_way.pop(index)
        self._account.finish(index, sent.at_ns, sent.first_ns, at_ns, sent.order)
        if self._money is not None:
            self._release(index, sent.order, billed=True)
        self._restraint.answered()
        self._open_slot(at_ns)
        self.ended_ns = at_ns

    # --- answers that faults strike ---

    def _suffer(self, replica: int, index: int, tokens: int, stretch: Stretch) -> None:
        """A struck answer has `tokens` more of the server."""
        suffering, finished, at_ns = self._mishaps[replica][index], index in stretch.finished, stretch.end_ns
        if suffering.stalled:
            suffering.waiting += tokens
            suffering.ended = finished
        elif suffering.cut_after is not None and finished:
            self._cut(index, at_ns)
        else:
            self._pass_on(replica, index, tokens, at_ns, apart=suffering.resumed, finished=finished)

    def _pass_on(self, replica: int, index: int, tokens: int, at_ns: int, *, apart: bool, finished: bool) -> None:
        """The client has a chunk of a struck answer."""
        suffering = self._mishaps[replica][index]
        if apart:
            self._paces[replica].add(suffering.last_ns, at_ns, tokens)
        suffering.passed += tokens
        suffering.last_ns = at_ns
        suffering.resumed = False
        if finished:
            del self._mishaps[replica][index]
            self._finish(index, at_ns)
        elif suffering.to_be_cut:
            self._cut(index, at_ns)
        elif suffering.to_stall:
            suffering.stalled = True
            heappush(self._resumptions, (at_ns + suffering.stall_ns, index))

    def _resumption_ns(self) -> int:
        return self._resumptions[0][0] if self._resumptions else FOREVER

    def _resume(self, index: int, at_ns: int) -> None:
        """A stall is over: what was held back comes at once."""
        sent = self._under_way.get(index)
        if sent is None:
            return
        suffering = self._mishaps[sent.replica][index]
        suffering.stalled, suffering.stall_after = False, None
        tokens, suffering.waiting = suffering.waiting, 0
        if suffering.ended and suffering.cut_after is not None:
            self._cut(index, at_ns)
        elif tokens:
            self._pass_on(sent.replica, index, tokens, at_ns, apart=True, finished=suffering.ended)
        suffering.resumed = True

    def _cut(self, index: int, at_ns: int) -> None:
        self._break_off(index, at_ns, ErrorKind.CUT, "the connection ended in the middle of the answer")

    # --- looking ---

    def settle(self) -> dict[str, Values]:
        """Bring the account up to date; what became known since the last time."""
        return self._account.settle(self._paces)

    def frame(self, now_ns: int) -> BackendFrame:
        """This backend as of the last `settle`."""
        at_risk_usd = 0.0 if self._money is None else self._money.at_risk_usd
        return self._account.frame(now_ns, self._restraint, at_risk_usd)
