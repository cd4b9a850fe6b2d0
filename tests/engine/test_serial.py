"""Serial sums: what they say of a series, however it was cut into workers and windows."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.engine.frame import Serial
from infertop.engine.serial import (
    LEAST_NEIGHBOURS,
    LENGTHS,
    SerialSums,
    dependence,
    lag1,
    mean,
    minus,
    variance,
)

from .series import autoregressive, worth

VALUES = st.lists(st.floats(-30, 30), max_size=300)


def sums(x):
    made = SerialSums()
    for value in x:
        made.add(float(value))
    return made.state()


@settings(deadline=None, max_examples=40)
@given(VALUES)
def test_every_level_sums_the_means_of_so_many_consecutive_values(x):
    levels = sums(x)
    assert len(levels) == sum(len(x) >= length for length in LENGTHS)
    for length, level in zip(LENGTHS, levels, strict=False):
        means = np.array(x[: len(x) // length * length]).reshape(-1, length).mean(1)
        one, other = means[:-1], means[1:]
        expected = (len(means), len(one), means.sum(), (means**2).sum(), (one + other).sum(), (one * other).sum(), 1)
        assert tuple(getattr(level, name) for name in level.__struct_fields__) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(VALUES, st.integers(0, 300))
def test_a_window_is_one_subtraction(x, at):
    since = minus(sums(x), sums(x[:at]))
    for length, level in zip(LENGTHS, since, strict=False):
        means = np.array(x[: len(x) // length * length]).reshape(-1, length).mean(1)[len(x[:at]) // length :]
        assert level.count == len(means)
        assert level.total == pytest.approx(means.sum(), abs=1e-9)


def test_mean_variance_and_correlation_are_those_of_numpy():
    x = 18 + 0.3 * autoregressive(np.random.default_rng(1), 1, 4000, 0.6)[0]
    singles = sums(x)[0]
    assert mean(singles) == pytest.approx(x.mean())
    assert variance(singles) == pytest.approx(x.var(ddof=1))
    assert lag1(singles) == pytest.approx(np.corrcoef(x[:-1], x[1:])[0, 1], abs=1e-3)


def test_too_few_pairs_or_no_variance_is_no_correlation():
    assert lag1(sums([1.0, 2.0, 1.0])[0]) is None
    assert lag1(sums([18.4] * 50)[0]) is None
    assert dependence(sums([18.4] * 50)).worth == 1


def test_what_the_engine_computes_after_one_value_the_simulations_compute_at_every_look():
    rng = np.random.default_rng(2)
    x = np.concatenate([autoregressive(rng, 3, 700, phi) for phi in (0.0, 0.3, 0.6, 0.9, 0.99)])
    computed = worth(x)
    for path, values in enumerate(x):
        made = SerialSums()
        for look, value in enumerate(values):
            made.add(float(value))
            if look % 13 == 0:
                assert computed[path, look] == pytest.approx(dependence(made.state()).worth, rel=1e-6)


def test_below_so_many_pairs_nothing_is_known():
    x = np.random.default_rng(3).normal(size=LEAST_NEIGHBOURS + 1)
    assert not dependence(sums(x[:-1])).known
    assert dependence(sums(x)).known
    assert not dependence(()).known


@pytest.mark.parametrize(("phi", "expected"), [(0.0, 1.0), (0.3, 13 / 7), (0.6, 4.0), (0.9, 19.0)])
def test_worth_is_what_the_mean_varies_by_over_what_single_values_promise(phi, expected):
    """Of AR(1) it is (1 + phi)/(1 - phi)."""
    x = autoregressive(np.random.default_rng(4), 20, 20_000, phi)
    assert np.median([dependence(sums(path)).worth for path in x]) == pytest.approx(expected, rel=0.2)


def test_a_weak_slow_drift_is_seen_though_single_values_hardly_correlate():
    rng = np.random.default_rng(5)
    x = np.sqrt(0.9) * rng.normal(size=6000) + np.sqrt(0.1) * autoregressive(rng, 1, 6000, 0.99)[0]
    levels = sums(x)
    assert (lag1(levels[0]) or 0) < 0.15
    assert dependence(levels).worth > 5


def test_requests_in_flight_together_count_as_one_until_means_as_long_are_told():
    x = np.random.default_rng(6).normal(size=4000)
    assert dependence(sums(x[:400]), together=60).worth == 60
    assert dependence(sums(x), together=60).worth < 2


def test_workers_add_up_and_count_as_copies_of_each_other():
    x = autoregressive(np.random.default_rng(7), 4, 3000, 0.6)
    states = [sums(path) for path in x]
    merged = [
        Serial(*(sum(getattr(level, name) for level in levels) for name in Serial.__struct_fields__))
        for levels in zip(*states, strict=True)
    ]
    assert merged[0].count == 12_000
    assert dependence(merged).worth == pytest.approx(4 * np.mean([dependence(s).worth for s in states]), rel=0.2)


def test_memory_does_not_grow():
    made = SerialSums()
    reduce(lambda _, x: made.add(x), (float(i % 7) for i in range(5000)))
    assert len(made.state()) == len(LENGTHS)
