"""Where the next prompt comes from while a run is under way: a worker's share of the stream, its limits, and changes.

The stream itself is pure (`prompts`); this holds what has been handed out. A change of workload, or to an open loop,
jumps every backend to the same fresh index, so one index stays one prompt for all of them.
"""

from typing import Final

from .plan import WorkloadPlan
from .prompts import Prompt, PromptStream
from .share import Share

WARMUP_INDEX: Final = 1 << 40
"""Warm-up prompts come from far along the stream, so that the measured window always starts at prompt 0."""

_RECENT = 64


class PromptSource:
    """Hands each backend the prompts of one share of the stream in order.

    Args:
        seed: of the run.
        workload: which prompts.
        limit: prompts a backend gets from all workers together; None has no limit.
        share: which of them are handed out here.
    """

    def __init__(self, seed: int, workload: WorkloadPlan, limit: int | None, share: Share) -> None:
        self._seed = seed
        self._stream = PromptStream(seed, workload)
        self._limit = None if limit is None else share.of(limit)
        self._share = share
        self._base = share.worker
        self._next: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._recent: dict[int, Prompt] = {}

    def warm_up(self, number: int) -> Prompt:
        """The `number`-th warm-up prompt."""
        return self._stream.prompt(WARMUP_INDEX + number)

    def take(self, backend: str) -> Prompt | None:
        """The next prompt for `backend`; None when it has had its share."""
        if self.left(backend) == 0:
            return None
        index = max(self._next.get(backend, 0), self._base)
        self._next[backend] = index + self._share.workers
        self._taken[backend] = self._taken.get(backend, 0) + 1
        return self._made(index)

    def _made(self, index: int) -> Prompt:
        """The prompt at `index`; made once for backends that keep pace with each other."""
        prompt = self._recent.get(index)
        if prompt is None:
            prompt = self._recent[index] = self._stream.prompt(index)
            if len(self._recent) > _RECENT:
                del self._recent[next(iter(self._recent))]
        return prompt

    def left(self, backend: str) -> int | None:
        """Prompts still owed to `backend`; None without a limit."""
        return None if self._limit is None else self._limit - self._taken.get(backend, 0)

    def switch(self, workload: WorkloadPlan) -> None:
        """Take prompts from another workload from now on; WorkloadError changes nothing."""
        self._stream = PromptStream(self._seed, workload)
        self._recent.clear()
        self._base = max(self._next.values(), default=self._base)

    def jump(self, index: int) -> None:
        """Go on with prompt `index`, or the first after it that is handed out here; never back."""
        self._base = max(self._share.first_from(index), *self._next.values(), self._base)
