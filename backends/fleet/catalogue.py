"""Every stack that can be simulated, put together from facts, fitted parameters and assumptions."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from .accelerators import Accelerator, accelerators
from .accuracy import figures
from .families import Parameters, parameters
from .machines import MemoryMachine, Power, SramMachine
from .memory import memory_of
from .platforms import DEFAULT_MODEL, PLATFORMS, Platform
from .shapes import Model, models
from .stack import Provenance, Stack

_LINK_EFFICIENCY: Final = 0.7
"""Share of the links' rate that an exchange between chips reaches; assumed."""

_IDLE_SHARE: Final = 0.15
"""Of the design power, while nothing runs; assumed."""

_SRAM_POWER_SHARES: Final = (0.6, 0.75, 0.12)
"""Of the design power: idle, with one stream, and what all streams add; assumed (about 240 of a GroqCard's 275 W)."""

_USUAL_WIDTH: Final = 4096
"""Of a layer, for which `layer_us` of an SRAM machine is fitted."""


def build(
    platform: Platform,
    *,
    model: Model | None = None,
    precision: str = "",
    chips: int = 0,
    replicas: int = 1,
    max_batch: int = 0,
    efficiency: float = 1.0,
    static_batching: bool = False,
    id: str = "",  # noqa: A002  the stack's own word
    fitted: Parameters | None = None,
) -> Stack:
    """A stack on `platform`, whether its model fits or not (`memory.why_not`).

    Args:
        platform: the accelerator and its software.
        model: what is served; the usual one if None.
        precision: of the weights; the usual one if "".
        chips: of one replica; the usual number if 0.
        replicas: independent copies.
        max_batch: sequences that run at once in a replica; the platform's usual number if 0.
        efficiency: of the engine, against what was fitted; 0.9 makes every step 1/0.9 as long.
        static_batching: as of `Stack`.
        id: the stack's name; the platform's if "".
        fitted: instead of the family's parameters.
    """
    model = model or models()[DEFAULT_MODEL]
    precision = precision or usual_precision(platform, model)
    chips = chips or platform.chips
    fitted = parameters(platform.family) if fitted is None else fitted
    accelerator = accelerators()[platform.accelerator]
    if platform.sram is None:
        machine: MemoryMachine | SramMachine = _memory_machine(
            platform, accelerator, model, precision, chips, fitted, efficiency
        )
    else:
        machine = _sram_machine(platform, accelerator, model, fitted, efficiency)
    stack = Stack(
        id=id or platform.id,
        title=f"{platform.short} ×{chips}" if replicas == 1 else f"{platform.short} {replicas}×{chips}",
        engine=platform.engine,
        accelerator=platform.accelerator,
        family=platform.family,
        chips=chips,
        replicas=replicas,
        precision=precision,
        model=model,
        machine=machine,
        max_batch=max_batch or platform.max_batch,
        static_batching=static_batching,
        context_tokens=min(model.context_tokens, platform.most_context_tokens),
        front_end_ms=platform.front_end_ms,
        tail=platform.tail,
        power=_power(platform, accelerator.tdp_w or platform.tdp_w or 0.0, fitted),
        provenance=_provenance(platform, model, precision, efficiency),
        sources=_sources(platform),
        assumed=_assumed(platform, model, efficiency),
    )
    return _within_memory(stack)


def usual_precision(platform: Platform, model: Model) -> str:
    """The precision `model` is usually served in on `platform`."""
    return platform.precision if platform.precision in model.precisions else model.precisions[0]


def _within_memory(stack: Stack) -> Stack:
    """`stack` with its longest request shortened to what fits."""
    fits = max(1, memory_of(stack).kv_tokens)
    return replace(stack, context_tokens=fits) if fits < stack.context_tokens else stack


def _memory_machine(
    platform: Platform,
    accelerator: Accelerator,
    model: Model,
    precision: str,
    chips: int,
    fitted: Parameters,
    efficiency: float,
) -> MemoryMachine:
    ways = chips * platform.cores
    reading, computing = _by_precision(model, precision, fitted)
    eight_bit = precision in {"fp8", "int8"} and accelerator.fp8_tflops is not None
    return MemoryMachine(
        memory_gb=accelerator.memory_gb,
        bandwidth_tb_s=accelerator.bandwidth_tb_s,
        tflops=accelerator.fp8_tflops if eight_bit and accelerator.fp8_tflops else accelerator.bf16_tflops,
        link_gb_s=(accelerator.link_gb_s or math.inf) * _LINK_EFFICIENCY * efficiency,
        bandwidth_efficiency=fitted["bandwidth_efficiency"] * reading * efficiency,
        cache_efficiency=fitted["cache_efficiency"] / platform.cache_padding * efficiency,
        compute_efficiency=fitted["compute_efficiency"] * computing * efficiency,
        layer_us=fitted["layer_us"] / efficiency,
        collective_us=fitted["collective_us"] * math.log2(ways) / efficiency,
        expert_token_us=fitted["expert_token_us"] / efficiency,
        step_overhead_ms=fitted["step_ms"] / efficiency,
        sequence_ms=fitted["sequence_ms"] / efficiency,
        prompt_step_ms=fitted["prompt_step_ms"] / efficiency,
        memory_share=platform.memory_share,
        kv_copies=max(1, math.ceil(ways / model.kv_heads)),
        prefill_budget_tokens=platform.prefill_budget_tokens,
    )


