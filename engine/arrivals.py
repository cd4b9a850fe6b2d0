"""When requests are scheduled: seconds since the stage began, a pure function of (plan, seed, index).

A *stage* is a stretch of a run under one arrivals plan; changing the rate begins a new one at the next index.
Gaps belong to absolute indices, so a worker that owns every second index agrees with one that owns them all.
Ramps are spaced evenly by the integrated rate, without randomness: a ramp looks for the rate at which latency
bends, and bursts would blur it.
"""

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .draws import Draws
from .plan import ArrivalsPlan

_BLOCK = 4096
_TRIES = 8

Gaps = NDArray[np.float64]


class ArrivalsError(ValueError):
    """An arrivals plan that gives no schedule; the text is for a person."""


class Schedule(Protocol):
    """Send times of an open loop."""

    def at_s(self, index: int) -> float:
        """When prompt `index` is to be sent, in seconds since the stage began; never before that of index - 1."""
        ...

    def offered_per_s(self, t_s: float) -> float:
        """The scheduled rate `t_s` seconds into the stage."""
        ...


def schedule(plan: ArrivalsPlan, seed: int, first_index: int = 0) -> Schedule:
    """The send times from `first_index` on.

    Args:
        plan: an open loop.
        seed: of the run.
        first_index: the first prompt of this stage.

    Raises:
        ArrivalsError: the plan is a closed loop, or one of its numbers gives no schedule.
    """
    if plan.kind == "closed":
        raise ArrivalsError("a closed loop has no schedule: the next request is sent when one ends")
    if plan.kind == "ramp":
        _require(0 <= plan.rate_per_s < math.inf, "rate_per_s of a ramp must not be negative")
        _require(0 < plan.ramp_to_per_s < math.inf, "ramp_to_per_s must be above 0")
        _require(0 < plan.ramp_s < math.inf, "ramp_s must be above 0")
        return _Ramp(plan.rate_per_s, plan.ramp_to_per_s, plan.ramp_s, first_index)
    _require(0 < plan.rate_per_s < math.inf, "rate_per_s must be above 0")
    if plan.kind == "constant":
        return _Constant(plan.rate_per_s, first_index)
    if plan.kind == "poisson":
        return _Random(plan.rate_per_s, seed, first_index, exponential_gaps)
    _require(0 < plan.cv < math.inf, "cv must be above 0")
    shape = 1 / plan.cv**2
    return _Random(plan.rate_per_s, seed, first_index, lambda draws, count: gamma_gaps(draws, count, shape))


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ArrivalsError(otherwise)


class _Constant:
    """Even spacing; the first request is sent at once."""

    def __init__(self, rate_per_s: float, first_index: int) -> None:
        self._rate_per_s = rate_per_s
        self._first_index = first_index

    def at_s(self, index: int) -> float:
        return (index - self._first_index) / self._rate_per_s

    def offered_per_s(self, t_s: float) -> float:  # noqa: ARG002 - the same at any time
        return self._rate_per_s


class _Ramp:
    """A rate that changes linearly, then stays: request k is sent when the integrated rate reaches k."""

    def __init__(self, from_per_s: float, to_per_s: float, ramp_s: float, first_index: int) -> None:
        self._from_per_s = from_per_s
        self._to_per_s = to_per_s
        self._ramp_s = ramp_s
        self._first_index = first_index
        self._ramped = (from_per_s + to_per_s) / 2 * ramp_s

    def at_s(self, index: int) -> float:
        count = index - self._first_index
        if count >= self._ramped:
            return self._ramp_s + (count - self._ramped) / self._to_per_s
        if count == 0:
            return 0.0
        slope = (self._to_per_s - self._from_per_s) / self._ramp_s
        # The root of from*t + slope*t^2/2 = count, in the form that stays exact as the slope goes to 0.
        return 2 * count / (self._from_per_s + math.sqrt(self._from_per_s**2 + 2 * slope * count))

    def offered_per_s(self, t_s: float) -> float:
        done = min(max(t_s / self._ramp_s, 0.0), 1.0)
        return self._from_per_s + (self._to_per_s - self._from_per_s) * done


class _Random:
    """Independent gaps of mean 1 / rate, drawn in blocks and summed once."""

    def __init__(self, rate_per_s: float, seed: int, first_index: int, gaps: Callable[[Draws, int], Gaps]) -> None:
        self._rate_per_s = rate_per_s
        self._seed = seed
        self._first_index = first_index
        self._gaps = gaps
        self._first_block = first_index // _BLOCK
        self._blocks: list[Gaps] = []

    def at_s(self, index: int) -> float:
        block, position = divmod(index, _BLOCK)
        while len(self._blocks) <= block - self._first_block:
            self._extend()
        return float(self._blocks[block - self._first_block][position]) / self._rate_per_s

    def offered_per_s(self, t_s: float) -> float:  # noqa: ARG002 - the same at any time
        return self._rate_per_s

    def _extend(self) -> None:
        number = self._first_block + len(self._blocks)
        gaps = self._gaps(Draws("arrivals", self._seed, number), _BLOCK)
        if not self._blocks:
            gaps[: self._first_index % _BLOCK] = 0.0
        start = self._blocks[-1][-1] if self._blocks else 0.0
        self._blocks.append(start + np.cumsum(gaps))


def exponential_gaps(draws: Draws, count: int) -> Gaps:
    """Gaps of a Poisson process of rate 1, shape (count,)."""
    return -np.log(draws.uniforms(count))


def gamma_gaps(draws: Draws, count: int, shape: float) -> Gaps:
    """Gaps of mean 1 and coefficient of variation shape^-1/2, shape (count,).

    Marsaglia and Tsang 2000, "A simple method for generating gamma variables", with a fixed number of tries a gap
    so that gap i depends on its own draws only; all fail with a probability below 10^-10, then the first is taken.
    """
    boost = shape < 1
    d = shape + boost - 1 / 3
    radius = np.sqrt(-2 * np.log(draws.uniforms(count * _TRIES)))
    normal = radius * np.cos(2 * math.pi * draws.uniforms(count * _TRIES))
    cube = (1 + normal / math.sqrt(9 * d)) ** 3
    positive = np.maximum(cube, 1e-300)
    log_uniform = np.log(draws.uniforms(count * _TRIES))
    accepted = (cube > 0) & (log_uniform < normal**2 / 2 + d * (1 - positive + np.log(positive)))
    first = accepted.reshape(count, _TRIES).argmax(axis=1)
    gaps = d * positive.reshape(count, _TRIES)[np.arange(count), first]
    if boost:
        gaps *= draws.uniforms(count) ** (1 / shape)
    return np.asarray(gaps / shape)
