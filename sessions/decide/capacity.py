"""How much of a class one replica of an option can serve within the limits, and where that figure is from."""

from typing import Literal

import msgspec

from ...engine.frame import Label
from ...engine.sweep.estimate import Estimate


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen at one load of one replica.

    Attributes:
        requests_per_s: that it served.
        in_flight: mean requests at once; None where not known.
        ttft_ms, tpot_ms, e2e_ms: at the class's quantile; None where not measured.
        attainment: share of the requests that kept every limit; None where not known.
    """

    requests_per_s: float
    in_flight: float | None = None
    attainment: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    e2e_ms: float | None = None


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """One option serving one class.

    Attributes:
        option, class_name: by name.
        requests_per_s: the most one replica serves within the limits; 0 where it cannot keep them.
        kept: whether the limits can be kept at all.
        binding: what cannot be kept, or kept the rate from being higher, in words ("p95 TTFT 500 ms").
        at_most_per_s: the most it was seen to serve without any limit; None where not known.
        arrivals: "random": measured under random arrivals, so that waiting inside the replica is in the figure;
            "steady": requests came as others ended, so that waiting has yet to be allowed for (`queueing`);
            "stated": as a person says, taken as it is.
        in_flight: mean requests at once at that rate; None where not known.
        input_tokens, cached_tokens, output_tokens: of a request, means.
        chips: of a replica; 0 where not known.
        watts, idle_watts: of a replica at that rate, and without load; None where not known.
        memory_bought_gb, memory_needed_gb: of a replica: what its chips have, and what weights, keys and values take
            at that rate; None where not known.
        levels: what was seen at other loads, by rate: what other limits would allow.
        label: LIVE or SIM.
        lower_bound: seen at one load only, so it may well serve more.
        source: where the figures are from, in words.
        notes: what to know about them, one line each.
    """

    option: str
    class_name: str
    requests_per_s: Estimate
    kept: bool = True
    binding: str = ""
    at_most_per_s: float | None = None
    arrivals: Literal["random", "steady", "stated"] = "random"
    in_flight: float | None = None
    input_tokens: float
    cached_tokens: float = 0.0
    output_tokens: float
    chips: int = 0
    watts: float | None = None
    idle_watts: float | None = None
    memory_bought_gb: float | None = None
    memory_needed_gb: float | None = None
    levels: tuple[Level, ...] = ()
    label: Label = "SIM"
    lower_bound: bool = False
    source: str
    notes: tuple[str, ...] = ()
