"""A person holds one backend: nothing is sent to it, everything that was due is counted, the others go on."""

import pytest

from infertop.engine.commands import Hold
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan

from .provider import SECOND_NS, run_against

CLOSED = ArrivalsPlan(concurrency=4)
OPEN = ArrivalsPlan(kind="constant", rate_per_s=10)


def held(arrivals, *orders):
    """(last frame, providers) of ten seconds with two backends and `orders`, each (second, command)."""
    plan = RunPlan(
        backends=(BackendPlan(name="a", url="x"), BackendPlan(name="b", url="y")),
        workload=WorkloadPlan(source="chat", max_tokens=64),
        arrivals=arrivals,
        duration_s=10.0,
    )
    return run_against(plan, orders=orders)


@pytest.mark.parametrize("arrivals", [CLOSED, OPEN], ids=["closed", "open"])
def test_nothing_is_sent_to_it_and_the_others_go_on(arrivals):
    frame, providers = held(arrivals, (3, Hold("a", on=True)), (6, Hold("a", on=False)))
    a, b = frame.backends
    seconds = {(at_ns - providers["b"].sent[0]) / SECOND_NS for at_ns in providers["a"].sent}
    assert not [at_s for at_s in seconds if 3.2 < at_s < 6]
    assert [at_s for at_s in seconds if at_s > 6.2]
    assert b.unsent == {}
    assert [marker.text for marker in frame.markers] == ["a held", "a goes on"]
    assert not a.held
    assert a.scheduled == a.finished + a.failed + a.in_flight + a.not_sent
    if arrivals is OPEN:
        assert a.unsent == {"held": a.not_sent}
        assert a.not_sent == pytest.approx(30, abs=2)
        assert b.scheduled == a.scheduled
    else:
        assert a.not_sent == 0
        assert a.held_back == arrivals.concurrency


def test_a_run_with_a_backend_held_ends_in_time():
    frame, _ = held(CLOSED, (1, Hold("a", on=True)))
    assert frame.phase == "done"
    assert frame.stop_reason == "duration"
    assert frame.backends[0].held


def test_nobody_of_that_name_is_said():
    frame, _ = held(CLOSED, (1, Hold("c", on=True)))
    assert [marker.text for marker in frame.markers] == ["ignored a hold: no backend has that name"]
