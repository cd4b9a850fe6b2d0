"""What an observer reports, one message at a time. Times are `time.perf_counter_ns`, one clock for all of a host."""

import msgspec


class SourceError(Exception):
    """A source cannot be read; the text says why, in one line for a person."""


class ServerFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a server's metrics say, summed over its engines; None where it does not say.

    Attributes:
        running: requests in the batch.
        waiting: requests in the queue.
        kv_cache_share: key and value memory in use, 0 to 1.
        prefix_hit_share: prompt tokens found in the prefix cache, 0 to 1, where only a share is stated.
        prefix_queries, prefix_hits: prompt tokens looked up in the prefix cache, and found.
        preemptions: requests thrown out of the batch to make room.
        prompt_tokens, generation_tokens: tokens read and written.
    """

    running: float | None = None
    waiting: float | None = None
    kv_cache_share: float | None = None
    prefix_hit_share: float | None = None
    prefix_queries: float | None = None
    prefix_hits: float | None = None
    preemptions: float | None = None
    prompt_tokens: float | None = None
    generation_tokens: float | None = None


COUNTERS = ("prefix_queries", "prefix_hits", "preemptions", "prompt_tokens", "generation_tokens")
"""Those of `ServerFigures` that only grow while the server lives."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The observer has begun."""


class ServerReading(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A server's metrics page, read.

    Attributes:
        name: the backend.
        at_ns: when the page had come.
        source: whose names they are, as "vLLM /metrics".
    """

    name: str
    at_ns: int
    source: str
    figures: ServerFigures


class PowerReading(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Power and energy of a backend's hardware.

    Attributes:
        name: the backend.
        at_ns: when it was read.
        source: "NVML", "DCGM", "AMD", "RAPL", "Neuron", "Triton", "prometheus" or "modelled".
        detail: what was read, in words.
        measured: whether by an instrument; false for any model.
        host_level: whether others than the backend draw from what was read.
        counted: whether energy comes from a counter, so that a gap in the readings loses nothing.
        watts: now.
        joules: since the observer began; may be set right downwards where a counter is refreshed seldom.
        idle_watts: without load, where the source knows it.
    """

    name: str
    at_ns: int
    source: str
    detail: str = ""
    measured: bool = True
    host_level: bool = False
    counted: bool = False
    watts: float | None = None
    joules: float = 0.0
    idle_watts: float | None = None


class ServerTrouble(msgspec.Struct, frozen=True, tag=True):
    """A server's metrics cannot be had; one safe line."""

    name: str
    text: str


class PowerTrouble(msgspec.Struct, frozen=True, tag=True):
    """A backend's power cannot be had; one safe line, and which source it is."""

    name: str
    source: str
    text: str


Message = Ready | ServerReading | PowerReading | ServerTrouble | PowerTrouble
