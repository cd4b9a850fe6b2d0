"""A worker's share of the prompt stream: of W workers, worker k takes the prompts with index mod W = k.

The stream is a pure function of the index, so every worker finds its own prompts and their times by itself, and all
backends of one index are driven by the same worker (architecture.md, "The stream is a pure function").
"""

import msgspec


class Share(msgspec.Struct, frozen=True):
    """Worker `worker` (from 0) of `workers`; by default one worker has it all."""

    worker: int = 0
    workers: int = 1

    def of(self, total: int) -> int:
        """How many of `total` things numbered from 0 fall to this worker; the workers' counts sum to `total`."""
        return (total - self.worker + self.workers - 1) // self.workers

    def owns(self, index: int) -> bool:
        """Whether the thing with this number falls to this worker."""
        return index % self.workers == self.worker

    def first_from(self, index: int) -> int:
        """The first number, from `index` on, of what falls to this worker."""
        return index + (self.worker - index) % self.workers
