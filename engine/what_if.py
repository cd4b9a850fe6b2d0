"""Changing a simulated backend while a run is under way: its stack, its faults (`backends.fleet.control`)."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

import httpx
import msgspec
from msgspec.structs import replace

from ..backends.client import open_client
from ..backends.fleet.stacks import StackError, find_stack
from ..backends.printable import printable
from .commands import SetFaults, SetStack
from .cost import ApiPrice, Price
from .plan import BackendPlan
from .simulated import stack_behind

_TIMEOUT_S: Final = 5.0


class WhatIfError(Exception):
    """What was asked for cannot be done; the text is for a person."""


class Planned(Protocol):
    """What has a plan that can be exchanged: a lane."""

    plan: BackendPlan


class WhatIf:
    """Obeys `SetStack` and `SetFaults`.

    Args:
        lanes: the backends.
        mark: makes a marker of a moment on the engine's clock and a text.

    Attributes:
        stacks: base URLs of the simulated backends, by name; empty until the fleet serves.
    """

    def __init__(self, lanes: Iterable[Planned], mark: Callable[[int, str], None]) -> None:
        self.stacks: Mapping[str, str] = {}
        self._lanes = lanes
        self._mark = mark
        self._asking: set[asyncio.Task[None]] = set()

    def ask(self, command: SetStack | SetFaults, at_ns: int) -> None:
        """Have `command` obeyed; a marker at `at_ns` tells when it is, or why not."""
        asking = asyncio.create_task(self._obey(command, at_ns))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    async def _obey(self, command: SetStack | SetFaults, at_ns: int) -> None:
        try:
            lane = next((lane for lane in self._lanes if lane.plan.name == command.backend), None)
            if lane is None or command.backend not in self.stacks:
                raise WhatIfError(f"{command.backend} is no simulated backend that serves now")
            plan = with_stack(lane.plan, command.stack) if isinstance(command, SetStack) else lane.plan
            await change(self.stacks[command.backend], command)
            lane.plan = plan
            self._mark(at_ns, in_words(command))
        except WhatIfError as error:
            self._mark(at_ns, f"not changed: {printable(str(error))}")


async def change(base_url: str, command: SetStack | SetFaults) -> None:
    """Have the fleet behind `base_url`, which ends in `/v1`, do what `command` asks.

    Raises:
        WhatIfError: it refuses, or is not there.
    """
    url = f"{base_url.removesuffix('/v1')}/control/{'stack' if isinstance(command, SetStack) else 'faults'}"
    body = {"stack": command.stack} if isinstance(command, SetStack) else command.faults
    try:
        async with open_client(url) as client:
            timeout = {"timeout": {"connect": _TIMEOUT_S, "total": _TIMEOUT_S}}
            response = await client.put(url, content=msgspec.json.encode(body), extensions=timeout)
    except httpx.HTTPError as error:
        raise WhatIfError(printable(str(error) or type(error).__name__)) from None
    if response.status_code != httpx.codes.OK:
        raise WhatIfError(printable(msgspec.json.decode(response.content)["error"]["message"], 300))


def in_words(command: SetStack | SetFaults) -> str:
    """What the marker says."""
    if isinstance(command, SetStack):
        return f"{command.backend}: {command.stack}"
    faults = ", ".join(f"{fault.kind} {fault.share:.0%}" for fault in command.faults)
    return f"{command.backend}: {faults or 'no faults'}"


def with_stack(plan: BackendPlan, name: str) -> BackendPlan:
    """`plan` on another stack: what it is called, and as many chips to pay for; the run so far is priced anew too.

    Raises:
        WhatIfError: there is no such stack, or it serves another model.
    """
    try:
        stack, former = find_stack(name), stack_behind(plan)
    except StackError as error:
        raise WhatIfError(str(error)) from None
    if former is None:
        raise WhatIfError(f"{plan.name} is a real server")
    if stack.model != former.model:
        raise WhatIfError(f"{name} serves {stack.model.name}, and {plan.name} serves {former.model.name}")
    price = _price(plan, stack.all_chips / former.all_chips)
    return replace(plan, url=f"sim:{name}", hardware=stack.title, engine=stack.engine, price=price)


def _price(plan: BackendPlan, times_the_chips: float) -> Price | None:
    price = plan.price
    if price is None or isinstance(price, ApiPrice):
        return price
    return replace(price, chips=price.chips * times_the_chips)
