"""Histograms merge and subtract exactly and keep their promised relative error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.histogram import ALPHA, BUCKETS, EDGES_NS, FLOORS, Histogram, HistogramState

durations = st.lists(st.integers(0, 2_000_000_000_000), max_size=200)


def made(values):
    histogram = Histogram()
    histogram.extend(values)
    return histogram


@given(durations, durations)
def test_merging_equals_counting_all_at_once(a, b):
    assert (made(a) + made(b)).state() == made(a + b).state()


@given(durations, durations)
def test_what_came_since_is_one_subtraction(a, b):
    later, earlier = made(a), made(a)
    later.extend(b)
    since = later - earlier
    assert np.array_equal(since.counts, made(b).counts)
    assert len(since) == len(b)
    assert since.mean_ns() == pytest.approx(np.mean(b) if b else None)


@given(durations)
def test_a_state_brings_the_whole_histogram_back(values):
    histogram = made(values)
    assert Histogram.of(histogram.state()).state() == histogram.state()


@given(st.lists(st.integers(10_000, 999_999_999_999), min_size=1, max_size=200), st.sampled_from(sorted(FLOORS)))
def test_quantiles_are_within_the_relative_error_of_the_nearest_rank(values, p):
    true = float(np.sort(values)[max(1, int(np.ceil(p * len(values)))) - 1])
    assert made(values).quantile_ns(p) == pytest.approx(true, rel=ALPHA * 1.001, abs=1)


def test_values_outside_the_buckets_are_counted_not_lost():
    histogram = made([5, 9_999, 10_000, 2 * 10**12, 5 * 10**12])
    state = histogram.state()
    assert (len(histogram), state.under, state.over) == (5, 2, 2)
    assert (histogram.quantile_ns(0.1), histogram.quantile_ns(1.0)) == (5, 5 * 10**12)


def test_every_value_lies_inside_the_edges_of_its_bucket():
    for bucket in range(0, BUCKETS - 1, 7):
        middle = int((EDGES_NS[bucket] + EDGES_NS[bucket + 1]) / 2)
        assert np.flatnonzero(made([middle]).counts).tolist() == [bucket]


def test_negative_durations_count_as_zero():
    assert made([-5]).state().min_ns == 0


def test_an_empty_histogram_has_no_figures():
    assert (Histogram().quantile_ns(0.5), Histogram().mean_ns(), len(Histogram())) == (None, None, 0)


def test_floors_say_when_a_percentile_may_be_shown():
    assert not made([1] * 129).supports(0.95)
    assert made([1] * 130).supports(0.95)


def test_a_state_whose_arrays_do_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        Histogram.of(HistogramState(index=b"\xff\xff", count=b"\x01" + b"\0" * 7))
