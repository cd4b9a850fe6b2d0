"""The two kinds of simulated machine, and what else a stack is made of. Numbers come from `catalogue.py`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMachine:
    """Weights are read from memory once a step: GPUs, TPUs, Neuron.

    Attributes:
        memory_gb: per chip.
        bandwidth_tb_s: per chip.
        tflops: dense, per chip, at the precision used.
        link_gb_s: of exchanges between chips, per chip.
        bandwidth_efficiency: share of the bandwidth that reading weights reaches.
        cache_efficiency: share of the bandwidth that reading keys and values reaches.
        compute_efficiency: share of the compute that matrix products reach.
        layer_us: launching and waiting beyond reading and computing; once a layer.
        collective_us: waiting for the other chips; once a layer.
        expert_token_us: bringing a token to its experts and back; once a layer with experts, for every token.
        step_overhead_ms: scheduling and sampling; once a step.
        sequence_ms: cost of each running sequence beyond reading its keys and values.
        prompt_step_ms: extra cost of a step that works on a prompt.
        memory_share: of the memory, for weights and keys and values.
        kv_copies: how often each key and value is stored and read.
        prefill_budget_tokens: tokens of prompt and decode in one step (chunked prefill); None where a prompt is
            worked on alone and whole while everyone else waits.
    """

    memory_gb: float
    bandwidth_tb_s: float
    tflops: float
    link_gb_s: float
    bandwidth_efficiency: float
    cache_efficiency: float
    compute_efficiency: float
    layer_us: float
    collective_us: float
    expert_token_us: float
    step_overhead_ms: float
    sequence_ms: float
    prompt_step_ms: float
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


Machine = MemoryMachine | SramMachine


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
    """Watts per chip.

    Attributes:
        idle_w: nothing runs.
        active_w: something runs, while the chip waits or launches.
        busy_w: added in proportion to the time in which it reads or computes; on an SRAM machine, to its streams.
        most_w: never passed.
    """

    idle_w: float
    active_w: float
    busy_w: float
    most_w: float
