"""Every fault through the engine, with a healthy backend beside it: the right kind, all counted, nothing left."""

import pytest

from infertop.backends.errors import ErrorKind
from infertop.engine.cost import ApiPrice
from infertop.engine.plan import ArrivalsPlan, RunPlan, WorkloadPlan

from .matrix import MATRIX, Fault
from .running import backend, no_tasks_left, nothing_left, run
from .scripts import WELL

REQUESTS = 3
PRICE = ApiPrice(usd_per_m_input=1.0, usd_per_m_output=5.0, usd_per_m_cached=0.1)


def plan(*backends, **more):
    more.setdefault("arrivals", ArrivalsPlan(kind="constant", rate_per_s=100))
    return RunPlan(backends=backends, workload=WorkloadPlan(source="chat", max_tokens=8), requests=REQUESTS, **more)


@pytest.mark.usefixtures("trusted", "no_cycles")
@pytest.mark.parametrize("fault", MATRIX, ids=[f"{fault.stage}: {fault.name}" for fault in MATRIX])
async def test_it_is_told_counted_and_does_no_harm(fault: Fault, place, serve):
    with nothing_left():
        async with no_tasks_left(), serve(WELL) as healthy, place(fault) as url:
            both = (backend("faulty", url, price=PRICE), backend("healthy", healthy.url))
            done = await run(plan(*both, timeout_s=0.6 if fault.kind is ErrorKind.TIMEOUT else 3.0))
    told = done["faulty"]
    assert told.scheduled == REQUESTS
    assert told.in_flight == 0
    if fault.kind is None:
        assert (told.finished, told.errors) == (REQUESTS, {}), told.last_error
    else:
        assert told.errors == {fault.kind.value: told.failed}, told.last_error
        assert told.failed == REQUESTS or told.unsent == {"rate limit": REQUESTS - told.failed}
        assert fault.says in told.last_error.lower()
        assert told.last_error.isprintable()
    _assert_counts_are_sane(fault, told)
    well = done["healthy"]
    assert (well.finished, well.errors, well.state) == (REQUESTS, {}, "ok")
    assert well.output_tokens == REQUESTS * 3


def _assert_counts_are_sane(fault: Fault, told):
    assert told.disbelieved_requests == (REQUESTS if fault.disbelieved else 0)
    assert 0 <= told.spent_usd < 100
    assert told.warmup_usd == 0
    assert told.arriving_tokens >= 0
    if fault.kind is None and fault.tokens is not None:
        assert (told.output_tokens, told.token_source) == (REQUESTS * fault.tokens, "usage")
    elif fault.kind is None:
        assert (told.usage_requests, told.token_source) == (0, "≈")
    for state in told.histograms.values():
        assert 0 <= state.min_ns <= state.max_ns < 5e9
