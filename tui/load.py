"""More load, less load: steps a person can predict, each about a quarter."""

from collections.abc import Callable
from math import floor, log10
from typing import Final, Generic, TypeVar

from msgspec.structs import replace

from ..engine.commands import SetConcurrency, SetRate
from ..engine.plan import ArrivalsPlan

_STEPS: Final = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.4, 8.0)
_COUNTS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_RATES: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_LEAST_RATE: Final = 0.01
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


def choices(arrivals: ArrivalsPlan) -> list[tuple[SetConcurrency | SetRate, str]]:
    """Loads to choose from, each with what it is called."""
    if arrivals.kind == "closed":
        return [(SetConcurrency(count), f"{count} prompts at once to each backend") for count in _COUNTS]
    return [(SetRate(rate), f"{rate:g} prompts a second") for rate in _RATES]


def under(arrivals: ArrivalsPlan, command: SetConcurrency | SetRate) -> ArrivalsPlan:
    """`arrivals` once `command` is obeyed."""
    if isinstance(command, SetConcurrency):
        return replace(arrivals, concurrency=command.concurrency)
    return replace(arrivals, rate_per_s=command.rate_per_s)


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
