"""How far a figure may be off: from one run, and between runs."""

import random
from math import exp, inf, isinf, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.sessions.diff.estimate import Estimate, ratio_error, share
from infertop.sessions.diff.metrics import METRICS, UnknownMetricError, find_metric
from infertop.sessions.diff.pool import RUN_NOISE, bounds, compare

P95 = METRICS["p95_ttft"]
ERRORS = METRICS["error_rate"]

errors = st.floats(0, 0.5)
ratios = st.builds(Estimate, st.floats(1e-3, 1e6), errors, st.one_of(errors, st.just(inf)), st.integers(1, 10**6))
shares = st.builds(Estimate, st.floats(0, 1), errors, errors, st.integers(1, 10**6))
sides = st.lists(ratios, min_size=1, max_size=6)


@given(sides)
def test_a_side_against_itself_is_a_tie(side: list[Estimate]) -> None:
    found = compare(P95, side, side)
    assert found.change == 1
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 1 <= found.high
    assert found.verdict == "within noise"


@given(sides, sides)
def test_swapping_sides_inverts_the_ratio_and_its_interval(a: list[Estimate], b: list[Estimate]) -> None:
    there, back = compare(P95, a, b), compare(P95, b, a)
    assert there.change is not None
    assert back.change == pytest.approx(1 / there.change)
    assert back.low is not None
    assert there.high is not None
    if there.high < 1e300:
        assert back.low == pytest.approx(1 / there.high)
    opposite = {"better": "worse", "worse": "better"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)


@given(st.lists(shares, min_size=1, max_size=4), st.lists(shares, min_size=1, max_size=4))
def test_swapping_sides_of_a_share_changes_the_sign(a: list[Estimate], b: list[Estimate]) -> None:
    there, back = compare(ERRORS, a, b), compare(ERRORS, b, a)
    assert there.change is not None
    assert there.low is not None
    assert back.change == pytest.approx(-there.change)
    assert back.high == pytest.approx(-there.low)
    assert -1 <= there.low <= there.change <= (there.high or 0) <= 1


@given(sides, sides, st.randoms(use_true_random=False))
def test_the_order_of_repeats_makes_no_difference(a: list[Estimate], b: list[Estimate], rng: random.Random) -> None:
    mixed_a, mixed_b = rng.sample(a, len(a)), rng.sample(b, len(b))
    assert compare(P95, mixed_a, mixed_b) == compare(P95, a, b)
    assert bounds(P95, mixed_a) == bounds(P95, a)


def test_one_run_each_is_never_surer_than_the_allowance() -> None:
    exact = [Estimate(100.0, 0.0, 0.0, 10**6)]
    found = compare(P95, exact, exact)
    assert found.high == pytest.approx(exp(1.959964 * RUN_NOISE * sqrt(2)))
    wider = compare(P95, exact, exact, run_noise=0.05)
    assert wider.high == pytest.approx(exp(1.959964 * 0.05 * sqrt(2)))


def test_repeats_speak_for_themselves() -> None:
    """Three runs each that spread by 10 % say so, however sure each of them is of itself."""
    a = [Estimate(value, 0.001, 0.001, 1000) for value in (90.0, 100.0, 110.0)]
    b = [Estimate(value, 0.001, 0.001, 1000) for value in (95.0, 105.0, 115.0)]
    found = compare(P95, a, b)
    assert found.basis == "repeats"
    logs = [log(each.value or 1) for each in a]
    spread = np.var(logs, ddof=1)
    assert found.high is not None
    assert found.change is not None
    assert log(found.high / found.change) == pytest.approx(2.7764 * sqrt(spread * 2 / 3), rel=0.1)


def test_repeats_stand_in_for_noise_that_no_run_knows() -> None:
    unknown = [Estimate(value, why="a summary has no interval for it") for value in (100.0, 101.0)]
    found = compare(P95, unknown, unknown)
    assert found.basis == "repeats"
    alone = compare(P95, unknown[:1], unknown[:1])
    assert (alone.verdict, alone.change, alone.why) == ("not known", 1.0, "a summary has no interval for it")


def test_repeats_never_make_it_surer_than_the_requests_in_them() -> None:
    """Two runs each that agree by luck."""
    lucky = [Estimate(100.0, 0.03, 0.03, 200)] * 2
    found = compare(P95, lucky, lucky)
    assert found.high == pytest.approx(exp(1.959964 * 0.03))


@pytest.mark.parametrize("freedom", [2, 4])
def test_intervals_from_repeats_cover_what_they_should(freedom: int) -> None:
    rng, many, missed = random.Random(1), 2000, 0
    runs = freedom // 2 + 1
    for _ in range(many):
        a, b = ([Estimate(exp(rng.gauss(0, 0.07)), 0.0, 0.0, 9) for _ in range(runs)] for _ in range(2))
        missed += compare(P95, a, b).verdict != "within noise"
    assert missed / many == pytest.approx(0.05, abs=0.015)


def test_slices_show_the_error_of_a_ratio() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(200):
        per = rng.uniform(5, 15, 300)
        amounts = 3 * per + rng.normal(0, 2, 300)
        error = ratio_error(amounts, per)
        assert error is not None
        found.append(((amounts.sum() / per.sum() - 3) / error) ** 2)
    assert np.mean(found) == pytest.approx(1, abs=0.25)


def test_slices_that_depend_on_each_other_are_worth_less() -> None:
    rng, per = np.random.default_rng(1), np.ones(512)
    white = rng.normal(0, 1, 512)
    drifting = np.repeat(rng.normal(0, 1, 64), 8)
    calm, moving = ratio_error(10 + white, per), ratio_error(10 + drifting, per)
    assert calm is not None
    assert moving is not None
    assert moving > 2 * calm
    steady = ratio_error(10 + np.linspace(-1, 1, 512), per)
    assert steady is None or isinf(steady)
    assert ratio_error(np.ones(50), np.ones(50)) == 0
    assert ratio_error(np.ones(1), np.ones(1)) is None  # one slice is no spread
    assert ratio_error(rng.normal(1, 1, 20), np.ones(20)) is None


@given(st.integers(0, 500), st.integers(1, 500), st.floats(1, 20))
def test_a_share_lies_in_its_interval(k: int, n: int, worth: float) -> None:
    k = min(k, n)
    found, surer = share(k, n, worth), share(k, n, 1.0)
    assert found.value == k / n
    assert found.down is not None
    assert surer.up is not None
    assert 0 <= found.down <= k / n + 1e-12
    assert (found.up or 0) >= surer.up - 1e-12


def test_a_metric_that_is_not_there_is_named_with_its_nearest() -> None:
    with pytest.raises(UnknownMetricError, match='did you mean "p95_ttft"'):
        find_metric("p95_tft")
    with pytest.raises(UnknownMetricError, match="usd_per_m"):
        find_metric("xyzzy")
