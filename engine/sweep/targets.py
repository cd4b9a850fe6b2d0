"""Targets as they are typed, and as an SLO states them."""

import re
from typing import Final

from ..frame import METRICS
from ..plan import SloPlan
from .sweep import Target

EXAMPLE: Final = "p95_ttft<500ms"

_TYPED: Final = re.compile(r"p(\d{1,2}(?:\.\d+)?)_([a-z0-9]+(?:_sched)?)\s*<=?\s*(\d+(?:\.\d+)?)\s*(ms|s)")
_FROM_SCHEDULE: Final = {"ttft": "ttft_sched", "e2e": "e2e_sched"}
_LIMITED: Final = {"ttft_sched": "ttft_ms", "tpot": "tpot_ms", "e2e_sched": "e2e_ms"}
_QUANTILE: Final = 0.95


class TargetError(ValueError):
    """What was typed is no target; the text says why, and what would be right."""


def parse_target(text: str) -> Target:
    """The target in "p95_ttft<500ms"; raises TargetError.

    TTFT and E2E count from the scheduled time (measurement.md): in a closed loop, from when a slot became free.
    """
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        raise TargetError(f"is no target; write it as {EXAMPLE}, p99_tpot<50ms or p50_e2e<8s")
    percentile, metric, limit, unit = found.groups()
    metric = _FROM_SCHEDULE.get(metric, metric)
    if metric not in METRICS:
        known = ", ".join(name for name in METRICS if name not in _FROM_SCHEDULE.values())
        raise TargetError(f"names no latency; there are {known}")
    quantile, limit_ms = float(percentile) / 100, float(limit) * (1000 if unit == "s" else 1)
    if not 0 < quantile < 1 or limit_ms <= 0:
        raise TargetError(f"must have a percentile above 0 and a limit above 0, as {EXAMPLE}")
    return Target(metric=metric, quantile=quantile, limit_ms=limit_ms)


def targets_of(slo: SloPlan) -> tuple[Target, ...]:
    """What an SLO asks of the 95th percentile: each of its limits."""
    limits = {metric: getattr(slo, field) for metric, field in _LIMITED.items()}
    return tuple(
        Target(metric=metric, quantile=_QUANTILE, limit_ms=limit) for metric, limit in limits.items() if limit
    )


def slo_of(targets: tuple[Target, ...]) -> SloPlan:
    """The SLO whose limits are those of `targets`, so that good requests can be counted."""
    limits = {_LIMITED[target.metric]: target.limit_ms for target in targets if target.metric in _LIMITED}
    return SloPlan(**limits)
