"""The stacks of the simulated fleet, as data.

A stack is accelerator × chips × engine × model × precision. Nothing here is a measurement: each number is either
taken or derived from a published one (`Stack.sources` names the row of the calibration data) or plainly assumed
(`Stack.assumed`). Per-chip facts repeat `backends/data/hardware.csv`; a test compares them.

Ratios used below: 70.6e9 weights of 2 bytes are 141.2 GB.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The shape of a dense transformer.

    Attributes:
        name: as `/v1/models` lists it.
        parameters: number of weights.
        layers: transformer blocks.
        hidden: width of the residual stream.
        kv_bytes_per_token: 16-bit keys and values of one token in all layers.
    """

    name: str
    parameters: float
    layers: int
    hidden: int
    kv_bytes_per_token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMachine:
    """Weights are read from memory once a step: GPUs, TPUs, Neuron.

    Attributes:
        memory_gb: per chip.
        bandwidth_tb_s: per chip.
        tflops: dense, per chip, at the precision used.
        bandwidth_efficiency: share of the bandwidth that a decode step reaches.
        compute_efficiency: share of the compute that matrix products reach.
        step_overhead_ms: scheduling, launching, sampling; once a step.
        collective_us: exchange between chips; once a layer.
        sequence_ms: cost of each running sequence beyond reading its keys and values.
        memory_share: of the memory, for weights and keys and values.
        kv_copies: how often each key and value is stored and read.
        prefill_budget_tokens: tokens of prompt and decode in one step (chunked prefill); None where a prompt is
            worked on alone and whole while everyone else waits.
    """

    memory_gb: float
    bandwidth_tb_s: float
    tflops: float
    bandwidth_efficiency: float
    compute_efficiency: float
    step_overhead_ms: float
    collective_us: float
    sequence_ms: float
    memory_share: float = 0.9
    kv_copies: int = 1
    prefill_budget_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SramMachine:
    """Weights rest in the SRAM of many chips; a token passes through all of them.

    Attributes:
        memory_gb: per chip.
        memory_share: of the memory, for weights and keys and values.
        token_ms: one token's way through the pipeline: what a single user waits.
        slots: streams that share the pipeline before anyone becomes slower.
        prefill_tok_s: how fast one prompt is read; prompts do not slow each other or anyone's decode.
        tokens_per_chunk: tokens the server puts into one event of the stream.
    """

    memory_gb: float
    memory_share: float = 0.9
    token_ms: float
    slots: int
    prefill_tok_s: int
    tokens_per_chunk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """How step times scatter beyond what load explains: a mixture, not one Gaussian.

    Attributes:
        jitter: relative standard deviation of an ordinary step.
        stall_share: share of the steps that stall.
        stall_scale: mean extra time of a stalled step, as a multiple of the step; exponential.
    """

    jitter: float
    stall_share: float
    stall_scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Watts per chip, modelled.

    Attributes:
        idle_w: nothing runs.
        light_w: one sequence decodes.
        full_w: the batch is full.
    """

    idle_w: float
    light_w: float
    full_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One simulated endpoint.

    Attributes:
        id: path prefix and name on the command line.
        title: hardware in words.
        engine: serving software in words.
        accelerator: name in `backends/data/hardware.csv`.
        chips: how many of them.
        precision: of the weights.
        bytes_per_weight: that precision in bytes.
        model: what is served.
        machine: the cost model's parameters.
        max_batch: sequences that run at once; the rest queue.
        context_tokens: most input and output tokens of one request.
        front_end_ms: network round trip and API server, before the scheduler sees a request.
        tail: scatter of the step times.
        power: watts.
        sources: what each number was taken or derived from.
        assumed: what no public number supports.
    """

    id: str
    title: str
    engine: str
    accelerator: str
    chips: int
    precision: str
    bytes_per_weight: int
    model: Model
    machine: MemoryMachine | SramMachine
    max_batch: int
    context_tokens: int
    front_end_ms: float
    tail: Tail
    power: Power
    sources: tuple[str, ...]
    assumed: tuple[str, ...]


LLAMA_3_3_70B: Final = Model(
    name="llama-3.3-70b",
    parameters=70.6e9,
    layers=80,
    hidden=8192,
    kv_bytes_per_token=2 * 80 * 8 * 128 * 2,  # keys and values × layers × heads × width × bytes
)

