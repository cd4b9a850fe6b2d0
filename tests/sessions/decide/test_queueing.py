"""Erlang C against its closed forms, and against a queue that is played through."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.sessions.decide.queueing import mean_wait_s, most_rate_per_s, wait_probability, wait_quantile_s


@given(st.floats(0.01, 0.99))
def test_one_place_waits_as_often_as_it_is_busy(busy):
    assert wait_probability(1, busy) == pytest.approx(busy)


@given(st.floats(0.01, 1.99))
def test_two_places_wait_as_the_closed_form_says(offered):
    assert wait_probability(2, offered) == pytest.approx(offered**2 / (2 + offered))


def test_a_full_house_always_waits_and_an_empty_one_never():
    assert wait_probability(3, 3.0) == 1.0
    assert wait_probability(3, 0.0) == 0.0
    assert mean_wait_s(3, 3.0, 1.0) == math.inf


@pytest.mark.parametrize("busy", [0.9, 0.97, 0.99])
def test_many_places_go_on_from_few_without_a_step(busy):
    exact, approximate = wait_probability(5_000, 5_000 * busy), wait_probability(5_001, 5_001 * busy)
    assert approximate == pytest.approx(exact, rel=0.06, abs=1e-6)


def test_it_is_what_a_queue_played_through_shows():
    servers, rate, service = 4, 3.0, 1.0
    rng = random.Random(2)
    free, now, waits = [0.0] * servers, 0.0, []
    for _ in range(150_000):
        now += rng.expovariate(rate)
        first = min(range(servers), key=free.__getitem__)
        start = max(now, free[first])
        free[first] = start + rng.expovariate(1 / service)
        waits.append(start - now)
    assert sum(waits) / len(waits) == pytest.approx(mean_wait_s(servers, rate, service), rel=0.06)
    assert sorted(waits)[int(0.95 * len(waits))] == pytest.approx(
        wait_quantile_s(servers, rate, service, 0.95), rel=0.1
    )


@given(st.integers(1, 200), st.floats(0.01, 10), st.floats(0, 5))
def test_the_most_rate_is_the_edge_of_what_waits_little_enough(servers, service, wait):
    rate = most_rate_per_s(servers, service, 0.95, wait)
    assert 0 < rate <= servers / service
    assert wait_quantile_s(servers, rate, service, 0.95) <= wait + 1e-9
    assert rate * 1.001 >= servers / service or wait_quantile_s(servers, rate * 1.001, service, 0.95) > wait


def test_no_time_to_wait_leaves_no_rate():
    assert most_rate_per_s(8, 1.0, 0.95, -0.1) == 0.0
