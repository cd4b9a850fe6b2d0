"""Thinned samples: every stride-th request, and its serial correlation whatever the order of finishing."""

import numpy as np
import pytest

from infertop.engine.frame import Thinned
from infertop.engine.histogram import Histogram, HistogramState
from infertop.engine.thinning import Thinning, lag1


def autoregressive(phi, n, seed=1):
    rng = np.random.default_rng(seed)
    x = np.zeros(n)
    for i in range(1, n):
        x[i] = phi * x[i - 1] + rng.normal()
    return x


def thinned(x, order=None):
    thinning = Thinning()
    for index in range(len(x)) if order is None else order:
        thinning.add(int(index), round(1e8 * np.exp(0.3 * x[index])))
    return {strand.stride: strand for strand in thinning.state()}


def test_each_stride_samples_its_share_of_the_requests():
    strands = thinned(autoregressive(0, 320))
    assert {stride: len(Histogram.of(s.histogram)) for stride, s in strands.items()} == {
        1: 320, 2: 160, 4: 80, 8: 40, 16: 20, 32: 10,
    }  # fmt: skip


def test_correlation_is_that_of_consecutive_samples():
    x = autoregressive(0.6, 4000)
    strands = thinned(x)
    for stride in (1, 2, 4):
        sample = 0.3 * x[::stride]
        expected = np.corrcoef(sample[:-1], sample[1:])[0, 1]
        assert strands[stride].pairs == len(sample) - 1
        assert lag1(strands[stride]) == pytest.approx(expected, abs=1e-4)


def test_the_order_of_finishing_changes_nothing():
    x = autoregressive(0.6, 1000)
    order = np.argsort(np.arange(1000) + np.random.default_rng(2).uniform(0, 40, 1000))
    straight, shuffled = thinned(x), thinned(x, order)
    assert lag1(shuffled[1]) == pytest.approx(lag1(straight[1]))
    assert shuffled[1].pairs == 999


def test_a_request_that_failed_breaks_no_other_pair():
    x = autoregressive(0.0, 100)
    assert thinned(x, [i for i in range(100) if i != 50])[1].pairs == 97


def test_too_few_pairs_or_no_variance_is_no_correlation():
    assert lag1(Thinned(stride=1, histogram=HistogramState(), pairs=2, sums=(1, 1, 1, 1, 1))) is None
    assert lag1(thinned(np.zeros(50))[1]) is None
