"""More load, less load, in steps a person can predict, each about a quarter; and another kind of it."""

from collections.abc import Callable
from math import floor, log10
from typing import Final, Generic, TypeVar

from msgspec.structs import replace

from ..engine.commands import SetArrivals, SetConcurrency, SetRate
from ..engine.plan import ArrivalsPlan

LoadChange = SetConcurrency | SetRate | SetArrivals

_STEPS: Final = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.4, 8.0)
_COUNTS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_RATES: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_LEAST_RATE: Final = 0.01
_BURSTY: Final = 2.0
"""Coefficient of variation of bursts that nobody has said more about."""

_ON_ITS_WAY_S: Final = 2.0

Value = TypeVar("Value")


def stepped(value: float, by: int) -> float:
    """The next of 1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 8 (times powers of ten) above or below `value` > 0."""
    power = floor(log10(value))
    ladder = [step * 10.0**exponent for exponent in (power - 1, power, power + 1) for step in _STEPS]
    if by > 0:
        return next(rung for rung in ladder if rung > value * 1.0001)
    return next(rung for rung in reversed(ladder) if rung < value * 0.9999)


def stepped_count(value: int, by: int) -> int:
    """The same in whole numbers: 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20 and so on."""
    if by < 0 and value <= 1:
        return 1
    rung = stepped(value, by)
    while round(rung) == value:
        rung = stepped(rung, by)
    return max(round(rung), 1)


def changed_load(arrivals: ArrivalsPlan, by: int) -> SetConcurrency | SetRate:
    """The command for one step up (`by` 1) or down (-1) from `arrivals`."""
    if arrivals.kind == "closed":
        return SetConcurrency(stepped_count(arrivals.concurrency, by))
    return SetRate(max(round(stepped(max(arrivals.rate_per_s, _LEAST_RATE), by), 6), _LEAST_RATE))


def kinds(arrivals: ArrivalsPlan, achieved_per_s: float | None) -> list[ArrivalsPlan]:
    """The kinds of arrivals there are, at the rate of `arrivals`; for a closed loop, at what it achieves or less.

    Args:
        arrivals: in force.
        achieved_per_s: prompts a second that every backend was sent lately; None when nobody knows.
    """
    rate = arrivals.rate_per_s
    if arrivals.kind == "closed" and achieved_per_s:
        rate = max(round(stepped(max(achieved_per_s, _LEAST_RATE), -1), 6), _LEAST_RATE)
    cv = arrivals.cv if arrivals.cv != 1 else _BURSTY
    return [
        replace(arrivals, kind="closed"),
        replace(arrivals, kind="constant", rate_per_s=rate),
        replace(arrivals, kind="poisson", rate_per_s=rate),
        replace(arrivals, kind="gamma", rate_per_s=rate, cv=cv),
    ]


def next_kind(arrivals: ArrivalsPlan, achieved_per_s: float | None) -> ArrivalsPlan:
    """The kind that comes after that of `arrivals`, round and round."""
    others = kinds(arrivals, achieved_per_s)
    at = next((at for at, each in enumerate(others) if each.kind == arrivals.kind), -1)
    return others[(at + 1) % len(others)]


def choices(arrivals: ArrivalsPlan, achieved_per_s: float | None) -> list[tuple[LoadChange, str]]:
    """Loads to choose from, and kinds of them, each with what it is called; arguments as for `kinds`."""
    loads: list[LoadChange]
    if arrivals.kind == "closed":
        loads = [SetConcurrency(count) for count in _COUNTS]
    else:
        loads = [SetRate(rate) for rate in _RATES]
    loads += [SetArrivals(each) for each in kinds(arrivals, achieved_per_s) if each.kind != arrivals.kind]
    return [(load, in_words(under(arrivals, load))) for load in loads]


def under(arrivals: ArrivalsPlan, command: LoadChange) -> ArrivalsPlan:
    """`arrivals` once `command` is obeyed."""
    match command:
        case SetConcurrency(concurrency):
            return replace(arrivals, concurrency=concurrency)
        case SetRate(rate_per_s):
            return replace(arrivals, rate_per_s=rate_per_s)
        case SetArrivals(wanted):
            return wanted


def change_to(wanted: ArrivalsPlan, now: ArrivalsPlan) -> LoadChange | None:
    """The least that makes `wanted` of `now`; None where that is nothing."""
    if wanted == now:
        return None
    for least in (SetConcurrency(wanted.concurrency), SetRate(wanted.rate_per_s)):
        if under(now, least) == wanted:
            return least
    return SetArrivals(wanted)


def in_words(arrivals: ArrivalsPlan) -> str:
    """The load, and what it is a load on."""
    match arrivals.kind:
        case "closed":
            return f"{arrivals.concurrency} prompts at once to each backend"
        case "ramp":
            return f"{arrivals.rate_per_s:g}/s rising to {arrivals.ramp_to_per_s:g}/s to each backend"
        case "gamma":
            return f"{arrivals.rate_per_s:g}/s in bursts (cv {arrivals.cv:g}) to each backend"
        case kind:
            return f"{arrivals.rate_per_s:g}/s {'Poisson' if kind == 'poisson' else kind} to each backend"


class Asked(Generic[Value]):
    """What was asked of the engine a moment ago: keys pressed in a row go on from there, not from the last frame."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._value: Value | None = None
        self._until = 0.0

    def ask(self, value: Value) -> Value:
        """Remember `value` for as long as its frame may be on its way."""
        self._value, self._until = value, self._clock() + _ON_ITS_WAY_S
        return value

    def or_shown(self, shown: Value) -> Value:
        """What was asked lately, else what the newest frame shows."""
        return shown if self._value is None or self._clock() > self._until else self._value
