"""Whether a level holds: rarely wrong, never against its neighbours, and guessed by them where nothing is decided."""

from itertools import pairwise
from operator import mul

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.frame import BackendFrame
from infertop.engine.histogram import Histogram
from infertop.engine.serial import SerialSums
from infertop.engine.sweep.deciding import _falling, decided, least_requests, standings
from infertop.engine.sweep.sweep import Point

from .made import ttft

LIMIT_MS = 500.0


def counted(within, n, *, failed=0, seed=0):
    """A window of `n` answers, so many of them `within` the limit, in no order."""
    values_ns = np.where(np.arange(n) < within, 100_000_000, 900_000_000)
    np.random.default_rng(seed).shuffle(values_ns)
    histogram, sums = Histogram(), SerialSums()
    histogram.count(values_ns)
    sums.extend(np.log(values_ns))
    return BackendFrame(
        name="a",
        scheduled=n + failed,
        finished=n,
        failed=failed,
        histograms={"ttft_sched": histogram.state()},
        series={"ttft_sched": sums.state()},
    )


def point(level, within, n):
    return Point(level=level, counted=counted(within, n))


def test_as_many_requests_as_can_show_that_a_quantile_holds() -> None:
    n = least_requests(0.95)
    assert decided(counted(n, n), ttft(LIMIT_MS)) == "holds"
    assert decided(counted(n - 1, n - 1), ttft(LIMIT_MS)) == "undecided"


def test_a_miss_is_seen_sooner_but_not_before_dependence_is_known() -> None:
    assert decided(counted(10, 40), ttft(LIMIT_MS)) == "misses"
    assert decided(counted(5, 20), ttft(LIMIT_MS)) == "undecided"


def test_requests_that_fail_are_not_within_any_limit() -> None:
    assert decided(counted(200, 200), ttft(LIMIT_MS)) == "holds"
    assert decided(counted(200, 200, failed=60), ttft(LIMIT_MS)) == "misses"


def test_a_level_is_taken_wrongly_once_in_twenty_at_most_however_often_one_looks() -> None:
    """At the limit itself, where nothing is harder: .94 of the requests within what .95 must be."""
    wrong, paths = 0, 100
    for seed in range(paths):
        inside = np.random.default_rng(seed).random(512) < 0.94
        wrong += any(
            decided(counted(int(inside[:n].sum()), n, seed=seed), ttft(LIMIT_MS)) == "holds"
            for n in range(128, 513, 32)
        )
    assert wrong / paths <= 0.05


def test_what_is_decided_decides_the_levels_on_its_other_side() -> None:
    found = standings([point(1, 40, 40), point(4, 200, 200), point(16, 20, 64), point(32, 40, 40)], ttft(LIMIT_MS))
    assert [found[level].outcome for level in (1, 4, 16, 32)] == ["holds", "holds", "misses", "misses"]
    assert [found[level].holding for level in (1, 4, 16, 32)] == [True, True, False, False]


def test_neighbours_help_to_guess() -> None:
    """A few too late at 3, yet of many more at 4 none: that is chance, and no miss at 3."""
    found = standings([point(2, 40, 40), point(3, 37, 40), point(4, 500, 500)], ttft(LIMIT_MS))
    assert found[3].holding


def test_all_targets_must_hold() -> None:
    both = (*ttft(LIMIT_MS), *ttft(50))
    assert decided(counted(200, 200), both) == "misses"
    assert standings([point(1, 200, 200)], both)[1].holding is False


def test_without_targets_nothing_stands() -> None:
    assert standings([point(1, 200, 200)], ()) == {}


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 500).map(float)), min_size=1, max_size=12))
def test_the_fit_falls_keeps_the_mean_and_leaves_alone_what_falls_already(shares) -> None:
    fitted = _falling(shares)
    assert all(a >= b - 1e-12 for a, b in pairwise(fitted))
    weights = [weight for _, weight in shares]
    total = sum(share * weight for share, weight in shares)
    assert sum(map(mul, fitted, weights)) == pytest.approx(total, abs=1e-6)
    falling = sorted((share for share, _ in shares), reverse=True)
    assert _falling([(share, 1.0) for share in falling]) == falling
