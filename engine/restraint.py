"""What holds the sending to one backend back: pauses that its provider asks for, caps of the plan, failures in a row.

It has no clock: whoever asks says what time it is, in ns, so that a run in real time and one in virtual time are held
back alike.
"""

from typing import Final

from ..backends.errors import BackendError, ErrorKind
from ..backends.rate_limits import RateLimits
from .frame import Allowances, Pause, Unsent
from .pacing import RateCap, asked_pause_s, pause_reason
from .plan import BackendPlan
from .share import Share

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
_MOST_DOUBLINGS: Final = 10


class Restraint:
    """Of a backend's caps it keeps the part that is `share`'s.

    Attributes:
        failures_in_a_row: since something was answered.
    """

    def __init__(self, plan: BackendPlan, share: Share) -> None:
        self.failures_in_a_row = 0
        self._cap = None if plan.max_concurrency is None else share.of(plan.max_concurrency)
        rate_per_s = plan.max_rate_per_s
        self._rate_cap = None if rate_per_s is None else RateCap(rate_per_s / share.workers)
        self._paused_until_ns = 0
        self._pause_reason = ""
        self._limits: RateLimits = ()
        self._limits_ns = 0

    def sent(self, now_ns: int) -> None:
        """A request leaves."""
        if self._rate_cap is not None:
            self._rate_cap.note(now_ns)

    def answered(self) -> None:
        """A request was answered."""
        self.failures_in_a_row = 0

    def failed(self, error: BackendError, now_ns: int) -> None:
        """A request failed, which may ask for a pause."""
        self.failures_in_a_row += 1
        self.keep_limits(error.limits, now_ns)
        pause_s = asked_pause_s(error)
        if pause_s is None and error.kind is ErrorKind.RATE_LIMIT:
            pause_s = self.backoff_s()
        until_ns = now_ns + round((pause_s or 0.0) * 1e9)
        if pause_s and until_ns > self._paused_until_ns:
            self._paused_until_ns, self._pause_reason = until_ns, pause_reason(error)

    def keep_limits(self, limits: RateLimits, now_ns: int) -> None:
        """What an answer said about how much more may be sent, if it did."""
        if limits:
            self._limits, self._limits_ns = limits, now_ns

    def backoff_s(self) -> float:
        """How long one who failed here should wait before trying again: failing fast must not become a flood.

        Doubles with each failure in a row.
        """
        if not self.failures_in_a_row:
            return 0.0
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self.failures_in_a_row - 1, _MOST_DOUBLINGS))

    def free_ns(self) -> int:
        """When the next request may leave; 0 is at once."""
        if self._rate_cap is None:
            return self._paused_until_ns
        return max(self._paused_until_ns, self._rate_cap.free_ns())

    def most_in_flight(self, concurrency: int) -> int:
        """How many of `concurrency` requests may be in flight at once."""
        return concurrency if self._cap is None else min(concurrency, self._cap)

    def holds_back(self, now_ns: int, in_flight: int) -> Unsent | None:
        """Why a prompt that is due now must not be sent; None if it may."""
        if self._paused_until_ns > now_ns:
            return "rate limit"
        if self._rate_cap is not None and self._rate_cap.free_ns() > now_ns:
            return "rate cap"
        if self._cap is not None and in_flight >= self._cap:
            return "concurrency cap"
        return None

    def pause(self, now_ns: int) -> Pause | None:
        """The one in force."""
        left_ns = self._paused_until_ns - now_ns
        return Pause(left_ns=left_ns, why=self._pause_reason) if left_ns > 0 else None

    def allowances(self, opened_ns: int) -> Allowances | None:
        """What the provider said last, in run time of a window opened at `opened_ns`."""
        return Allowances(at_ns=max(0, self._limits_ns - opened_ns), limits=self._limits) if self._limits else None
