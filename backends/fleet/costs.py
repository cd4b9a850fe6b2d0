"""What a memory machine's steps are made of: constants worked out once for a stack, because steps are many."""

from dataclasses import dataclass
from typing import Final, Self

from .machines import MemoryMachine
from .shapes import PRECISION_BYTES, Model

_OVERLAP: Final = 1.5
"""How well the longer of reading and computing hides the shorter, as in (a^p + b^p)^(1/p): 1 not at all, ∞ wholly.

Of 1, 1.5, 2, 3 and 4 the one with which the points come out best, medians and tails together.
"""

_ALL_REDUCES: Final = 2
"""Exchanges in a layer under tensor parallelism: after attention and after the feed-forward block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCosts:
    """Seconds that each part of a step takes.

    Attributes:
        dense_s: reading the weights that every token needs.
        experts_s: reading all experts.
        missed: chance that one token does not hit a given expert.
        token_s: matrix products of one token.
        exchange_s: moving one token's hidden states between the chips, and to its experts.
        context_s: keys and values of one earlier token.
        pair_s: attention of one prompt token to one earlier one.
        sequence_s: of each sequence, its windowed layers included.
        fixed_s: launches, waiting, scheduling; once a step.
        prompt_s: extra, once in a step that works on a prompt.
    """

    dense_s: float
    experts_s: float
    missed: float
    token_s: float
    exchange_s: float
    context_s: float
    pair_s: float
    sequence_s: float
    fixed_s: float
    prompt_s: float

    @classmethod
    def of(cls, model: Model, precision: str, machine: MemoryMachine, chips: int) -> Self:
        """The constants of `model` on `chips` chips."""
        bandwidth = machine.bandwidth_tb_s * 1e12 * chips
        operations_s = 1 / (machine.tflops * 1e12 * chips * machine.compute_efficiency)
        cache_s = machine.kv_copies / (bandwidth * machine.cache_efficiency)
        expert_bytes = model.expert_parameters * PRECISION_BYTES[precision]
        exchanged = _ALL_REDUCES * model.layers * model.hidden * 2 * 2 * (chips - 1) / chips
        routed_s = model.layers * machine.expert_token_us * 1e-6 if model.experts else 0.0
        waiting_s = (machine.layer_us + machine.collective_us) * 1e-6
        return cls(
            dense_s=(model.weight_bytes(precision) - expert_bytes) / (bandwidth * machine.bandwidth_efficiency),
            experts_s=expert_bytes / (bandwidth * machine.bandwidth_efficiency),
            missed=1 - model.experts_per_token / model.experts if model.experts else 1.0,
            token_s=2 * model.active_parameters * operations_s,
            exchange_s=exchanged / (machine.link_gb_s * 1e9) + routed_s,
            context_s=model.kv_bytes_per_token * cache_s,
            pair_s=4 * model.layers * model.heads * model.head_dim * operations_s,
            sequence_s=machine.sequence_ms * 1e-3 + model.window_bytes * cache_s,
            fixed_s=model.layers * waiting_s + machine.step_overhead_ms * 1e-3,
            prompt_s=machine.prompt_step_ms * 1e-3,
        )

    def read_s(self, tokens: float) -> float:
        """Reading the weights that a step of `tokens` touches: of the experts, the distinct ones hit.

        Routing is taken as even: E·(1 − (1 − k/E)^tokens) of E experts, k to a token.
        """
        if not self.experts_s:
            return self.dense_s
        return self.dense_s + self.experts_s * float(1 - self.missed**tokens)

    def products_s(self, tokens: float) -> float:
        """Matrix products of a step of `tokens`: the longer of reading and computing, nearly."""
        return float((self.read_s(tokens) ** _OVERLAP + (tokens * self.token_s) ** _OVERLAP) ** (1 / _OVERLAP))
