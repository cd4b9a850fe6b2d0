"""Figures of energy and of the server's own view, from what a frame holds: one definition for screen and documents.

Definitions: measurement.md, "Energy". `net` takes off what is drawn without load. PUE is never in these.
"""

from typing import Final

from msgspec.structs import replace

from ..backends.observe.readings import COUNTERS
from .figures import in_flight_together
from .frame import BackendFrame, PowerFrame, ServerFrame

_ADDED: Final = (*COUNTERS, "samples", "running_sum", "waiting_sum", "kv_cache_sum")


def joules(power: PowerFrame | None, *, net: bool = False) -> float | None:
    """Drawn over the active time; None where not known, net also where the idle power is not."""
    if power is None or power.joules is None:
        return None
    if not net:
        return power.joules
    return None if power.idle_joules is None else max(power.joules - power.idle_joules, 0.0)


def mean_watts(backend: BackendFrame) -> float | None:
    """Mean power over the active time."""
    drawn = joules(backend.power)
    return drawn * 1e9 / backend.active_ns if drawn is not None and backend.active_ns else None


def j_per_output_token(backend: BackendFrame, *, net: bool = False) -> float | None:
    """Energy over the tokens that arrived meanwhile: power over throughput."""
    drawn = joules(backend.power, net=net)
    return drawn / backend.arriving_tokens if drawn is not None and backend.arriving_tokens else None


def j_per_request(backend: BackendFrame, *, net: bool = False) -> float | None:
    """Energy of the tokens of a mean answer, so that answers cut by an end of the window count for what they got."""
    per_token = j_per_output_token(backend, net=net)
    if per_token is None or not backend.finished or not backend.output_tokens:
        return None
    return per_token * backend.output_tokens / backend.finished


def j_per_batch(backend: BackendFrame, *, net: bool = False) -> float | None:
    """Energy over the batches that went through: answers over the mean batch."""
    per_request, batch = j_per_request(backend, net=net), mean_batch(backend)
    return per_request * batch if per_request is not None and batch is not None else None


def mean_batch(backend: BackendFrame) -> float | None:
    """Requests in the batch: by the server's metrics, else those in flight, its queue included."""
    running = mean_running(backend.server)
    if running:
        return running
    return in_flight_together(backend) if backend.finished else None


def mean_running(server: ServerFrame | None) -> float | None:
    """Requests in the batch, over the pages that came while prompts were sent."""
    return _mean(server, server.running_sum) if server is not None else None


def mean_waiting(server: ServerFrame | None) -> float | None:
    """Requests in the server's queue, likewise."""
    return _mean(server, server.waiting_sum) if server is not None else None


def mean_kv_cache_share(server: ServerFrame | None) -> float | None:
    """Key and value memory in use, 0 to 1, likewise."""
    return _mean(server, server.kv_cache_sum) if server is not None else None


def _mean(server: ServerFrame, total: float | None) -> float | None:
    return total / server.samples if total is not None and server.samples else None


def prefix_hit_share(server: ServerFrame | None) -> float | None:
    """Prompt tokens found in the prefix cache: over the window where they are counted, else as the server states."""
    if server is None:
        return None
    if server.prefix_hits is not None and server.prefix_queries:
        return server.prefix_hits / server.prefix_queries
    return server.prefix_hit_share


def power_less(now: PowerFrame | None, before: PowerFrame | None) -> PowerFrame | None:
    """`now`, its energy counted from `before`."""
    if now is None or before is None:
        return now
    return replace(
        now,
        joules=None if now.joules is None else now.joules - (before.joules or 0.0),
        idle_joules=None if now.idle_joules is None else now.idle_joules - (before.idle_joules or 0.0),
    )


def server_less(now: ServerFrame | None, before: ServerFrame | None) -> ServerFrame | None:
    """`now`, all that adds up in it counted from `before`."""
    if now is None or before is None:
        return now
    grown = {
        name: value - (getattr(before, name) or 0) for name in _ADDED if (value := getattr(now, name)) is not None
    }
    return replace(now, **grown)


def power_plus(first: PowerFrame | None, then: PowerFrame | None) -> PowerFrame | None:
    """Two stretches as one, with their energy together; not known where that of one is not."""
    if first is None or then is None:
        return None
    return replace(
        then,
        joules=_both(first.joules, then.joules),
        idle_joules=_both(first.idle_joules, then.idle_joules),
    )


def server_plus(first: ServerFrame | None, then: ServerFrame | None) -> ServerFrame | None:
    """Likewise of what the server counts."""
    if first is None or then is None:
        return None
    return replace(then, **{name: _both(getattr(first, name), getattr(then, name)) for name in _ADDED})


def _both(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
