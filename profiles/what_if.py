"""The simulated stack that a backend's table describes: `sim`, and the keys that ask "what if"."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..backends.fleet.faults import fault_problem
from ..backends.fleet.spelling import respelled
from ..backends.fleet.stacks import StackError, find_stack
from .problems import Problem

if TYPE_CHECKING:
    from ..backends.fleet.stack import Stack
    from .schema import BackendEntry

KNOBS: Final = ("chips", "precision", "replicas", "batch", "efficiency")
"""Keys that change the stack; `model` does too."""


def stack_name(entry: "BackendEntry") -> str:
    """The stack, spelled out as far as its keys do (`backends.fleet.stacks`); "" for a real server.

    Raises:
        StackError: `sim` names none.
    """
    if not entry.sim:
        return ""
    knobs = {knob: value for knob in KNOBS if (value := getattr(entry, knob)) not in {None, ""}}
    return respelled(entry.sim, model=entry.model, **knobs)


def stack_of(entry: "BackendEntry") -> "Stack | None":
    """The stack itself; None for a real server, and where the table makes no sense."""
    try:
        return find_stack(stack_name(entry)) if entry.sim else None
    except StackError:
        return None


def stack_problems(entry: "BackendEntry", where: str) -> Iterator[Problem]:
    """What makes no sense in what `entry` says of a simulated stack."""
    given = [knob for knob in KNOBS if getattr(entry, knob) not in {None, ""}]
    if not entry.sim:
        for name in [*given, *(["faults"] if entry.faults else [])]:
            yield Problem(f"{where}.{name}", 'only a simulated stack has it: sim = "h100"')
        return
    try:
        find_stack(stack_name(entry))
    except StackError as error:
        yield Problem(f"{where}.sim", str(error))
    for number, fault in enumerate(entry.faults):
        if problem := fault_problem(fault):
            yield Problem(f"{where}.faults[{number}]", problem)
