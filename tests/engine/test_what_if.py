"""Knobs and faults of simulated backends, changed through a running engine process."""

import pytest

from infertop.backends.fleet.faults import Fault
from infertop.engine.commands import Command, SetFaults, SetPrice, SetStack
from infertop.engine.cost import ApiPrice, OwnedPrice, Price, RentedPrice
from infertop.engine.frame import Frame
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineProcess
from infertop.engine.what_if import WhatIfError, with_price, with_stack

PRICE = RentedPrice(usd_per_chip_hour=3.0, chips=4)
H200 = BackendPlan(name="a", url="sim:h200", model="llama-3.3-70b", price=PRICE)


def plan(**more) -> RunPlan:
    return RunPlan(
        backends=(H200, BackendPlan(name="b", url="sim:cerebras", model="llama-3.3-70b")),
        workload=WorkloadPlan(source="classification"),
        arrivals=ArrivalsPlan(concurrency=2),
        duration_s=3.0,
        **more,
    )


async def commanded(run: RunPlan, *commands: Command) -> Frame:
    """The last frame of a run that is given `commands` once both backends have answered."""
    engine = await EngineProcess.start(run)
    given = False
    try:
        async for frame in engine.frames():
            if not given and all(backend.finished > 2 for backend in frame.backends):
                given = True
                for command in commands:
                    engine.send(command)
    finally:
        last = await engine.stop()
    assert last is not None
    return last


async def test_knobs_and_faults_change_while_it_runs() -> None:
    frame = await commanded(
        plan(),
        SetStack("a", "h200x8/llama-3.3-70b/fp8"),
        SetFaults("b", (Fault(kind="error", status=503, retry_after_s=0),)),
        SetStack("a", "h200/llama-3.1-8b"),
        SetStack("c", "h100"),
    )
    a, b = frame.backends
    assert {marker.text for marker in frame.markers} == {
        "a: h200x8/llama-3.3-70b/fp8",
        "b: error 100%",
        "not changed: h200/llama-3.1-8b serves llama-3.1-8b, and a serves llama-3.3-70b",
        "not changed: no backend is called c",
    }
    assert (a.url, a.hardware) == ("sim:h200x8/llama-3.3-70b/fp8", "H200 ×8")
    assert a.price == RentedPrice(usd_per_chip_hour=3.0, chips=8)
    (former,) = a.former_prices
    assert former.price == PRICE
    paid_ns = former.until_ns - a.first_sent_ns
    assert a.spent_usd == pytest.approx((12.0 * paid_ns + 24.0 * (a.active_ns - paid_ns)) / 3.6e12)
    assert a.failed == 0
    assert b.errors.keys() == {"5xx"}


@pytest.mark.slow
async def test_every_worker_of_a_crew_shows_the_change_once() -> None:
    frame = await commanded(plan(workers=2), SetStack("a", "h200x8"))
    assert [marker.text for marker in frame.markers] == ["a: h200x8"]
    assert frame.backends[0].hardware == "H200 ×8"


async def test_a_price_changes_from_then_on() -> None:
    """Of a backend with a price, and of one without."""
    cheaper, first = RentedPrice(usd_per_chip_hour=1.0, chips=4), ApiPrice(usd_per_m_input=1.0, usd_per_m_output=2.0)
    frame = await commanded(plan(), SetPrice("a", cheaper), SetPrice("b", first))
    a, b = frame.backends
    assert [marker.text for marker in frame.markers] == ["a: 4 × $1 an hour", "b: $1/$2 per M in/out"]
    assert (a.price, [former.price for former in a.former_prices]) == (cheaper, [PRICE])
    paid_ns = a.former_prices[0].until_ns - a.first_sent_ns
    assert 0 < paid_ns < a.active_ns
    assert a.spent_usd == pytest.approx((12.0 * paid_ns + 4.0 * (a.active_ns - paid_ns)) / 3.6e12)
    (before,) = b.former_prices
    assert before.price is None
    later = (b.input_tokens - before.input_tokens) * 1.0 + (b.output_tokens - before.output_tokens) * 2.0
    assert b.spent_usd == pytest.approx(later / 1e6)


@pytest.mark.parametrize(
    "price",
    [
        ApiPrice(usd_per_m_input=-1, usd_per_m_output=1),
        RentedPrice(usd_per_chip_hour=float("nan")),
        OwnedPrice(capex_usd=1, life_years=0),
    ],
)
def test_what_is_no_price_is_refused(price: Price) -> None:
    with pytest.raises(WhatIfError):
        with_price(H200, price)


@pytest.mark.parametrize("name", ["h300", "h100x1/llama-3.3-70b"])
def test_a_stack_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(WhatIfError):
        with_stack(H200, name)
