"""The document of a sweep: what `infertop sweep --json` prints. docs/sweep.md documents every field.

It is the sweep itself, which `file.load` reads again, with the figures of its points written beside them. Pure.
"""

from typing import Any

import msgspec

from ...engine.frame import METRICS
from ...engine.sweep import reading
from ...engine.sweep.deciding import Outcome, standings
from ...engine.sweep.estimate import Estimate
from ...engine.sweep.pareto import choices, front
from ...engine.sweep.sweep import Curve, Point, Sweep, Target
from ..figures import six_digits
from ..journal.facts import redacted

SHOWN_QUANTILES = (0.5, 0.95)
"""Of every latency, beside those that a target names."""


class Bounded(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and its interval; `high` is None where nothing bounds it."""

    value: float | None
    low: float | None
    high: float | None


class Quantile(msgspec.Struct, frozen=True, kw_only=True):
    """A quantile in ms; `supported` says whether there are values enough to show it as fact."""

    quantile: float
    value: float | None
    low: float | None
    high: float | None
    supported: bool


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one point; None where it is not.

    `targets` says whether it holds them all: "holds" or "misses" where that is decided, else "undecided", and
    `holding` is the best guess. `efficient` says that no other point of the sweep dominates it.
    """

    tok_s: Bounded | None
    tok_s_per_user: Bounded | None
    tok_s_per_chip: Bounded | None
    requests_per_s: Bounded | None
    goodput_per_s: Bounded | None
    usd_per_m_output: Bounded | None
    j_per_output_token: Bounded | None
    latencies_ms: dict[str, list[Quantile]]
    targets: Outcome | None
    holding: bool | None
    efficient: bool


def document(sweep: Sweep) -> dict[str, Any]:
    """`sweep` with figures, made of what JSON has."""
    safe = msgspec.structs.replace(sweep, plan=redacted(sweep.plan))
    made: dict[str, Any] = msgspec.to_builtins(safe)
    for curve, written, backend in zip(sweep.curves, made["curves"], made["plan"]["backends"], strict=True):
        written["backend"] = backend
        written["knee"] = _knee(curve)
        written["best"] = _best(curve, sweep.targets)
        for figures, point in zip(figures_of(sweep, curve), written["points"], strict=True):
            point["figures"] = msgspec.to_builtins(figures)
    return made


def to_json(made: dict[str, Any]) -> bytes:
    """A document as JSON, indented, with a final line end."""
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def figures_of(sweep: Sweep, curve: Curve) -> list[Figures]:
    """The figures of a curve's points, in their order."""
    efficient = {(choice.backend, choice.level) for choice in front(choices(sweep.curves))}
    found = standings(curve.points, sweep.targets)
    return [
        Figures(
            tok_s=_bounded(reading.tok_s(point)),
            tok_s_per_user=_bounded(reading.tok_s_per_user(point)),
            tok_s_per_chip=_bounded(reading.tok_s_per_chip(point, curve.backend)),
            requests_per_s=_bounded(reading.requests_per_s(point)),
            goodput_per_s=_bounded(reading.goodput(point)),
            usd_per_m_output=_bounded(reading.usd_per_m(point)),
            j_per_output_token=_bounded(reading.j_per_token(point)),
            latencies_ms=_latencies(point, sweep.targets),
            targets=found[point.level].outcome if found else None,
            holding=found[point.level].holding if found else None,
            efficient=(curve.backend.name, point.level) in efficient,
        )
        for point in curve.points
    ]


def _latencies(point: Point, targets: tuple[Target, ...]) -> dict[str, list[Quantile]]:
    found = {}
    for metric in METRICS:
        wanted = {*SHOWN_QUANTILES, *(target.quantile for target in targets if target.metric == metric)}
        quantiles = [made for p in sorted(wanted) if (made := _quantile(point, metric, p)) is not None]
        if quantiles:
            found[metric] = quantiles
    return found


def _quantile(point: Point, metric: str, p: float) -> Quantile | None:
    found = _bounded(reading.quantile(point, metric, p))
    if found is None:
        return None
    supported = reading.supported(point, metric, p)
    return Quantile(quantile=p, value=found.value, low=found.low, high=found.high, supported=supported)


def _bounded(estimate: Estimate | None) -> Bounded | None:
    if estimate is None:
        return None
    return Bounded(value=six_digits(estimate.value), low=six_digits(estimate.low), high=six_digits(estimate.high))


def _knee(curve: Curve) -> dict[str, float | None] | None:
    found = reading.knee(curve)
    if found is None:
        return None
    return {"level": found.level, "tok_s": six_digits(found.tok_s), "above": found.above}


def _best(curve: Curve, targets: tuple[Target, ...]) -> dict[str, Any] | None:
    found = reading.best(curve, targets)
    if found is None:
        return None
    return {
        "level": found.level,
        "tok_s": six_digits(found.tok_s),
        "low": six_digits(found.low),
        "high": six_digits(found.high),
        "held": found.bracket[0],
        "missed": found.bracket[1],
        "sure": found.sure,
    }
