"""What a run will cost, told before: against what it does cost, and by hand."""

import pytest

from infertop.engine.cost import ApiPrice, OwnedPrice, RentedPrice
from infertop.engine.estimate import estimate, expected_requests
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.timetable import Timetable

from .provider import run_against

PRICE = ApiPrice(usd_per_m_input=1.0, usd_per_m_output=2.0)
CHAT = WorkloadPlan(source="chat", max_tokens=64)
OPEN = ArrivalsPlan(kind="poisson", rate_per_s=20)


def plan(price=PRICE, **fields):
    more = {name: fields.pop(name) for name in ("max_rate_per_s", "extra") if name in fields}
    return RunPlan(backends=(BackendPlan(name="api", url="x", price=price, **more),), workload=CHAT, **fields)


def of(wanted):
    (backend,) = estimate(wanted).backends
    return backend


def test_a_number_of_requests_is_priced_as_it_will_be_billed():
    wanted = plan(requests=50, warmup=10)
    told = of(wanted)
    frame, _ = run_against(wanted)
    (backend,) = frame.backends
    assert told.requests == 60
    assert told.output_tokens == 64
    assert told.input_tokens * 50 == pytest.approx(backend.input_tokens / 4, rel=0.01), "its tokens are characters"
    assert told.usd == pytest.approx(60 * (told.input_tokens * 1.0 + 64 * 2.0) / 1e6)
    assert backend.spent_usd + backend.warmup_usd <= told.worst_usd


@pytest.mark.parametrize("arrivals", [OPEN, ArrivalsPlan(kind="ramp", rate_per_s=0, ramp_to_per_s=30, ramp_s=20)])
@pytest.mark.parametrize("duration_s", [5.0, 60.0])
def test_an_open_loop_sends_what_falls_due(arrivals, duration_s):
    due = Timetable(arrivals, 1, 0)
    sent = next(index for index in range(10**6) if due.due_ns(index) >= duration_s * 1e9)
    assert expected_requests(arrivals, duration_s) == pytest.approx(sent, abs=3 * sent**0.5)
    assert of(plan(arrivals=arrivals, duration_s=duration_s)).requests == expected_requests(arrivals, duration_s)


def test_the_sooner_of_two_ends_counts():
    assert of(plan(arrivals=OPEN, duration_s=60.0, requests=100)).requests == 100
    assert of(plan(arrivals=OPEN, duration_s=1.0, requests=100)).requests == 20
    assert of(plan(requests=1000, duration_s=10.0, max_rate_per_s=3)).requests == 30


def test_how_many_a_closed_loop_sends_in_a_time_is_not_known():
    told = of(plan(duration_s=60.0, budget_usd=1.0))
    assert told.requests is None
    assert told.usd is None
    assert told.usd_per_request > 0
    assert estimate(plan(duration_s=60.0)).usd is None


def test_chips_cost_by_the_hour():
    rented = of(plan(RentedPrice(usd_per_chip_hour=3.6, chips=4), duration_s=60.0))
    assert (rented.usd_per_hour, rented.usd) == (14.4, pytest.approx(0.24))
    assert of(plan(OwnedPrice(capex_usd=30_000), requests=5)).usd is None


def test_what_has_no_price_is_left_out_of_the_sum():
    wanted = RunPlan(
        backends=(BackendPlan(name="api", url="x", price=PRICE), BackendPlan(name="free", url="x")),
        workload=CHAT,
        requests=10,
    )
    told = estimate(wanted)
    assert told.usd == told.backends[0].usd
    assert told.worst_usd > told.usd
    assert estimate(RunPlan(backends=(BackendPlan(name="free", url="x"),), workload=CHAT, requests=3)).usd is None


def test_fields_added_to_the_request_make_the_worst_case_worse():
    assert of(plan(requests=5, extra={"n": 4})).worst_usd > of(plan(requests=5)).worst_usd