_SELF_HOSTED_TAIL: Final = Tail(jitter=0.015, stall_share=0.006, stall_scale=0.8)
_HOSTED_TAIL: Final = Tail(jitter=0.03, stall_share=0.01, stall_scale=2.0)
_FRONT_END: Final = "front end 10 ms: API server and a network within one data centre"
_PUBLIC_API: Final = "front end 60 ms: a public API's gateway and network"
_TAIL: Final = "jitter and stalls"

H200: Final = Stack(
    id="h200",
    title="H200 ×4",
    engine="vLLM",
    accelerator="H200 SXM",
    chips=4,
    precision="bf16",
    bytes_per_weight=2,
    model=LLAMA_3_3_70B,
    machine=MemoryMachine(
        memory_gb=141,
        bandwidth_tb_s=4.8,
        tflops=989,
        bandwidth_efficiency=0.8,
        compute_efficiency=0.5,
        step_overhead_ms=1.6,
        collective_us=20,
        sequence_ms=0.076,
        prefill_budget_tokens=8192,
    ),
    max_batch=256,
    context_tokens=131_072,
    front_end_ms=10,
    tail=_SELF_HOSTED_TAIL,
    power=Power(idle_w=110, light_w=440, full_w=620),
    sources=(
        "step: H100 ×4, 70B bf16 (mle220–229), median ITL about 16.4 + 0.091·batch ms",
        "its parts: weights 13.2 ms at 80 % of the bandwidth (here the H200's), collectives 1.6 ms, overhead 1.6 ms",
        "power: mle220–229 per chip (441 W at batch 8, 623 W at batch 510), the same 700 W class",
    ),
    assumed=(
        "the split of the 16.4 ms into bandwidth efficiency, collectives and overhead",
        "compute efficiency 50 %, 8,192 tokens a step, 256 sequences (vLLM's defaults from memory)",
        "idle power",
        _FRONT_END,
        _TAIL,
    ),
)

MI300X: Final = Stack(
    id="mi300x",
    title="MI300X ×4",
    engine="vLLM",
    accelerator="MI300X",
    chips=4,
    precision="bf16",
    bytes_per_weight=2,
    model=LLAMA_3_3_70B,
    machine=MemoryMachine(
        memory_gb=192,
        bandwidth_tb_s=5.3,
        tflops=1307,
        bandwidth_efficiency=0.6,
        compute_efficiency=0.35,
        step_overhead_ms=1.6,
        collective_us=117,
        sequence_ms=0.15,
        prefill_budget_tokens=8192,
    ),
    max_batch=256,
    context_tokens=131_072,
    front_end_ms=10,
    tail=_SELF_HOSTED_TAIL,
    power=Power(idle_w=140, light_w=470, full_w=660),
    sources=(
        "step: MI300X ×8, 405B fp8 (ds14–ds18), 33.1 ms at batch 4",
        "its parts: weights 15.9 ms at 60 % of the bandwidth, overhead 1.6 ms, sequences 0.9 ms, 126 layers × 117 µs",
        "per sequence: 0.23 ms there beyond reading keys and values, less by the ratio of the H100's 70B and 405B",
    ),
    assumed=(
        "the split between bandwidth and layers; a 70B on four chips spends as long on a layer as a 405B on eight",
        "compute efficiency 35 %, 8,192 tokens a step, 256 sequences",
        "power: the H200's, by TDP",
        _FRONT_END,
        _TAIL,
    ),
)

TPU_V6E: Final = Stack(
    id="tpu-v6e",
    title="TPU v6e ×8",
    engine="vLLM-TPU",
    accelerator="TPU v6e",
    chips=8,
    precision="bf16",
    bytes_per_weight=2,
    model=LLAMA_3_3_70B,
    machine=MemoryMachine(
        memory_gb=32,
        bandwidth_tb_s=1.638,
        tflops=918,
        bandwidth_efficiency=0.75,
        compute_efficiency=0.55,
        step_overhead_ms=1.5,
        collective_us=20,
        sequence_ms=0.038,
        prefill_budget_tokens=1024,
    ),
    max_batch=256,
    context_tokens=131_072,
    front_end_ms=10,
    tail=_SELF_HOSTED_TAIL,
    power=Power(idle_w=60, light_w=180, full_w=280),
    sources=(
        "step: tpu1, median ITL 23.1 ms with 64 running at about 1,500 tokens each",
        "prefill: tpu1, p99 ITL 40.8 ms is a full step, p99 TTFT 2.5 s is 64 prompts of 1,000 tokens at once",
    ),
    assumed=("the split of the step", "256 sequences", "power (no public figure)", _FRONT_END, _TAIL),
)

