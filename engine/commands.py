"""What a watcher may ask of a running engine.

Changes of load take effect at once. A crew that hands one on states `at_ns`, on the engine's clock, so that all its
workers change at the same moment.
"""

from typing import Literal

import msgspec

from ..backends.fleet.faults import Fault
from .cost import Price, price_in_words
from .plan import ArrivalsPlan

StopReason = Literal["", "requests", "duration", "budget", "told", "interrupted", "parent gone", "unreachable"]
"""Why a run ended; "" while it goes on."""


class SetConcurrency(msgspec.Struct, frozen=True, tag=True):
    """Closed loop: keep this many requests in flight per backend."""

    concurrency: int
    at_ns: int = 0


class SetRate(msgspec.Struct, frozen=True, tag=True):
    """Open loop: schedule this many requests per second from now on."""

    rate_per_s: float
    at_ns: int = 0


class SetArrivals(msgspec.Struct, frozen=True, tag=True):
    """Send as `arrivals` say from now on: another kind of them, closed loop or open."""

    arrivals: ArrivalsPlan
    at_ns: int = 0


class SetWorkload(msgspec.Struct, frozen=True, tag=True):
    """Take prompts from this built-in workload (or file of prompts) from now on."""

    source: str
    at_ns: int = 0


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Stop sending, cancel what is in flight (or, without `hurry`, wait for it), send the final frame and end."""

    reason: StopReason = "told"
    hurry: bool = True


class Follow(msgspec.Struct, frozen=True, tag=True):
    """Keep the answers to one prompt at a time in the frames, or no longer."""

    on: bool
    at_ns: int = 0


class Hold(msgspec.Struct, frozen=True, tag=True):
    """Send nothing to `backend` until it is let go on; meanwhile it is held back as by a pause of its provider."""

    backend: str
    on: bool
    at_ns: int = 0


class SetStack(msgspec.Struct, frozen=True, tag=True):
    """Let another stack of the simulated fleet, which serves the same model, answer for `backend` from now on."""

    backend: str
    stack: str
    at_ns: int = 0


class SetPrice(msgspec.Struct, frozen=True, tag=True):
    """Let `backend` cost this from now on; what was spent so far stays spent."""

    backend: str
    price: Price
    at_ns: int = 0


class SetFaults(msgspec.Struct, frozen=True, tag=True):
    """Let the simulated fleet inject these faults, and no others, for `backend` from now on."""

    backend: str
    faults: tuple[Fault, ...]
    at_ns: int = 0


Command = (
    SetConcurrency | SetRate | SetArrivals | SetWorkload | SetStack | SetPrice | SetFaults | Hold | Follow | Stop
)

WhatIfCommand = SetStack | SetPrice | SetFaults
"""What changes one backend."""


def in_words(command: WhatIfCommand) -> str:
    """What a marker says of it."""
    match command:
        case SetStack(backend, stack):
            return f"{backend}: {stack}"
        case SetPrice(backend, price):
            return f"{backend}: {price_in_words(price)}"
        case SetFaults(backend, faults):
            words = ", ".join(f"{fault.kind} {fault.share:.0%}" for fault in faults)
            return f"{backend}: {words or 'no faults'}"
