"""Confidence sequences against their definitions; that they hold while one watches is test_coverage's."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.engine.confidence import LEAST_DIFFERENCES, mean_difference, proportion, quantile_ns
from infertop.engine.evidence import log_mixture
from infertop.engine.histogram import EDGES_NS, Histogram
from infertop.engine.serial import SerialSums

from .series import log_mixture as log_mixtures

ALPHA = 0.05
LIMIT = math.log(1 / ALPHA)


def histogram(values_ns):
    made = Histogram()
    made.extend(int(value) for value in values_ns)
    return made


def differences(values):
    made = SerialSums()
    for value in values:
        made.add(float(value))
    return made.state()[0]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3000), st.sampled_from([0.5, 0.9, 0.95]), st.sampled_from([1.0, 1.7, 8.0]), st.integers(0, 99))
def test_a_quantile_is_inside_exactly_while_its_mixture_is_below_the_limit(n, p, worth, seed):
    """What coverage by simulation rests on: a miss at a look is ln M >= ln(1/alpha) at the true quantile."""
    rng = np.random.default_rng(seed)
    values = 1e8 * np.exp(0.4 * rng.normal(size=n))
    interval = quantile_ns(histogram(values), p, ALPHA, worth)
    for edge in EDGES_NS[np.searchsorted(EDGES_NS, [4e7, 1e8, 1.3e8, 2e8, 3e8])]:
        k = int((values < edge).sum())
        if log_mixture(k / worth, n / worth, p) < LIMIT:
            assert interval.low <= edge <= interval.high


def test_a_quantile_s_interval_is_that_of_the_paper_within_a_bucket():
    """The sequence is [X(k_lo), X(k_hi + 1)] over the k with ln M < ln(1/alpha)."""
    rng = np.random.default_rng(1)
    values = np.sort(1e8 * np.exp(0.4 * rng.normal(size=1000)))
    inside = [k for k in range(1001) if log_mixture(k, 1000, 0.95) < LIMIT]
    interval = quantile_ns(histogram(values), 0.95, ALPHA)
    assert interval.low == pytest.approx(values[inside[0] - 1], rel=0.011)
    assert interval.high == pytest.approx(values[inside[-1]], rel=0.011)


def test_few_values_do_not_bound_a_tail():
    assert quantile_ns(histogram([]), 0.95, ALPHA).high == math.inf
    few = quantile_ns(histogram([1e8] * 20), 0.95, ALPHA)
    assert few.low == pytest.approx(1e8, rel=0.011)
    assert few.high == math.inf
    assert quantile_ns(histogram([5] * 200), 0.5, ALPHA).high <= 1e4
    assert quantile_ns(histogram([2e12] * 200), 0.5, ALPHA).low >= 1e12


def test_dependent_values_widen_every_interval():
    rng = np.random.default_rng(2)
    values = 1e8 * np.exp(0.4 * rng.normal(size=2000))
    plain, wide = (quantile_ns(histogram(values), 0.5, ALPHA, worth) for worth in (1, 4))
    assert wide.low < plain.low < plain.high < wide.high
    x = differences(rng.normal(size=400))
    assert mean_difference(x, ALPHA, 4).high > mean_difference(x, ALPHA).high
    assert proportion(950, 1000, ALPHA, 4).low < proportion(950, 1000, ALPHA).low


def test_a_mean_difference_has_the_half_width_of_its_formula():
    rng = np.random.default_rng(3)
    x = rng.normal(0.2, 0.5, size=100)
    y = 1 + 2 * math.log(1 / ALPHA)
    rho2 = (y + math.log(y) - 1) / 500
    k = 100 * rho2 + 1
    half = x.std(ddof=1) * math.sqrt(2 * k / (100**2 * rho2) * math.log(math.sqrt(k) / ALPHA))
    interval = mean_difference(differences(x), ALPHA)
    assert interval.low == pytest.approx(x.mean() - half)
    assert interval.high == pytest.approx(x.mean() + half)


def test_nothing_bounds_a_mean_of_too_few_differences():
    x = np.random.default_rng(4).normal(size=LEAST_DIFFERENCES)
    assert mean_difference(differences(x[:-1]), ALPHA).high == math.inf
    assert mean_difference(differences(x), ALPHA, worth=1.1).high == math.inf
    assert mean_difference(differences(x), ALPHA).high < math.inf


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([1.0, 3.0]))
def test_a_proportion_is_inside_exactly_while_its_mixture_is_below_the_limit(n, share, worth):
    k = round(n * share)
    interval = proportion(k, n, ALPHA, worth)
    q = np.linspace(0.001, 0.999, 400)
    inside = (q >= interval.low) & (q <= interval.high)
    assert (inside == (log_mixtures(k / worth, n / worth, q) < LIMIT)).all()
    assert 0 <= interval.low <= k / n <= interval.high <= 1


def test_proportions_at_the_ends_and_of_nothing():
    assert proportion(0, 0, ALPHA) == proportion(0, 0, 0.01)
    assert proportion(0, 500, ALPHA).low == 0
    assert proportion(500, 500, ALPHA).high == 1
    assert 0.98 < proportion(500, 500, ALPHA).low < 1


def test_so_few_dependent_misses_that_even_a_share_of_one_is_not_ruled_out():
    interval = proportion(278_903, 278_905, ALPHA, 6.7)
    assert 0.999 < interval.low < interval.high == 1
