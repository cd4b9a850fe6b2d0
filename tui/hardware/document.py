"""The catalogue and the model's accuracy, as the documents that `infertop hardware --json` prints (docs/fleet.md)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from ... import __version__
from ...backends.fleet.accelerators import Accelerator, accelerators
from ...backends.fleet.accuracy import Figure, Summary, figures, summaries
from ...backends.fleet.memory import memory_of
from ...backends.fleet.platforms import PLATFORMS
from ...backends.fleet.sheet import OperatingPoint, operating_points
from ...backends.fleet.stack import Provenance, Stack
from ...backends.fleet.stacks import CATALOGUE

SCHEMA: Final = "infertop.hardware/1"


class StackSheet(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated stack.

    Attributes:
        id: after `sim:` on the command line.
        title, engine, model, precision: what it is, in words.
        accelerator: a name in the list of accelerators.
        family: whose fitted parameters it has.
        chips, replicas: chips share each layer; replicas are independent copies of them.
        provenance: "calibrated", "extrapolated" or "assumed".
        memory_bought_gb, memory_usable_gb, weights_gb: of one replica.
        kv_tokens: whose keys and values fit beside the weights of one replica.
        points: steady decoding at some batches.
        sources, assumed: what its figures rest on, and what nothing public supports.
    """

    id: str
    title: str
    engine: str
    model: str
    precision: str
    accelerator: str
    family: str
    chips: int
    replicas: int
    provenance: Provenance
    memory_bought_gb: float
    memory_usable_gb: float
    weights_gb: float
    kv_tokens: int
    points: tuple[OperatingPoint, ...]
    sources: tuple[str, ...]
    assumed: tuple[str, ...]


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Accelerators and stacks."""

    schema: str = SCHEMA
    infertop: str = __version__
    accelerators: tuple[Accelerator, ...]
    stacks: tuple[StackSheet, ...]


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """How far the model is from published measurements.

    Attributes:
        summaries: median absolute relative errors, as (number of figures, error) of each split.
        figures: every published figure beside the modelled one.
        provenance: of the usual stack of every accelerator.
    """

    schema: str = "infertop.accuracy/1"
    infertop: str = __version__
    summaries: tuple[Summary, ...]
    figures: tuple[Figure, ...]
    provenance: dict[str, Provenance]


def catalogue(words: Iterable[str]) -> Catalogue:
    """The accelerators whose facts hold all of `words`, and the usual stack of each."""
    wanted = [word.lower() for word in words]
    ids = [id_ for id_ in PLATFORMS if all(word in _searched(CATALOGUE[id_]) for word in wanted)]
    return Catalogue(
        accelerators=tuple(accelerators()[PLATFORMS[id_].accelerator] for id_ in ids),
        stacks=tuple(sheet(CATALOGUE[id_]) for id_ in ids),
    )


def sheet(stack: Stack) -> StackSheet:
    """All that is known of one stack."""
    memory = memory_of(stack)
    return StackSheet(
        id=stack.id,
        title=stack.title,
        engine=stack.engine,
        model=stack.model.name,
        precision=stack.precision,
        accelerator=stack.accelerator,
        family=stack.family,
        chips=stack.chips,
        replicas=stack.replicas,
        provenance=stack.provenance,
        memory_bought_gb=memory.bought_gb,
        memory_usable_gb=memory.usable_gb,
        weights_gb=memory.weights_gb,
        kv_tokens=memory.kv_tokens,
        points=operating_points(stack),
        sources=stack.sources,
        assumed=stack.assumed,
    )


def accuracy(words: Iterable[str]) -> Accuracy:
    """The errors over the published figures whose hardware and model hold all of `words`."""
    wanted = [word.lower() for word in words]
    compared = tuple(
        figure
        for figure in figures()
        if all(word in f"{figure.family} {figure.platform} {figure.model} {figure.precision}" for word in wanted)
    )
    return Accuracy(
        summaries=summaries(compared),
        figures=compared,
        provenance={stack.id: stack.provenance for stack in CATALOGUE.values()},
    )


def to_json(document: Catalogue | Accuracy) -> bytes:
    """Indented, with a final line end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _searched(stack: Stack) -> str:
    chip = accelerators()[stack.accelerator]
    return f"{stack.id} {chip.name} {chip.vendor} {chip.memory_kind} {stack.family} {stack.engine}".lower()
