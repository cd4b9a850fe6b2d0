"""Mixes: `chat:0.7+classification:0.3` is one workload made of several, of which each prompt belongs to one.

Weights are of requests and need not add up to 1. The parts are built-in workloads or files of prompts.
"""

import math
import re
from collections.abc import Callable
from typing import NamedTuple

from ...backends.printable import printable
from ..plan import WorkloadPlan
from .workload import WorkloadError

_WEIGHTED = re.compile(r"(?P<name>.+):(?P<weight>[0-9][0-9.eE-]*)")


class Part(NamedTuple):
    """One class of a workload: a built-in name or the path of a file, and its share of the requests."""

    source: str
    share: float


def parts(source: str) -> tuple[Part, ...]:
    """What `source` is made of, shares adding up to 1; itself alone unless it is a mix.

    Raises:
        WorkloadError: a weight is missing, or none that can be.
    """
    pieces = _pieces(source)
    if pieces is None:
        return (Part(source, 1.0),)
    weights = [_weight(piece) for piece in pieces]
    return tuple(Part(_name(piece), weight / sum(weights)) for piece, weight in zip(pieces, weights, strict=True))


def renamed(source: str, change: Callable[[str], str]) -> str:
    """`source` with `change` made to each workload it names; weights stay as they were written."""
    pieces = _pieces(source)
    if pieces is None:
        return change(source)
    return "+".join(change(name) + piece[len(name) :] for piece in pieces for name in [_name(piece)])


def in_short(workload: WorkloadPlan) -> str:
    """What is sent, files by their names without their folders; not safe to draw."""
    source = renamed(workload.source, lambda name: name.replace("\\", "/").rsplit("/", 1)[-1])
    return source if workload.prompt_cv is None else f"{source}, prompt cv {workload.prompt_cv:g}"


def _pieces(source: str) -> list[str] | None:
    """The parts of a mix as they were written; None if `source` is none."""
    pieces = source.split("+")
    return pieces if len(pieces) > 1 and any(map(_WEIGHTED.fullmatch, pieces)) else None


def _name(piece: str) -> str:
    weighted = _WEIGHTED.fullmatch(piece)
    return weighted["name"] if weighted else piece


def _weight(piece: str) -> float:
    weighted = _WEIGHTED.fullmatch(piece)
    try:
        weight = float(weighted["weight"]) if weighted else math.nan
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise WorkloadError(
            f'"{printable(piece, 60)}" needs a weight above 0: a mix is written chat:0.7+classification:0.3'
        )
    return weight
