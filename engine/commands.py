"""What a watcher may ask of a running engine.

Changes of load take effect at once. A crew that hands one on states `at_ns`, on the engine's clock, so that all its
workers change at the same moment.
"""

import msgspec

from .frame import StopReason


class SetConcurrency(msgspec.Struct, frozen=True, tag=True):
    """Closed loop: keep this many requests in flight per backend."""

    concurrency: int
    at_ns: int = 0


class SetRate(msgspec.Struct, frozen=True, tag=True):
    """Open loop: schedule this many requests per second from now on."""

    rate_per_s: float
    at_ns: int = 0


class SetWorkload(msgspec.Struct, frozen=True, tag=True):
    """Take prompts from this built-in workload (or file of prompts) from now on."""

    source: str
    at_ns: int = 0


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Stop sending, cancel what is in flight (or, without `hurry`, wait for it), send the final frame and end."""

    reason: StopReason = "told"
    hurry: bool = True


Command = SetConcurrency | SetRate | SetWorkload | Stop
