"""How each accelerator is customarily served, as data: engine, sizes it comes in, limits of the engine.

These are choices and assumptions of the simulation. Facts about chips are in `backends/data/hardware.csv`, fitted
parameters in `backends/data/fleet_fit.csv`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .machines import Tail

_SELF_HOSTED_TAIL: Final = Tail(jitter=0.015, stall_share=0.006, stall_scale=0.8)
_HOSTED_TAIL: Final = Tail(jitter=0.03, stall_share=0.01, stall_scale=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SramLimits:
    """What an SRAM machine does under load; nobody publishes it, so all of this is assumed.

    Attributes:
        slots: streams that share the pipeline before anyone becomes slower.
        prefill_tok_s: how fast one prompt is read.
        tokens_per_chunk: tokens the server puts into one event of the stream.
        speculation: tokens that one pass yields on average, by model, where the published rates can only be reached
            by guessing ahead; 1 for the others.
    """

    slots: int
    prefill_tok_s: int
    tokens_per_chunk: int
    speculation: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """An accelerator with its usual software.

    Attributes:
        id: how it is named in `sim:h100x4/…`.
        accelerator: name in `backends/data/hardware.csv`.
        short: name on screen, before the number of chips.
        family: whose fitted parameters it has.
        engine: serving software.
        sizes: numbers of chips that one replica can have.
        chips: of the stack that the bare id names; it serves `DEFAULT_MODEL`.
        precision: preferred to the model's usual one where the model is published in it; "" prefers none.
        cores: that share a layer on each chip.
        most_context_tokens: of one request, where the platform limits it below the model.
        max_batch: sequences that run at once.
        prefill_budget_tokens: tokens in one step; None where prompts are worked on alone.
        memory_share: of the memory, for weights and keys and values.
        cache_padding: keys and values read for each one needed (contexts are rounded up to a power of two).
        front_end_ms: network and API server.
        tail: scatter of step times.
        tdp_w: assumed, where hardware.csv has none.
        sram: limits of an SRAM machine; None for a memory machine.
        assumed: in words, beyond what holds for every platform.
    """

    id: str
    accelerator: str
    short: str
    family: str
    engine: str
    sizes: tuple[int, ...]
    chips: int
    precision: str = ""
    cores: int = 1
    most_context_tokens: int = 131_072
    max_batch: int = 256
    prefill_budget_tokens: int | None = 8192
    memory_share: float = 0.9
    cache_padding: float = 1.0
    front_end_ms: float = 10
    tail: Tail = _SELF_HOSTED_TAIL
    tdp_w: float | None = None
    sram: SramLimits | None = None
    assumed: tuple[str, ...] = ()


DEFAULT_MODEL: Final = "llama-3.3-70b"

_GPU_SIZES: Final = (1, 2, 4, 8)
_VLLM: Final = ("8,192 tokens a step, 256 sequences: vLLM's usual settings",)
_TPU: Final = ("1,024 tokens a step, 256 sequences",)
_NEURON: Final = ("continuous batching as vLLM does it, where the published rows batch statically",)
_GROQ: Final = SramLimits(slots=32, prefill_tok_s=5_000, tokens_per_chunk=4, speculation={})
_CEREBRAS: Final = SramLimits(
    slots=32, prefill_tok_s=20_000, tokens_per_chunk=20, speculation={"llama-3.3-70b": 4.2, "llama-3.1-405b": 4.2}
)

_ALL: Final = (
    Platform(
        id="h100",
        accelerator="H100 SXM",
        short="H100",
        family="hopper",
        engine="vLLM",
        sizes=_GPU_SIZES,
        chips=4,
        assumed=_VLLM,
    ),
    Platform(
        id="h200",
        accelerator="H200 SXM",
        short="H200",
        family="hopper",
        engine="vLLM",
        sizes=_GPU_SIZES,
        chips=4,
        assumed=_VLLM,
    ),
    Platform(
        id="b200",
        accelerator="B200",
        short="B200",
        family="blackwell",
        engine="vLLM",
        sizes=_GPU_SIZES,
        chips=2,
        assumed=_VLLM,
    ),
    Platform(
        id="mi300x",
        accelerator="MI300X",
        short="MI300X",
        family="cdna3",
        engine="vLLM",
        sizes=_GPU_SIZES,
        chips=4,
        assumed=_VLLM,
    ),
    Platform(
        id="mi325x",
        accelerator="MI325X",
        short="MI325X",
        family="cdna3",
        engine="vLLM",
        sizes=_GPU_SIZES,
        chips=4,
        assumed=_VLLM,
    ),
    Platform(
        id="tpu-v4",
        accelerator="TPU v4",
        short="TPU v4",
        family="tpu",
        engine="vLLM-TPU",
        sizes=(1, 2, 4, 8, 16, 32),
        chips=8,
        prefill_budget_tokens=1024,
        assumed=_TPU,
    ),
    Platform(
        id="tpu-v5e",
        accelerator="TPU v5e",
        short="TPU v5e",
        family="tpu",
        engine="vLLM-TPU",
        sizes=(1, 4, 8, 16, 32, 64),
        chips=16,
        prefill_budget_tokens=1024,
        tdp_w=200,
        assumed=_TPU,
    ),
    Platform(
        id="tpu-v5p",
        accelerator="TPU v5p",
        short="TPU v5p",
        family="tpu",
        engine="vLLM-TPU",
        sizes=(1, 2, 4, 8, 16, 32),
        chips=4,
        prefill_budget_tokens=1024,
        tdp_w=450,
        assumed=_TPU,
    ),
    Platform(
        id="tpu-v6e",
        accelerator="TPU v6e",
        short="TPU v6e",
        family="tpu",
        engine="vLLM-TPU",
        sizes=(1, 4, 8, 16, 32),
        chips=8,
        prefill_budget_tokens=1024,
        tdp_w=300,
        assumed=_TPU,
    ),
    Platform(
        id="inferentia2",
        accelerator="Inferentia2",
        short="Inferentia2",
        family="neuron",
        engine="vLLM-Neuron",
        sizes=(1, 6, 12),
        chips=12,
        cores=2,
        most_context_tokens=8192,
        max_batch=16,
        prefill_budget_tokens=None,
        cache_padding=4 / 3,
        assumed=(*_NEURON, "16 sequences"),
    ),
    Platform(
        id="trainium2",
        accelerator="Trainium2",
        short="Trainium2",
        family="neuron",
        engine="vLLM-Neuron",
        sizes=(1, 4, 8, 16),
        chips=16,
        cores=4,
        most_context_tokens=32_768,
        max_batch=64,
        prefill_budget_tokens=None,
        cache_padding=4 / 3,
        tdp_w=500,
        assumed=(*_NEURON, "64 sequences", "four logical cores a chip"),
    ),
    Platform(
        id="groq",
        accelerator="GroqChip 1",
        short="Groq LPU",
        family="groq",
        engine="GroqCloud",
        sizes=tuple(range(64, 64 * 65, 64)),
        chips=576,
        precision="fp8",
        max_batch=64,
        front_end_ms=60,
        tail=_HOSTED_TAIL,
        sram=_GROQ,
        assumed=("racks of 64 chips; weights and activations at about 8 bits",),
    ),
    Platform(
        id="cerebras",
        accelerator="WSE-3",
        short="Cerebras WSE-3",
        family="cerebras",
        engine="Cerebras Cloud",
        sizes=tuple(range(1, 65)),
        chips=4,
        precision="fp16",
        most_context_tokens=65_536,
        max_batch=64,
        memory_share=0.98,
        front_end_ms=60,
        tail=_HOSTED_TAIL,
        sram=_CEREBRAS,
        assumed=("as few wafers as hold the weights",),
    ),
)

PLATFORMS: Final[Mapping[str, Platform]] = {platform.id: platform for platform in _ALL}
"""Every accelerator that can be simulated, by its id, in the order of presentation."""
