"""What is fitted: names, units, and what is believed of each parameter before looking at the points.

A prior is a median and a spread (standard deviation of the logarithm). It keeps what few points cannot tell near what
the hardware suggests; where many points speak it does not matter.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Prior(NamedTuple):
    """Belief about one parameter.

    Attributes:
        median: before any point is seen.
        spread: standard deviation of its logarithm.
        meaning: in words, with unit.
    """

    median: float
    spread: float
    meaning: str


OWN: Final[dict[str, Prior]] = {
    "bandwidth_efficiency": Prior(0.80, 0.10, "share of the memory bandwidth that reading weights reaches"),
    "cache_efficiency": Prior(0.65, 0.30, "share of it that reading keys and values reaches"),
    "compute_efficiency": Prior(0.55, 0.30, "share of the dense 16-bit compute that matrix products reach"),
    "layer_us": Prior(20, 1.0, "µs a layer for launching and waiting"),
    "collective_us": Prior(10, 0.7, "µs a layer for each doubling of the chips or cores that share it"),
    "expert_token_us": Prior(0.4, 1.0, "µs a layer and token for routing it to experts, however many chips"),
}
"""Each family of memory machines has its own."""

SHARED: Final[dict[str, Prior]] = {
    "eight_bit_reading": Prior(0.75, 0.3, "bandwidth efficiency of 8-bit weights, against 16-bit ones"),
    "eight_bit_computing": Prior(0.6, 0.3, "compute efficiency at 8 bits, against 16 bits and their lower rate"),
    "expert_reading": Prior(0.9, 0.2, "bandwidth efficiency of routed experts, against dense layers"),
    "expert_computing": Prior(0.5, 0.5, "compute efficiency of routed experts, against dense layers"),
    "step_ms": Prior(0.6, 0.5, "ms a step for scheduling and sampling"),
    "sequence_ms": Prior(0.01, 1.0, "ms a step for each running sequence"),
    "prompt_step_ms": Prior(3, 0.7, "ms that a step takes longer when it works on a prompt"),
}
"""Kernels and engine: the same for all families of `SHARING`, their own for the others."""

SHARING: Final = ("hopper", "blackwell", "cdna3")
ALONE: Final[Mapping[str, dict[str, Prior]]] = {
    "tpu": {
        "compute_efficiency": Prior(0.75, 0.2, "of programs compiled ahead for the step's full size"),
        "prompt_step_ms": Prior(0.3, 0.7, "ms; a step with a prompt runs such a program too"),
    },
    "neuron": {"eight_bit_computing": Prior(1.0, 0.15, "of 8-bit weights, which are multiplied at 16 bits")},
}
"""The others, and what is believed of them in particular."""

WORKLOAD: Final[Mapping[str, Prior]] = {
    "chat_tokens": Prior(300, 0.5, "mean prompt of ML.ENERGY's chat requests, which it does not publish"),
    "reasoning_tokens": Prior(250, 0.3, "mean prompt of its reasoning requests"),
    "prompt_spread": Prior(1.0, 0.2, "standard deviation of the logarithm of prompt lengths"),
}
"""Of the measured load, not of any machine."""

POWER: Final[Mapping[str, Prior]] = {
    "power_active": Prior(0.15, 0.7, "share of the design power while a step waits or launches"),
    "power_busy": Prior(0.8, 0.3, "further share while it reads or computes"),
}

STREAM: Final[Mapping[str, Prior]] = {
    "layer_us": Prior(30, 1.0, "µs for a token to pass a layer of width 4,096"),
    "width_exponent": Prior(0.35, 0.5, "how that grows with the layer's width"),
    "expert_factor": Prior(1.2, 0.5, "how much longer a layer with routed experts takes"),
}
"""SRAM machines: a token's way is as long as the model is deep, and each layer's work as wide as the layer."""
STREAMING: Final = ("groq", "cerebras")
