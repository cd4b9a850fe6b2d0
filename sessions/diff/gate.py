"""Conditions that fail a comparison: how they are written, and when they are met.

    p95_ttft>10%     worse by more than 10 % (of tok_s, goodput: less by more than 10 %)
    p95_ttft>+50ms   worse by more than 50 ms
    p95_ttft>500ms   b's own value is above 500 ms, whatever a's was
    attainment<0.99  b's own share is below 0.99
    error_rate>+1pp  one point more requests fail

One fails only where the whole 95 % interval lies beyond its limit: what noise may explain does not fail.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from .metrics import Metric, UnknownMetricError, find_metric
from .pool import Difference
from .words import change_in_words, value_in_words

Sort = Literal["relative", "change", "level"]

_FORM: Final = re.compile(
    r"\s*([A-Za-z0-9_$/]+)\s*([<>]=?)\s*([+-]?)\s*(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})\s*(%|pp|us|ms|s|[A-Za-z$/]+)?\s*"
)
_EXAMPLE: Final = "write it as p95_ttft>10%, p95_ttft>500ms, tok_s>5% or attainment<0.99"
_NO_INTERVAL: Final = "its interval is not known"
_MILLISECONDS: Final = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class GateError(ValueError):
    """A condition that cannot be read; the text says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition.

    Attributes:
        text: as it was typed.
        sort: a relative change to the worse, a change in the metric's own unit, or a level of b alone.
        limit: of a relative change 0.1 for 10 %; else in the metric's unit.
    """

    text: str
    metric: Metric
    sort: Sort
    limit: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a gate says of one backend.

    Attributes:
        outcome: "not judged" where the interval is not known.
        text: why, with the figures.
    """

    gate: Gate
    backend: str
    outcome: Literal["pass", "fail", "not judged"]
    text: str


def parse_gate(text: str) -> Gate:
    """The condition in `text`; raises GateError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise GateError(f"{text!r} is no condition; {_EXAMPLE}")
    name, sign, change, digits, unit = found.groups()
    try:
        metric = find_metric(name)
    except UnknownMetricError as error:
        raise GateError(f"{text!r}: {error}") from None
    above, limit = sign[0] == ">", float(digits)
    if unit == "%":
        if metric.kind == "share":
            level, points = ("0.01", "+1pp") if metric.better == "lower" else ("0.99", "-1pp")
            sign = _bad(metric)
            raise GateError(
                f"{text!r}: {name} is a share: write a level ({name}{sign}{level}) or points ({name}{sign}{points})"
            )
        if (change == "-") == above or (not above and metric.better == "lower"):
            raise GateError(
                f"{text!r} would fail when {name} gets better; {name}>10% fails when it gets worse by more than 10 %"
            )
        if not above and not change:
            raise GateError(f"{text!r}: less by 10 % is {name}>10% or {name}<-10%")
        if metric.better == "higher" and limit >= 100:
            raise GateError(f"{text!r}: {name} cannot get less by {limit:g} %")
        return Gate(text, metric, "relative", limit / 100)
    if above != (metric.better == "lower"):
        raise GateError(f"{text!r} would fail when {name} is good; write {name}{_bad(metric)}{digits}")
    if change and (change == "+") != above:
        raise GateError(f"{text!r} would fail when {name} gets better")
    limit *= _factor(text, metric, unit, change=bool(change))
    return Gate(text, metric, "change" if change else "level", limit)


def _factor(text: str, metric: Metric, unit: str | None, *, change: bool) -> float:
    """How many of the metric's unit the typed one is."""
    if metric.unit == "ms":
        if unit not in _MILLISECONDS:
            raise GateError(f"{text!r}: {metric.name} is a time: write ms, us or s after the number, or %")
        return _MILLISECONDS[unit]
    if metric.kind == "share" and unit == "pp":
        if not change:
            raise GateError(f"{text!r}: points are of a change: write + or - before the number")
        return 0.01
    if unit is not None:
        raise GateError(f"{text!r}: {metric.name} is in {metric.unit or 'shares of 1'}: write the number alone, or %")
    return 1.0


def judge(
    gate: Gate, backend: str, difference: Difference, bounds: tuple[float, float] | None, *, silent: bool
) -> Judgement:
    """What `gate` says of one backend.

    Args:
        gate: the condition.
        backend: its name.
        difference: of the gate's metric.
        bounds: 95 % interval of b's value.
        silent: whether b answered nothing at all, which fails any gate on what answers are like.
    """
    metric, a, b = gate.metric, difference.a, difference.b
    if b.value is None:
        if silent and metric.kind == "ratio":
            return Judgement(gate, backend, "fail", "it answered nothing at all")
        return Judgement(gate, backend, "not judged", f"no value in b: {b.why}")
    if gate.sort == "level":
        return _judge_level(gate, backend, b.value, bounds, difference.why)
    if a.value is None:
        return Judgement(gate, backend, "not judged", f"no value in a: {a.why}")
    change, low, high = (
        change_in_words(metric, each) for each in (difference.change, difference.low, difference.high)
    )
    if difference.low is None or difference.high is None:
        return Judgement(gate, backend, "not judged", f"{change}: {difference.why or _NO_INTERVAL}")
    worse = 1 if metric.better == "lower" else -1
    nearest = difference.low if worse > 0 else difference.high
    moved = nearest * worse if metric.kind == "share" else (nearest - 1) * worse
    if gate.sort == "change" and metric.kind == "ratio":
        moved *= a.value
    return _judged(gate, backend, beyond=moved > gate.limit, seen=f"{change} ({low} to {high})")


def _judge_level(gate: Gate, backend: str, value: float, bounds: tuple[float, float] | None, why: str) -> Judgement:
    metric = gate.metric
    if bounds is None:
        text = f"{value_in_words(metric, value)}: {why or _NO_INTERVAL}"
        return Judgement(gate, backend, "not judged", text)
    low, high = bounds
    beyond = low > gate.limit if metric.better == "lower" else high < gate.limit
    around = f"{value_in_words(metric, low)} to {value_in_words(metric, high)}"
    return _judged(gate, backend, beyond=beyond, seen=f"{value_in_words(metric, value)} ({around})")


def _judged(gate: Gate, backend: str, *, beyond: bool, seen: str) -> Judgement:
    return Judgement(gate, backend, "fail" if beyond else "pass", seen)


def _bad(metric: Metric) -> str:
    return ">" if metric.better == "lower" else "<"
