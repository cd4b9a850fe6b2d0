"""Holding one backend's sending back: a cap on its rate, and the pauses its provider asks for."""

from collections import deque
from typing import Final

from ..backends.errors import BackendError, ErrorKind
from ..backends.rate_limits import in_words, used_up

LONGEST_PAUSE_S: Final = 86_400.0


class RateCap:
    """At most `rate_per_s` over any stretch of a second, or of as long as one request needs if that is longer."""

    def __init__(self, rate_per_s: float) -> None:
        most = max(1, int(rate_per_s))
        self._sent: deque[int] = deque(maxlen=most)
        self._stretch_ns = round(most / rate_per_s * 1e9)

    def free_ns(self) -> int:
        """When the next request may leave; 0 is at once."""
        return self._sent[0] + self._stretch_ns if len(self._sent) == self._sent.maxlen else 0

    def note(self, at_ns: int) -> None:
        """A request leaves."""
        self._sent.append(at_ns)


def asked_pause_s(error: BackendError) -> float | None:
    """How long a refusal asks not to be sent anything.

    That is its Retry-After; of a 429 without one, until every allowance it says is used up is full again; a day at
    most. None if it asks for nothing.
    """
    asked_s = error.retry_after_s
    if asked_s is None and error.kind is ErrorKind.RATE_LIMIT:
        resets_s = [limit.reset_s for limit in used_up(error.limits) if limit.reset_s is not None]
        asked_s = max(resets_s, default=None)
    return None if asked_s is None else min(asked_s, LONGEST_PAUSE_S)


def pause_reason(error: BackendError) -> str:
    """Why sending pauses, in words: "429, tokens/min used up"."""
    what = error.kind.value if error.status is None else str(error.status)
    return ", ".join(part for part in (what, in_words(error.limits)) if part)
