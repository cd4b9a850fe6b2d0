"""What a watcher may ask of a running engine."""

import msgspec


class SetConcurrency(msgspec.Struct, frozen=True, tag=True):
    """Closed loop: keep this many requests in flight per backend."""

    concurrency: int


class SetRate(msgspec.Struct, frozen=True, tag=True):
    """Open loop: schedule this many requests per second from now on."""

    rate_per_s: float


class SetWorkload(msgspec.Struct, frozen=True, tag=True):
    """Take prompts from this built-in workload (or file of prompts) from now on."""

    source: str


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Stop sending, cancel what is in flight, send the final frame and end."""


Command = SetConcurrency | SetRate | SetWorkload | Stop
