"""Robust regularised least squares on logarithms (Gauss–Newton with damping): all families at once.

Minimised: Σ ln(1 + (ln(modelled/published)/scale)²)/2 + Σ ((ln parameter − ln prior median)/spread)²/2. The first
term grows ever less, so a row that contradicts all others (a starved host, say) does not bend the fit.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from .points import Metric, Point
from .predict import predict
from .priors import ALONE, OWN, POWER, SHARED, SHARING, STREAM, STREAMING, WORKLOAD, Prior

Vector = npt.NDArray[np.float64]
Name = tuple[str, str]
"""Group ("hopper", "gpus", "load") and parameter."""

SPEED_SCALE: Final[Mapping[Metric, float]] = {
    "tok_s": 0.08,
    "itl_p50_ms": 0.08,
    "tpot_p50_ms": 0.08,
    "ttft_p50_ms": 0.15,
    "ttft_p99_ms": 0.15,
    "itl_p99_ms": 0.4,
}
"""Relative errors thought ordinary, by metric; the 99th percentile only has a small say."""

POWER_SCALE: Final[Mapping[Metric, float]] = {"power_w": 0.08}

_GPUS: Final = "gpus"
LOAD: Final = "load"
_POWER_FAMILIES: Final = ("hopper", "blackwell")
_STEP: Final = 1e-4
_ROUNDS: Final = 40
_MOST_DAMPING: Final = 1e6
_LEAST_GAIN: Final = 1e-5


def speed_priors() -> dict[Name, Prior]:
    """Everything fitted to speeds."""
    return {
        **{(family, name): prior for family in SHARING for name, prior in OWN.items()},
        **{(_GPUS, name): prior for name, prior in SHARED.items()},
        **{(family, name): prior for family, own in ALONE.items() for name, prior in (OWN | SHARED | own).items()},
        **{(family, name): prior for family in STREAMING for name, prior in STREAM.items()},
        **{(LOAD, name): prior for name, prior in WORKLOAD.items()},
    }


def power_priors() -> dict[Name, Prior]:
    """Everything fitted to watts: for each family that published any."""
    return {(family, name): prior for family in _POWER_FAMILIES for name, prior in POWER.items()}


def families() -> tuple[str, ...]:
    """Every family that has parameters."""
    return (*SHARING, *ALONE, *STREAMING)


def groups_of(family: str) -> tuple[str, ...]:
    """The groups whose parameters a family uses."""
    return (family, _GPUS) if family in SHARING else (family,)


def of_family(family: str, values: Mapping[Name, float]) -> dict[str, float]:
    """A family's parameters: its own, the shared ones, and the GPUs' power shares where none were measured."""
    groups = groups_of(family)
    own = {name: value for group in groups for (owner, name), value in values.items() if owner == group}
    return own if family in STREAMING else _power_shares(values) | own


def _power_shares(values: Mapping[Name, float]) -> dict[str, float]:
    """Between those of the families that published power; the priors' before those are fitted."""
    if (_POWER_FAMILIES[0], next(iter(POWER))) not in values:
        return {name: prior.median for name, prior in POWER.items()}
    return {name: math.prod(values[family, name] for family in _POWER_FAMILIES) ** 0.5 for name in POWER}


def of_load(values: Mapping[Name, float]) -> dict[str, float]:
    """What was found about the measured load."""
    return {name: value for (group, name), value in values.items() if group == LOAD}


def fit(
    points: Sequence[Point],
    priors: Mapping[Name, Prior],
    scales: Mapping[Metric, float],
    known: Mapping[Name, float] | None = None,
    start: Mapping[Name, float] | None = None,
) -> dict[Name, float]:
    """The values of `priors`' parameters that explain `points` best.

    Args:
        points: what is to be explained.
        priors: of the parameters to be found.
        scales: of the errors of the metrics that count.
        known: parameters found before, which stay as they are.
        start: where to begin; the priors' medians if None.
    """
    misfit = _Misfit(points, priors, scales, known or {})
    at = misfit.median.copy() if start is None else np.array([math.log(start[name]) for name in priors])
    errors = misfit.errors(at)
    least, damping = misfit.cost(errors, at), 1e-2
    for _ in range(_ROUNDS):
        slopes = misfit.slopes(errors, at)
        weight = 1 / (1 + errors**2)
        curvature = slopes.T @ (weight[:, None] * slopes) + np.diag(misfit.spread**-2)
        gradient = slopes.T @ (weight * errors) + (at - misfit.median) / misfit.spread**2
        while damping < _MOST_DAMPING:
            step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), -gradient)
            tried = misfit.errors(at + step)
            if (now := misfit.cost(tried, at + step)) < least:
                break
            damping *= 4
        else:
            break
        gain, at, errors, least, damping = least - now, at + step, tried, now, max(damping / 4, 1e-7)
        if gain < _LEAST_GAIN * max(1, least):
            break
    return misfit.values(at)


class _Misfit:
    """The difference between points and model as a function of the logarithms of the parameters."""

    def __init__(
        self,
        points: Sequence[Point],
        priors: Mapping[Name, Prior],
        scales: Mapping[Metric, float],
        known: Mapping[Name, float],
    ) -> None:
        self.median = np.array([math.log(prior.median) for prior in priors.values()])
        self.spread = np.array([prior.spread for prior in priors.values()])
        self._names = list(priors)
        self._known = known
        self._points = points
        self._targets = [
            (index, metric, scale)
            for index, point in enumerate(points)
            for metric, scale in scales.items()
            if metric in point.published
        ]

    def values(self, at: Vector) -> dict[Name, float]:
        """All parameters."""
        return {**self._known, **dict(zip(self._names, np.exp(at).tolist(), strict=True))}

    def cost(self, errors: Vector, at: Vector) -> float:
        """What is minimised."""
        unlikely = ((at - self.median) / self.spread) ** 2
        return float((np.log1p(errors**2).sum() + unlikely.sum()) / 2)

    def errors(self, at: Vector, of: str = LOAD, others: Vector | None = None) -> Vector:
        """Logarithmic error of each figure over its scale; 0 for metrics that are not modelled.

        Args:
            at: logarithms of the parameters.
            of: the group whose points are modelled anew; the load concerns all of them.
            others: the errors of the points that are not.
        """
        now = self.values(at)
        families = {point.platform.family: of_family(point.platform.family, now) for point in self._points}
        load = of_load(now)
        modelled = {
            index: predict(point, families[point.platform.family], load)
            for index, point in enumerate(self._points)
            if of in (LOAD, *groups_of(point.platform.family))
        }
        errors = np.zeros(len(self._targets)) if others is None else others.copy()
        for row, (index, metric, scale) in enumerate(self._targets):
            if metric in modelled.get(index, ()):
                errors[row] = math.log(modelled[index][metric] / self._points[index].published[metric]) / scale
        return errors

    def slopes(self, errors: Vector, at: Vector) -> Vector:
        """Change of each error with each parameter; shape (figures, parameters)."""
        columns = []
        for column, (group, _) in enumerate(self._names):
            moved = at.copy()
            moved[column] += _STEP
            columns.append((self.errors(moved, group, errors) - errors) / _STEP)
        return np.stack(columns, axis=1)
