"""How backends take another workload: ratios to the first sweep, at one load."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.frame import BackendFrame
from infertop.engine.histogram import Histogram
from infertop.engine.plan import BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.sweep.sensitivity import sensitivity, with_workload
from infertop.engine.sweep.sweep import Curve, Point, Sweep
from infertop.sessions.sweep.sensitivity_table import render

SECONDS = 100


def point(level, requests_per_s, ttft_ms):
    histogram = Histogram()
    answers = round(requests_per_s * SECONDS)
    for _ in range(answers):
        histogram.add(round(ttft_ms * 1e6))
    counted = BackendFrame(
        name="a",
        finished=answers,
        scheduled=answers,
        active_ns=SECONDS * 10**9,
        arriving_tokens=answers * 50.0,
        histograms={"ttft_sched": histogram.state()},
    )
    return Point(level=level, counted=counted)


def swept(rates, ttft_ms, cv=None, names=("a",), targets=()):
    """Requests per second by level, the same of every backend, and one TTFT."""
    points = tuple(point(level, rate, ttft_ms) for level, rate in rates.items())
    curves = tuple(Curve(backend=BackendPlan(name=name, url="sim:h200"), points=points) for name in names)
    plan = RunPlan(
        title="two", backends=tuple(curve.backend for curve in curves), workload=WorkloadPlan(prompt_cv=cv)
    )
    return Sweep(plan=plan, title="two", curves=curves, targets=targets, state="done")


RATES = {1: 1.0, 2: 2.0, 4: 4.0, 8: 4.0, 16: 4.0}


def test_half_the_capacity_and_thrice_the_wait():
    (found,) = sensitivity([swept(RATES, 100, cv=0), swept({at: rate / 2 for at, rate in RATES.items()}, 300, cv=2)])
    first, other = found.effects
    assert found.level == 4  # the knee of both
    assert first.capacity_ratio.value == first.latency_ratio.value == 1
    assert other.workload == "chat, prompt cv 2"
    assert other.capacity.value == pytest.approx(2.0)
    assert other.capacity_ratio.value == pytest.approx(0.5)
    assert other.latency_ratio.value == pytest.approx(3.0, rel=0.02)
    assert other.latency_ratio.low <= 3.0 <= other.latency_ratio.high


@given(st.lists(st.floats(0.2, 5), min_size=1, max_size=4), st.floats(1, 1e4))
def test_ratios_are_those_of_the_figures_and_lie_in_their_intervals(factors, ttft_ms):
    sweeps = [swept({at: rate * factor for at, rate in RATES.items()}, ttft_ms * factor) for factor in factors]
    (found,) = sensitivity(sweeps)
    for effect in found.effects:
        for figure, ratio, base in (
            (effect.capacity, effect.capacity_ratio, found.effects[0].capacity),
            (effect.latency_ms, effect.latency_ratio, found.effects[0].latency_ms),
        ):
            assert ratio.value == pytest.approx(figure.value / base.value)
            assert ratio.low <= ratio.value <= ratio.high


def test_only_backends_and_levels_that_all_have_are_compared():
    found = sensitivity([swept(RATES, 100, names=("a", "b", "c")), swept({2: 2.0, 3: 2.0}, 100, names=("c", "a"))])
    assert [each.backend for each in found] == ["a", "c"]
    assert {each.level for each in found} == {2}
    (apart,) = sensitivity([swept({1: 1.0, 2: 1.0}, 100), swept({4: 1.0, 8: 1.0}, 100)])
    assert apart.level is None
    assert apart.effects[1].latency_ms is None
    assert apart.effects[1].capacity_ratio is not None


def test_nothing_measured_is_no_ratio():
    (found,) = sensitivity([swept(RATES, 100), swept({}, 100)])
    assert found.effects[1].capacity is None
    assert found.effects[1].capacity_ratio is None
    assert "–" in render([swept(RATES, 100), swept({}, 100)], 100)


def test_a_workload_is_typed_as_a_number_or_a_name():
    plan = WorkloadPlan(source="rag", max_tokens=9)
    assert with_workload(plan, "0.5") == WorkloadPlan(source="rag", max_tokens=9, prompt_cv=0.5)
    assert with_workload(plan, "chat:1+rag:1") == WorkloadPlan(source="chat:1+rag:1", max_tokens=9)


def test_the_table_fits_and_names_every_workload():
    table = render([swept(RATES, 100, cv=0), swept(RATES, 200, cv=1)], 100)
    lines = table.splitlines()
    assert "two: sensitivity to the workload" in lines[0]
    assert all(len(line) <= 100 for line in lines)
    assert "prompt cv 0" in table
    assert "prompt cv 1" in table
    assert "2.00" in table
    assert "\x1b" not in table
