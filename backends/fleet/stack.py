"""One simulated stack: accelerator × chips × parallelism × engine × model × precision × replicas."""

from dataclasses import dataclass, field
from typing import Literal

from .costs import StepCosts
from .machines import Machine, MemoryMachine, Power, Tail
from .shapes import Model

Provenance = Literal["calibrated", "extrapolated", "assumed"]
"""How far a stack's speed rests on published measurements.

`calibrated`: this accelerator was measured serving this kind of model. `extrapolated`: its family, or another kind of
model on it, was. `assumed`: at most one stream at a time was ever measured, so everything under load is assumption.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One simulated endpoint.

    Attributes:
        id: path prefix and name on the command line.
        title: hardware in words.
        engine: serving software in words.
        accelerator: name in `backends/data/hardware.csv`.
        family: whose fitted parameters it has.
        chips: of one replica, which share each layer (tensor parallelism).
        replicas: independent copies; each has its own queue, batch and memory.
        precision: of the weights.
        model: what is served.
        machine: the cost model's parameters.
        max_batch: sequences that run at once in a replica; the rest queue.
        static_batching: a batch is filled, and answered whole before the next is begun, as older Neuron servers do.
        context_tokens: most input and output tokens of one request.
        front_end_ms: network round trip and API server, before the scheduler sees a request.
        tail: scatter of the step times.
        power: watts.
        provenance: how far its speed rests on published measurements.
        sources: what each number was taken or derived from.
        assumed: what no public number supports.
        costs: a memory machine's step, worked out; None for an SRAM machine.
    """

    id: str
    title: str
    engine: str
    accelerator: str
    family: str
    chips: int
    replicas: int = 1
    precision: str
    model: Model
    machine: Machine
    max_batch: int
    static_batching: bool = False
    context_tokens: int
    front_end_ms: float
    tail: Tail
    power: Power
    provenance: Provenance
    sources: tuple[str, ...]
    assumed: tuple[str, ...]
    costs: StepCosts | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        machine = self.machine
        costs = (
            StepCosts.of(self.model, self.precision, machine, self.chips)
            if isinstance(machine, MemoryMachine)
            else None
        )
        object.__setattr__(self, "costs", costs)

    @property
    def all_chips(self) -> int:
        """Chips of all replicas: what is paid for."""
        return self.chips * self.replicas

    @property
    def bytes_per_weight(self) -> float:
        """Mean over all weights."""
        return self.model.weight_bytes(self.precision) / self.model.parameters