INFERENTIA2: Final = Stack(
    id="inferentia2",
    title="Inferentia2 ×12",
    engine="vLLM-Neuron",
    accelerator="Inferentia2",
    chips=12,
    precision="bf16",
    bytes_per_weight=2,
    model=LLAMA_3_3_70B,
    machine=MemoryMachine(
        memory_gb=32,
        bandwidth_tb_s=0.82,
        tflops=190,
        bandwidth_efficiency=0.57,
        compute_efficiency=0.18,
        step_overhead_ms=1.0,
        collective_us=62,
        sequence_ms=1.0,
        kv_copies=3,
        prefill_budget_tokens=None,
    ),
    max_batch=16,
    context_tokens=8192,
    front_end_ms=10,
    tail=_SELF_HOSTED_TAIL,
    power=Power(idle_w=35, light_w=95, full_w=150),
    sources=(
        "step: neu_lat9, 32.2 ms with one sequence, 24 ways; about 5 ms of it collectives",
        "per sequence: 0.42 ms for the 32 layers of an 8B (neu_lat2, neu_thr2), scaled to 80 layers",
        "prefill: neu_lat4 and neu_lat9, 745 ms for 2,048 tokens and 78 ms for 128",
        "copies: 24 cores share 8 heads of keys and values",
    ),
    assumed=(
        "continuous batching as vLLM does it, where the published rows batch statically; 16 sequences",
        "power, by the TDP of a third-party table",
        _FRONT_END,
        _TAIL,
    ),
)

GROQ: Final = Stack(
    id="groq",
    title="Groq LPU ×576",
    engine="GroqCloud",
    accelerator="GroqChip 1",
    chips=576,
    precision="fp8",
    bytes_per_weight=1,
    model=LLAMA_3_3_70B,
    machine=SramMachine(
        memory_gb=0.23,
        token_ms=1000 / 280,
        slots=32,
        prefill_tok_s=5_000,
        tokens_per_chunk=4,
    ),
    max_batch=64,
    context_tokens=131_072,
    front_end_ms=60,
    tail=_HOSTED_TAIL,
    power=Power(idle_w=185, light_w=215, full_w=240),
    sources=("per user: grq2, 300 tok/s on Llama-2-70B; a little less for Llama 3's larger vocabulary",),
    assumed=(
        "576 chips; weights and activations at about 8 bits",
        "everything under load: 32 streams at full speed, 64 at most",
        "prefill 5,000 tok/s; four tokens a chunk",
        "power, about 240 W a card in use",
        _PUBLIC_API,
        _TAIL,
    ),
)

CEREBRAS: Final = Stack(
    id="cerebras",
    title="Cerebras WSE-3 ×4",
    engine="Cerebras Cloud",
    accelerator="WSE-3",
    chips=4,
    precision="fp16",
    bytes_per_weight=2,
    model=LLAMA_3_3_70B,
    machine=SramMachine(
        memory_gb=44,
        memory_share=0.98,
        token_ms=1000 / 2000,
        slots=32,
        prefill_tok_s=20_000,
        tokens_per_chunk=20,
    ),
    max_batch=64,
    context_tokens=65_536,
    front_end_ms=60,
    tail=_HOSTED_TAIL,
    power=Power(idle_w=12_000, light_w=16_000, full_w=20_000),
    sources=("per user: between cer1 (1,706 tok/s, gpt-oss-120b) and a speculative 70B above cer2 (1,800, 8B)",),
    assumed=(
        "2,000 tok/s on this model; four wafers, the fewest that hold 141 GB",
        "everything under load: 32 streams at full speed, 64 at most",
        "prefill 20,000 tok/s; twenty tokens a chunk",
        "power, below the system's 23 kW peak",
        _PUBLIC_API,
        _TAIL,
    ),
)

STACKS: Final = {stack.id: stack for stack in (H200, MI300X, TPU_V6E, INFERENTIA2, GROQ, CEREBRAS)}
"""Every simulated stack by its id, in the order of presentation."""
