"""Joules from power and from counters: exact where counters are, and right again after every oddity of theirs."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.observe.energy import Integrator, PowerSample

S = 1_000_000_000
WATTS = st.floats(0, 1000)


def integrated(samples):
    made = Integrator()
    for sample in samples:
        made.take(sample)
    return made


@given(st.lists(st.tuples(st.integers(1, 5 * S), WATTS), min_size=1, max_size=20))
def test_power_alone_is_its_trapezoid(steps):
    samples, at_ns = [], 0
    for gap_ns, watts in steps:
        at_ns += gap_ns
        samples.append(PowerSample(at_ns, watts))
    expected = sum((a.watts + b.watts) / 2 * (b.at_ns - a.at_ns) / S for a, b in pairwise(samples))
    made = integrated(samples)
    assert made.joules == pytest.approx(expected)
    assert made.watts == samples[-1].watts
    assert not made.counted


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20), st.floats(0, 1e9), WATTS)
def test_a_counter_is_believed_over_power(grown, start, watts):
    """Whatever power says between two looks, the sum is the counter's difference."""
    total, samples = start, [PowerSample(0, watts, {"0": start})]
    for second, more in enumerate(grown, 1):
        total += more
        samples.append(PowerSample(second * S, watts, {"0": total}))
    samples.append(PowerSample(len(samples) * S, watts, {"0": total + 1.0}))
    made = integrated(samples)
    assert made.joules == pytest.approx(total + 1.0 - start, abs=1e-3)
    assert made.counted


@given(st.lists(st.booleans(), min_size=1, max_size=30), WATTS.filter(lambda watts: watts > 1))
def test_a_counter_refreshed_seldom_agrees_with_power_at_every_look(refreshed, watts):
    """Constant power, a counter that an exporter renews now and then: no step, no hole."""
    made, shown = Integrator(), 0.0
    for second, fresh in enumerate([True, *refreshed]):
        shown = second * watts if fresh else shown
        made.take(PowerSample(second * S, watts, {"0": shown}))
        assert made.joules == pytest.approx(second * watts)


@given(st.integers(1, 200), st.floats(1, 300))
def test_a_counter_that_wraps_loses_nothing(seconds, watts):
    wrap = 1000.0
    samples = [
        PowerSample(second * S, None, {"0": (500 + second * watts) % wrap}, {"0": wrap})
        for second in range(seconds + 1)
    ]
    made = integrated(samples)
    assert made.joules == pytest.approx(seconds * watts)
    assert made.watts == pytest.approx(watts)


def test_a_counter_that_restarts_leaves_that_look_to_power():
    counters = [5000.0, 5100.0, 30.0, 130.0]
    made = integrated(PowerSample(at * S, 100.0, {"0": joules}) for at, joules in enumerate(counters))
    assert made.joules == pytest.approx(300)
    made = integrated(PowerSample(at * S, None, {"0": joules}) for at, joules in enumerate(counters))
    assert made.joules == pytest.approx(200)


def test_a_device_that_is_missing_for_a_while_is_caught_up_with():
    made = integrated(
        [
            PowerSample(0, 200.0, {"a": 0.0, "b": 0.0}),
            PowerSample(1 * S, 100.0, {"a": 100.0}),
            PowerSample(2 * S, 200.0, {"a": 200.0, "b": 200.0}),
        ]
    )
    assert made.joules == pytest.approx(400)


def test_a_device_that_joins_counts_from_then_on():
    made = integrated(
        [
            PowerSample(0, None, {"a": 10.0}),
            PowerSample(1 * S, None, {"a": 110.0, "b": 1e9}),
            PowerSample(2 * S, None, {"a": 210.0, "b": 1e9 + 50}),
        ]
    )
    assert made.joules == pytest.approx(250)
    assert made.watts == pytest.approx(150)
