"""Capacities: from a sweep, from one session, stated, and searched for in virtual time against brute force."""

from math import inf

import pytest

from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan, WorkloadPlan
from infertop.engine.sweep.estimate import Estimate
from infertop.engine.sweep.sweep import Curve, Point, Sweep
from infertop.engine.virtual import simulate
from infertop.profiles.demand import Demand, DemandClass, Option
from infertop.sessions.decide.capacity import Capacity, Level
from infertop.sessions.decide.limits import rate_within
from infertop.sessions.decide.measured import from_frame, from_sweep, stated
from infertop.sessions.decide.seen import missed
from infertop.sessions.decide.simulated import simulated

from .small import rented, traffic

STACK = "h200x1/llama-3.1-8b"
LIMITED = DemandClass(name="labels", workload="classification", requests_per_day=Estimate.exactly(1e6), ttft_ms=150.0)


def run(arrivals: ArrivalsPlan, requests: int, seed: int = 5):
    plan = RunPlan(
        backends=(BackendPlan(name="a", url=f"sim:{STACK}", price=rented(4.0)),),
        workload=WorkloadPlan(source="classification"),
        arrivals=arrivals,
        slo=SloPlan(ttft_ms=150.0),
        requests=requests,
        seed=seed,
    )
    *_, last = simulate(plan, lengths_only=True)
    return plan, last


def demand(**of: object) -> Demand:
    option = Option(name="a", sim=STACK, price=rented(4.0), **of)  # type: ignore[arg-type]
    return Demand(classes=(LIMITED,), options=(option,))


def sweep(rates: list[float], kind: str = "poisson") -> Sweep:
    points, plan = [], None
    for rate in rates:
        arrivals = (
            ArrivalsPlan(kind="poisson", rate_per_s=rate)
            if kind == "poisson"
            else ArrivalsPlan(kind="closed", concurrency=round(rate))
        )
        plan, last = run(arrivals, 1500)
        points.append(Point(level=rate, counted=last.backends[0]))
    assert plan is not None
    axis = "rate" if kind == "poisson" else "concurrency"
    return Sweep(plan=plan, axis=axis, curves=(Curve(backend=plan.backends[0], points=tuple(points)),), virtual=True)


@pytest.mark.slow
def test_the_search_finds_the_highest_rate_that_keeps_the_limit():
    made = demand()
    (found,) = simulated(made, [(made.options[0], LIMITED)])
    rate = found.requests_per_s.value
    assert found.kept
    assert found.binding == "p95 TTFT 150 ms"
    _, below = run(ArrivalsPlan(kind="poisson", rate_per_s=0.9 * rate), 8000)
    _, above = run(ArrivalsPlan(kind="poisson", rate_per_s=1.1 * rate), 8000)
    assert missed(below.backends[0], LIMITED) == ""
    assert missed(above.backends[0], LIMITED) == "p95 TTFT 150 ms"
    assert found.requests_per_s.low <= 0.9 * rate
    assert found.at_most_per_s is not None
    assert found.at_most_per_s > rate
    assert found.memory_needed_gb is not None
    assert found.memory_bought_gb == 141.0
    assert "published figures of its family" in found.notes[0]
    assert "seed 1" in found.source


def test_a_limit_that_nothing_keeps_says_what_was_seen():
    of = DemandClass(name="labels", workload="classification", requests_per_day=Estimate.exactly(1.0), ttft_ms=1.0)
    made = demand()
    (found,) = simulated(made, [(made.options[0], of)])
    assert not found.kept
    assert found.requests_per_s.value == 0
    assert found.binding.startswith("p95 TTFT 1 ms: TTFT ")


def test_a_sweep_of_rates_gives_the_best_level_and_what_other_limits_would_allow():
    found = list(from_sweep(sweep([5.0, 15.0, 300.0]), demand(), "sweep x"))
    (capacity,) = found
    assert capacity.arrivals == "random"
    assert capacity.requests_per_s.value == pytest.approx(15, rel=0.1)
    assert capacity.requests_per_s.high > capacity.requests_per_s.value
    assert capacity.binding == "p95 TTFT 150 ms"
    assert len(capacity.levels) == 3
    assert capacity.chips == 1
    assert (
        rate_within(capacity, LIMITED, 10.0)
        > rate_within(capacity, LIMITED, 1.0)
        > rate_within(capacity, LIMITED, 0.5)
    )


def test_a_sweep_of_concurrencies_is_lowered_for_random_arrivals():
    (steady,) = from_sweep(sweep([2, 8, 64], kind="closed"), demand(), "sweep x")
    assert steady.arrivals == "steady"
    assert 0 < steady.requests_per_s.value < steady.levels[-1].requests_per_s
    _, last = run(ArrivalsPlan(kind="poisson", rate_per_s=steady.requests_per_s.value), 4000)
    assert missed(last.backends[0], LIMITED) == ""


def test_a_session_is_one_load_and_so_a_lower_bound():
    _, last = run(ArrivalsPlan(kind="poisson", rate_per_s=20.0), 1500)
    (found,) = from_frame(last, demand(), "session x")
    assert found.lower_bound
    assert found.requests_per_s.value == pytest.approx(20, rel=0.1)
    assert found.requests_per_s.high == inf
    assert "one load" in found.source
    assert found.label == "SIM"


def test_other_workloads_and_other_names_are_passed_over():
    other = DemandClass(name="chat", workload="chat", requests_per_day=Estimate.exactly(1.0))
    _, last = run(ArrivalsPlan(kind="poisson", rate_per_s=20.0), 200)
    assert not list(from_frame(last, Demand(classes=(other,), options=demand().options), "x"))
    stranger = Option(name="b", price=rented(1.0))
    assert not list(from_frame(last, Demand(classes=(LIMITED,), options=(stranger,)), "x"))


def test_what_a_person_states_is_taken_with_the_lengths_of_the_workload():
    (found,) = stated(demand(requests_per_s={"labels": Estimate(value=5, low=4, high=6)}))
    assert found.requests_per_s == Estimate(value=5, low=4, high=6)
    assert found.arrivals == "stated"
    assert found.output_tokens == 8
    assert 600 < found.input_tokens < 1200


LEVELS = (
    Level(requests_per_s=1.0, ttft_ms=100.0),
    Level(requests_per_s=2.0, ttft_ms=200.0),
    Level(requests_per_s=4.0, ttft_ms=600.0),
)


@pytest.mark.parametrize(("times", "rate"), [(0.1, 0.0), (1.0, 3.0), (0.5, 2.0), (0.25, 1.0), (1.5, 4.0), (4.0, 4.0)])
def test_other_limits_are_read_off_straight_lines_between_levels(times, rate):
    of = traffic(ttft_ms=400.0)
    known = Capacity(
        option="a", class_name="chat", requests_per_s=Estimate.exactly(3.0), input_tokens=1.0, output_tokens=1.0,
        levels=LEVELS, source="by hand",
    )  # fmt: skip
    assert rate_within(known, of, times) == pytest.approx(rate)
