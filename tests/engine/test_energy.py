"""Figures of energy: what is divided by what, and that windows are one subtraction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from infertop.engine.energy import (
    j_per_batch,
    j_per_output_token,
    j_per_request,
    joules,
    mean_batch,
    mean_running,
    mean_watts,
    power_less,
    prefix_hit_share,
    server_less,
)
from infertop.engine.frame import BackendFrame, PowerFrame, ServerFrame

POWER = PowerFrame(source="NVML", measured=True, watts=500.0, joules=4800.0, idle_watts=100.0, idle_joules=1000.0)
BACKEND = BackendFrame(
    name="a",
    finished=40,
    output_tokens=20_000,
    arriving_tokens=24_000.0,
    active_ns=10_000_000_000,
    company=320,
    power=POWER,
    server=ServerFrame(source="vLLM /metrics", samples=10, running_sum=60.0),
)


def test_each_figure_is_energy_over_what_it_names():
    assert mean_watts(BACKEND) == pytest.approx(480)
    assert j_per_output_token(BACKEND) == pytest.approx(4800 / 24_000)
    assert j_per_request(BACKEND) == pytest.approx(0.2 * 500)  # 500 tokens an answer
    assert j_per_batch(BACKEND) == pytest.approx(100 * 6)  # six at a time, by the server
    assert j_per_output_token(BACKEND, net=True) == pytest.approx(3800 / 24_000)
    assert j_per_request(BACKEND, net=True) / j_per_request(BACKEND) == pytest.approx(3800 / 4800)


def test_the_batch_is_what_was_in_flight_where_the_server_does_not_say():
    assert mean_batch(replace(BACKEND, server=None)) == 8
    assert mean_batch(replace(BACKEND, server=ServerFrame(error="refused"))) == 8
    assert mean_batch(replace(BACKEND, server=None, finished=0)) is None


@pytest.mark.parametrize(
    "lacking",
    [{"power": None}, {"power": replace(POWER, joules=None)}, {"arriving_tokens": 0.0}, {"finished": 0}],
)
def test_what_is_not_known_is_none(lacking):
    backend = replace(BACKEND, **lacking)
    assert j_per_request(backend) is None
    assert j_per_batch(backend) is None


def test_net_needs_an_idle_power_and_is_never_negative():
    assert joules(replace(POWER, idle_joules=None), net=True) is None
    assert joules(replace(POWER, idle_joules=9000.0), net=True) == 0


def test_prefix_hits_are_counted_else_as_stated():
    assert prefix_hit_share(None) is None
    assert prefix_hit_share(ServerFrame(prefix_hits=30.0, prefix_queries=120.0, prefix_hit_share=0.9)) == 0.25
    assert prefix_hit_share(ServerFrame(prefix_hits=0.0, prefix_queries=0.0, prefix_hit_share=0.9)) == 0.9


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 99), st.integers(0, 99))
def test_a_window_is_one_subtraction(before, grown, tokens, samples, more):
    def power(total):
        return replace(POWER, joules=total, idle_joules=total / 2)

    def server(total, count):
        return ServerFrame(source="s", running=7.0, generation_tokens=total, samples=count, running_sum=total)

    window = power_less(power(before + grown), power(before))
    assert window.joules == pytest.approx(grown, abs=1e-3)
    assert window.idle_joules == pytest.approx(grown / 2, abs=1e-3)
    assert window.watts == 500
    seen = server_less(server(before + tokens, samples + more), server(before, samples))
    assert seen.generation_tokens == pytest.approx(tokens, abs=1e-3)
    assert seen.samples == more
    assert seen.running == 7
    assert (mean_running(seen) is None) == (more == 0)


def test_a_window_that_began_before_anything_was_known_counts_all():
    assert power_less(POWER, None) == POWER
    assert power_less(POWER, PowerFrame(source="NVML", error="starting")).joules == 4800
    assert power_less(None, POWER) is None
    assert server_less(ServerFrame(preemptions=3.0), ServerFrame()).preemptions == 3
    assert server_less(ServerFrame(error="x"), ServerFrame(preemptions=3.0)).preemptions is None
