"""Changing a backend while it runs: its price, and a simulated one's stack and faults (`backends.fleet.control`)."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Final, Protocol

import httpx
import msgspec
from msgspec.structs import replace

from ..backends.client import open_client
from ..backends.fleet.stacks import StackError, find_stack
from ..backends.printable import printable
from .commands import SetFaults, SetPrice, SetStack, WhatIfCommand, in_words
from .cost import ApiPrice, Price, usd_per_hour
from .plan import BackendPlan
from .simulated import stack_behind

_TIMEOUT_S: Final = 5.0


class WhatIfError(Exception):
    """What was asked for cannot be done; the text is for a person."""


class Planned(Protocol):
    """What has a plan that can be exchanged: a lane."""

    plan: BackendPlan

    def become(self, plan: BackendPlan, at_ns: int) -> None:
        """Go on as `plan` says from `at_ns` on, on the engine's clock."""
        ...


class WhatIf:
    """Obeys `SetStack`, `SetPrice` and `SetFaults`.

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
        self._turn = asyncio.Lock()

    def ask(self, command: WhatIfCommand, at_ns: int) -> None:
        """Have `command` obeyed; a marker at `at_ns` tells when it is, or why not."""
        asking = asyncio.create_task(self._obey(command, at_ns))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    async def _obey(self, command: WhatIfCommand, at_ns: int) -> None:
        async with self._turn:  # a price may be meant for the chips of the stack asked for before it
            await self._obey_now(command, at_ns)

    async def _obey_now(self, command: WhatIfCommand, at_ns: int) -> None:
        try:
            lane = next((lane for lane in self._lanes if lane.plan.name == command.backend), None)
            if lane is None:
                raise WhatIfError(f"no backend is called {command.backend}")
            plan = _changed(lane.plan, command)
            if not isinstance(command, SetPrice):
                if command.backend not in self.stacks:
                    raise WhatIfError(f"{command.backend} is no simulated backend that serves now")
                await change(self.stacks[command.backend], command)
            lane.become(plan, at_ns)
            self._mark(at_ns, in_words(command))
        except WhatIfError as error:
            self._mark(at_ns, f"not changed: {printable(str(error))}")


def _changed(plan: BackendPlan, command: WhatIfCommand) -> BackendPlan:
    match command:
        case SetStack(_, stack):
            return with_stack(plan, stack)
        case SetPrice(_, price):
            return with_price(plan, price)
        case SetFaults(_, faults):
            return replace(plan, faults=faults)


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


def with_price(plan: BackendPlan, price: Price) -> BackendPlan:
    """`plan` at another price.

    Raises:
        WhatIfError: nothing can cost that.
    """
    amounts = (price.usd_per_m_input, price.usd_per_m_output) if isinstance(price, ApiPrice) else (_hourly(price),)
    if not all(isfinite(amount) and amount >= 0 for amount in amounts):
        raise WhatIfError(f"that is no price for {plan.name}: it must be finite and not below 0")
    return replace(plan, price=price)


def _hourly(price: Price) -> float:
    try:
        return usd_per_hour(price) or 0.0
    except ZeroDivisionError:
        return float("inf")


def with_stack(plan: BackendPlan, name: str) -> BackendPlan:
    """`plan` on another stack: what it is called, and as many chips to pay for from then on.

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