def _by_precision(model: Model, precision: str, fitted: Parameters) -> tuple[float, float]:
    """What reading and computing lose against 16-bit dense kernels: quantised weights, routed experts."""
    if model.experts:
        return fitted["expert_reading"], fitted["expert_computing"]
    if precision in {"fp8", "int8"}:
        return fitted["eight_bit_reading"], fitted["eight_bit_computing"]
    return 1.0, 1.0


def _sram_machine(
    platform: Platform, accelerator: Accelerator, model: Model, fitted: Parameters, efficiency: float
) -> SramMachine:
    assert platform.sram is not None
    guessed = platform.sram.speculation.get(model.name, 1.0)
    layer_us = fitted["layer_us"] * (model.hidden / _USUAL_WIDTH) ** fitted["width_exponent"]
    if model.experts:
        layer_us *= fitted["expert_factor"]
    return SramMachine(
        memory_gb=accelerator.memory_gb,
        memory_share=platform.memory_share,
        token_ms=model.layers * layer_us * 1e-3 / guessed / efficiency,
        slots=platform.sram.slots,
        prefill_tok_s=round(platform.sram.prefill_tok_s * efficiency),
        tokens_per_chunk=platform.sram.tokens_per_chunk,
    )


def _power(platform: Platform, tdp_w: float, fitted: Parameters) -> Power:
    if platform.sram is not None:
        idle, active, busy = _SRAM_POWER_SHARES
        return Power(idle_w=idle * tdp_w, active_w=active * tdp_w, busy_w=busy * tdp_w, most_w=tdp_w)
    return Power(
        idle_w=_IDLE_SHARE * tdp_w,
        active_w=fitted["power_active"] * tdp_w,
        busy_w=fitted["power_busy"] * tdp_w,
        most_w=tdp_w,
    )


def _kind(model: Model, precision: str) -> str:
    """Which of the kernels that were calibrated apart it runs on."""
    if model.experts:
        return "experts"
    return "8-bit" if precision in {"fp8", "int8"} else "16-bit"


@cache
def _measured() -> Mapping[str, frozenset[str]]:
    """Kinds of models whose speed was measured, by platform."""
    kinds: dict[str, set[str]] = {}
    for figure in figures():
        kinds.setdefault(figure.platform, set()).add(_kind(models()[figure.model], figure.precision))
    return {platform: frozenset(measured) for platform, measured in kinds.items()}


@cache
def _power_measured() -> frozenset[str]:
    """Families whose power was measured."""
    return frozenset(figure.family for figure in figures() if figure.metric == "power_w")


def _provenance(platform: Platform, model: Model, precision: str, efficiency: float) -> Provenance:
    if platform.sram is not None:
        return "assumed"
    measured = _kind(model, precision) in _measured().get(platform.id, ()) and efficiency == 1.0
    return "calibrated" if measured else "extrapolated"


def _sources(platform: Platform) -> tuple[str, ...]:
    family = [each.id for each in PLATFORMS.values() if each.family == platform.family]
    measured = {each: _measured().get(each, frozenset()) for each in family}
    lines = [
        f"{PLATFORMS[each].accelerator}: published points on {', '.join(sorted(kinds))} models (calibration.csv)"
        for each, kinds in measured.items()
        if kinds
    ]
    return (f"chip: {accelerators()[platform.accelerator].source}", *lines)


def _assumed(platform: Platform, model: Model, efficiency: float) -> tuple[str, ...]:
    lines = list(platform.assumed)
    if platform.id not in _measured():
        lines.append("efficiencies and overheads are those of its family's measured chips")
    if platform.sram is not None:
        lines.append(
            f"everything under load: {platform.sram.slots} streams at full speed, {platform.max_batch} at most; "
            f"prefill {platform.sram.prefill_tok_s:,} tok/s; {platform.sram.tokens_per_chunk} tokens a chunk"
        )
        if guessed := platform.sram.speculation.get(model.name):
            lines.append(f"{guessed:g} tokens a pass: only guessing ahead reaches the published rates")
        lines.append("power: 60 % of the design power idle, 75 to 87 % in use")
    elif platform.family not in _power_measured():
        lines.append("power: the GPUs' shares of the design power")
    if platform.tdp_w is not None:
        lines.append(f"design power {platform.tdp_w:g} W a chip")
    if efficiency != 1.0:
        lines.append(f"engine efficiency {efficiency:g} of what was fitted")
    lines.append(f"idle power; front end {platform.front_end_ms:g} ms; jitter and stalls")
    return tuple(lines)
