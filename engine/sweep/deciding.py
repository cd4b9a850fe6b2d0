"""Does a level hold its targets? Decided once the data say so, however often one looks, and else guessed.

A target is a share: the p-quantile is within a limit when at least a share p of requests is. So many of them as were,
out of all, is evidence for or against that (`evidence.log_mixture`), and decides when it reaches 1/alpha: a level is
taken wrongly with a chance of alpha at most, over all looks together. Until then neighbours help to guess: more load
never shortens latency, so the shares that hold fall with the level, and are fitted so (isotonic regression; Barlow et
al. 1972, pool adjacent violators). A level that is decided decides all on its other side with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from math import log
from typing import Final, Literal

import numpy as np

from ..confidence import ALPHA
from ..evidence import log_mixture
from ..frame import JUDGED, BackendFrame
from ..histogram import CENTRES_NS, Histogram
from ..serial import dependence
from .sweep import Point, Target

Outcome = Literal["holds", "misses", "undecided"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one level stands to all targets.

    Attributes:
        outcome: what is decided.
        holding: the best guess: whether it holds them all.
        margin: by the same guess, the share of requests within the limit less the one that is asked for, of the
            target where that is least.
    """

    outcome: Outcome
    holding: bool
    margin: float


@lru_cache
def least_requests(quantile: float) -> int:
    """Requests below which nothing shows that a target holds, though every one is within its limit."""
    return next(n for n in count(1) if log_mixture(n, n, quantile) >= _ENOUGH)


def standings(points: Sequence[Point], targets: Sequence[Target]) -> Mapping[float, Standing]:
    """How each of `points` (of one backend, by level) stands, by its level; empty without targets."""
    if not targets or not points:
        return {}
    by_target = [_of_target(points, target) for target in targets]
    return {point.level: _worst([standings[at] for standings in by_target]) for at, point in enumerate(points)}


def decided(counted: BackendFrame, targets: Sequence[Target], requests: int | None = None) -> Outcome:
    """What a window decides by itself; with `requests`, what it would if it went on as it did to so many of them."""
    counts = [_within(counted, target) for target in targets]
    if requests is not None:
        counts = [replace(each, requests=requests) for each in counts]
    outcomes = [each.outcome(target.quantile) for each, target in zip(counts, targets, strict=True)]
    if "misses" in outcomes:
        return "misses"
    return "undecided" if "undecided" in outcomes or not outcomes else "holds"


_ENOUGH: Final = log(1 / ALPHA)
_NOTHING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _Count:
    """Requests within a limit; those that failed or never left are not.

    Attributes:
        share: of all requests; 1 before the first.
        requests: all of them.
        worth: how many are worth an independent one.
    """

    share: float
    requests: float
    worth: float

    def outcome(self, quantile: float) -> Outcome:
        n = self.requests / self.worth
        if not n or log_mixture(self.share * n, n, quantile) < _ENOUGH:
            return "undecided"
        return "holds" if self.share >= quantile else "misses"


def _within(counted: BackendFrame, target: Target) -> _Count:
    """Of a metric with many values a request, shares of a request."""
    state = counted.histograms.get(target.metric)
    histogram = Histogram.of(state) if state else Histogram()
    n, lost = len(histogram), counted.failed + counted.not_sent
    each = max(1.0, n / max(counted.finished, 1))
    inside = histogram.state().under + int(histogram.counts[np.less_equal(CENTRES_NS, target.limit_ms * 1e6)].sum())
    requests = n / each + lost
    found = dependence(counted.series.get(target.metric if target.metric in JUDGED else JUDGED[0], ()))
    return _Count(inside / each / requests if requests else 1.0, requests, found.worth)


def _of_target(points: Sequence[Point], target: Target) -> list[Standing]:
    counts = [_within(point.counted, target) for point in points]
    outcomes = [each.outcome(target.quantile) for each in counts]
    missed = next((at for at, outcome in enumerate(outcomes) if outcome == "misses"), len(points))
    held = max((at for at, outcome in enumerate(outcomes[:missed]) if outcome == "holds"), default=-1)
    shares = _falling([(each.share, each.requests) for each in counts])
    return [
        Standing(
            "holds" if at <= held else "misses" if at >= missed else "undecided",
            at <= held or (at < missed and shares[at] >= target.quantile),
            shares[at] - target.quantile,
        )
        for at in range(len(points))
    ]


def _falling(shares: Sequence[tuple[float, float]]) -> list[float]:
    """The never rising values nearest to `shares`, each with its weight, in least squares."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for share, weight in shares:
        pools.append((share, max(weight, _NOTHING), 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (a, a_weight, a_members), (b, b_weight, b_members) = pools[-2:]
            both = a_weight + b_weight
            pools[-2:] = [((a * a_weight + b * b_weight) / both, both, a_members + b_members)]
    return [mean for mean, _, members in pools for _ in range(members)]


def _worst(standings: Sequence[Standing]) -> Standing:
    outcomes = [each.outcome for each in standings]
    return Standing(
        "misses" if "misses" in outcomes else "undecided" if "undecided" in outcomes else "holds",
        all(each.holding for each in standings),
        min(each.margin for each in standings),
    )
