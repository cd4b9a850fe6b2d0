"""What if a backend were another: the knobs of one, their steps, and what the fleet's model says would come of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeVar

from msgspec.structs import replace

from ..backends.fleet.faults import Fault, Kind
from ..backends.fleet.memory import memory_of
from ..backends.fleet.platforms import PLATFORMS, Platform
from ..backends.fleet.sheet import operating_points
from ..backends.fleet.spelling import respelled
from ..backends.fleet.stacks import Stack, StackError, find_stack
from ..engine.commands import SetFaults, SetPrice, SetStack, WhatIfCommand
from ..engine.cost import ApiPrice, OwnedPrice, Price, RentedPrice, usd_per_hour, usd_per_m
from ..engine.frame import BackendFrame
from .load import stepped

_SCHEME: Final = "sim:"
_Step = TypeVar("_Step", int, float)

_REPLICAS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
_EFFICIENCIES: Final = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
_SHARES: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_FIRST_USD: Final = 2.0
"""What an hour of a chip costs at the first step, where no price was known."""

_LEAST_USD: Final = 1e-3
_FAULTS: Final[dict[str, Kind]] = {
    "429 refusals": "rate-limit",
    "503 errors": "error",
    "stalled answers": "stall",
    "cut answers": "cut",
}
"""Faults that need no window of time, by what they are called here."""


class Draft(NamedTuple):
    """A backend as it could be.

    Attributes:
        backend: its name.
        base: the stack that it has now; "" for a real server.
        chips, replicas, precision, efficiency: of the stack it could have; 0 and "" for a real server.
        price: for as many chips as `base` has.
        faults: injected.
    """

    backend: str
    base: str = ""
    chips: int = 0
    replicas: int = 0
    precision: str = ""
    efficiency: float = 0.0
    price: Price | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def stack(self) -> str:
        """The stack it could have, spelled out as far as it differs."""
        now = draft_of_stack(self.backend, self.base)
        changed = {name: value for name in _KNOBS if (value := getattr(self, name)) != getattr(now, name)}
        return respelled(self.base, **changed) if changed else self.base


_KNOBS: Final = ("chips", "replicas", "precision", "efficiency")


class Knob(NamedTuple):
    """Something that can be changed, in words.

    Attributes:
        title: what it is called.
        steps: what it can be, of which number `at` is what it is; where `at` is None it is something between.
        value: what it is.
    """

    title: str
    value: str
    steps: tuple[str, ...] = ()
    at: int | None = None


class Effect(NamedTuple):
    """What the model says of a stack; all its replicas together.

    Attributes:
        alone_tok_s: of one stream with a replica to itself.
        full_tok_s: of all streams at the fullest batch.
        streams: how many these are.
        bought_gb, needed_gb: memory paid for, and used then.
        usd_per_hour: None without an hourly price.
        usd_per_m: a million output tokens at the fullest batch; None without a price.
        watts: at the fullest batch.
        provenance: how far the model rests on published measurements.
    """

    alone_tok_s: float
    full_tok_s: float
    streams: int
    bought_gb: float
    needed_gb: float
    usd_per_hour: float | None
    usd_per_m: float | None
    watts: float
    provenance: str


def draft_of(backend: BackendFrame) -> Draft:
    """`backend` as it is."""
    stack = backend.url.removeprefix(_SCHEME) if backend.url.startswith(_SCHEME) else ""
    return draft_of_stack(backend.name, stack)._replace(price=backend.price, faults=backend.faults)


def draft_of_stack(name: str, stack: str) -> Draft:
    """A backend called `name` on `stack`, without a price."""
    if not stack:
        return Draft(name)
    known = find_stack(stack)
    efficiency = next((float(word[11:]) for word in stack.split("/") if word.startswith("efficiency=")), 1.0)
    return Draft(name, stack, known.chips, known.replicas, known.precision, efficiency)


def knobs(draft: Draft) -> list[Knob]:
    """What can be changed, in the order of the screen."""
    found: list[Knob] = []
    if draft.base:
        stack = find_stack(draft.base)
        found = [
            _among("chips", _platform(stack).sizes, draft.chips),
            _among("replicas", _REPLICAS, draft.replicas),
            _among("precision", stack.model.precisions, draft.precision),
            _among("engine efficiency", _EFFICIENCIES, draft.efficiency),
        ]
    found += [Knob(title, "unknown" if usd is None else f"${usd:,.4g}") for title, usd in _prices(draft.price)]
    if draft.base:
        found += [
            _among(title, [f"{share:.0%}" for share in _SHARES], f"{_share(draft.faults, kind):.0%}")
            for title, kind in _FAULTS.items()
        ]
    return found


def turned(draft: Draft, title: str, by: int) -> Draft:
    """`draft` with one knob a step further (`by` 1) or back (-1); as it is at the end of the scale."""
    if title in _FAULTS:
        kind = _FAULTS[title]
        return draft._replace(faults=_with_share(draft.faults, kind, _next(_SHARES, _share(draft.faults, kind), by)))
    match title:
        case "chips":
            return draft._replace(chips=_next(_platform(find_stack(draft.base)).sizes, draft.chips, by))
        case "replicas":
            return draft._replace(replicas=_next(_REPLICAS, draft.replicas, by))
        case "precision":
            names = find_stack(draft.base).model.precisions
            return draft._replace(precision=names[min(max(names.index(draft.precision) + by, 0), len(names) - 1)])
        case "engine efficiency":
            return draft._replace(efficiency=_next(_EFFICIENCIES, draft.efficiency, by))
    return draft._replace(price=_turned_price(draft, title, by))


def effect(draft: Draft) -> Effect | str:
    """What the model says of it; of what does not fit, why not. Of a simulated backend only."""
    try:
        stack = find_stack(draft.stack)
    except StackError as error:
        return str(error)
    points, memory, copies = operating_points(stack), memory_of(stack), stack.replicas
    alone, full = points[0], points[-1]
    price = _for_chips(draft, stack)
    hourly = None if price is None else usd_per_hour(price)
    return Effect(
        alone_tok_s=alone.tok_s,
        full_tok_s=full.tok_s * copies,
        streams=full.batch * copies,
        bought_gb=memory.bought_gb * copies,
        needed_gb=full.memory_gb * copies,
        usd_per_hour=hourly,
        usd_per_m=price.usd_per_m_output
        if isinstance(price, ApiPrice)
        else None
        if hourly is None
        else usd_per_m(hourly, full.tok_s * copies * 3600),
        watts=full.power_w * copies,
        provenance=stack.provenance,
    )


def commands(now: Draft, then: Draft) -> list[WhatIfCommand]:
    """What makes `then` of `now`; they are obeyed one after the other. Of a stack that fits."""
    made: list[WhatIfCommand] = []
    if then.base and then.stack != then.base:
        made.append(SetStack(then.backend, then.stack))
    if then.price is not None and then.price != now.price:
        stack = find_stack(then.stack) if then.base else None
        price = then.price if stack is None else _for_chips(then, stack)
        if price is not None:
            made.append(SetPrice(then.backend, price))
    if then.faults != now.faults:
        made.append(SetFaults(then.backend, then.faults))
    return made


def _platform(stack: Stack) -> Platform:
    return next(each for each in PLATFORMS.values() if each.accelerator == stack.accelerator)


def _among(title: str, steps: Sequence[object], value: object) -> Knob:
    words = tuple(f"{step:g}" if isinstance(step, int | float) else str(step) for step in steps)
    said = f"{value:g}" if isinstance(value, int | float) else str(value)
    return Knob(title, said, words, words.index(said) if said in words else None)


def _next(steps: Sequence[_Step], value: _Step, by: int) -> _Step:
    """The step after `value`, or before it."""
    beyond = [step for step in steps if (step > value if by > 0 else step < value)]
    return value if not beyond else min(beyond) if by > 0 else max(beyond)


def _prices(price: Price | None) -> list[tuple[str, float | None]]:
    """The amounts of a price that are knobs."""
    match price:
        case ApiPrice():
            return [("$ per M in", price.usd_per_m_input), ("$ per M out", price.usd_per_m_output)]
        case RentedPrice():
            return [("$ a chip-hour", price.usd_per_chip_hour)]
        case OwnedPrice():
            return [("$ a chip, bought", price.capex_usd)]
        case None:
            return [("$ a chip-hour", None)]


def _turned_price(draft: Draft, title: str, by: int) -> Price | None:
    price, today = draft.price, datetime.now(UTC).date().isoformat()

    def turned_usd(usd: float) -> float:
        return round(stepped(max(usd, _LEAST_USD), by), 6)

    match price:
        case ApiPrice() if title == "$ per M in":
            return replace(price, usd_per_m_input=turned_usd(price.usd_per_m_input), as_of=today, source="what if")
        case ApiPrice():
            return replace(price, usd_per_m_output=turned_usd(price.usd_per_m_output), as_of=today, source="what if")
        case RentedPrice():
            return replace(
                price, usd_per_chip_hour=turned_usd(price.usd_per_chip_hour), as_of=today, source="what if"
            )
        case OwnedPrice():
            return replace(price, capex_usd=turned_usd(price.capex_usd), as_of=today, source="what if")
        case None:
            chips = find_stack(draft.base).all_chips if draft.base else 1
            return RentedPrice(usd_per_chip_hour=_FIRST_USD, chips=chips, as_of=today, source="what if")


def _for_chips(draft: Draft, stack: Stack) -> Price | None:
    """The price for as many chips as `stack` has."""
    price = draft.price
    if price is None or isinstance(price, ApiPrice):
        return price
    return replace(price, chips=price.chips * stack.all_chips / find_stack(draft.base).all_chips)


def _share(faults: Sequence[Fault], kind: Kind) -> float:
    return next((fault.share for fault in faults if fault.kind == kind), 0.0)


def _with_share(faults: Sequence[Fault], kind: Kind, share: float) -> tuple[Fault, ...]:
    """`faults`, those of `kind` in this share, from now on and for ever; none of them where it is 0."""
    others = tuple(fault for fault in faults if fault.kind != kind)
    return (*others, Fault(kind=kind, share=share)) if share else others
