"""Changing what stands behind a simulated address while it serves: its stack, its faults.

    GET  /{stack}/control            what stands behind it, and since how long
    PUT  /{stack}/control/stack      {"stack": "h100x8/llama-3.3-70b/fp8"}   another stack that serves the same model
    PUT  /{stack}/control/faults     [{"kind": "stall", "share": 0.1}]        in place of those before; [] for none

Windows of faults count from the moment the address began to serve (`elapsed_s`).
"""

from typing import Any

import msgspec
from aiohttp import web

from .endpoint import Endpoint
from .faults import Fault, fault_problem
from .stack import Stack
from .stacks import StackError, find_stack
from .wire import ApiError


class NewStack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of a PUT of `stack`."""

    stack: str


def state(endpoint: Endpoint) -> dict[str, Any]:
    """What stands behind an address."""
    return {"stack": endpoint.stack.id, "faults": endpoint.faults, "elapsed_s": round(endpoint.elapsed_s, 3)}


async def change(endpoint: Endpoint, request: web.Request) -> dict[str, Any]:
    """Obey a PUT; raises ApiError with what was wrong, and then nothing is changed."""
    what, body = request.match_info["what"], await request.read()
    try:
        if what == "stack":
            endpoint.become(_stack(endpoint, msgspec.json.decode(body, type=NewStack).stack))
        elif what == "faults":
            endpoint.faults = _faults(msgspec.json.decode(body, type=tuple[Fault, ...]))
        else:
            raise ApiError(404, "NotFoundError", f"No control {what!r}; there are stack, faults.")
    except (msgspec.DecodeError, ValueError) as error:
        raise ApiError(400, "BadRequestError", str(error)) from None
    return state(endpoint)


def _stack(endpoint: Endpoint, name: str) -> Stack:
    stack = find_stack(name)
    if stack.model.name != endpoint.stack.model.name:
        raise StackError(f"{name} serves {stack.model.name}; behind this address is {endpoint.stack.model.name}")
    return stack


def _faults(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    for fault in faults:
        if problem := fault_problem(fault):
            raise ValueError(f"{fault.kind}: {problem}")
    return faults
