"""The kind of arrivals changes while a run is under way: nothing is lost, sent twice, or sent at another time."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.engine.commands import SetArrivals, SetConcurrency, SetRate
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from infertop.engine.sending import STRETCH
from infertop.engine.share import Share
from infertop.engine.timetable import Timetable

from .virtual import OPENED_NS, ScriptedBackend, drive

CLOSED = ArrivalsPlan(concurrency=6)
CONSTANT = ArrivalsPlan(kind="constant", rate_per_s=20)
POISSON = ArrivalsPlan(kind="poisson", rate_per_s=20)
BURSTS = ArrivalsPlan(kind="gamma", rate_per_s=20, cv=2)
RAMP = ArrivalsPlan(kind="ramp", rate_per_s=5, ramp_to_per_s=30, ramp_s=2)


class Sent:
    """Makes scripted backends that note what each was sent, and when, by how slow they are."""

    def __init__(self):
        self.at_ns = {}

    def __call__(self, clock, slowness):
        noted = self.at_ns.setdefault(slowness, {})

        class Noting(ScriptedBackend):
            def send(self, request):
                assert request.index not in noted, "sent twice"
                noted[request.index] = clock.now_ns()
                return super().send(request)

        return Noting(clock, slowness)


def run(arrivals, *commands, workers=1, slowness=(1, 3), **fields):
    """(frames of the workers, what each backend was sent and when by slowness) of a run with `commands`."""
    backends = tuple(BackendPlan(name=f"slow {each}", url=str(each)) for each in slowness)
    plan = RunPlan(backends=backends, arrivals=arrivals, workers=workers, **{"duration_s": 6.0} | fields)
    frames, sent = [], {each: {} for each in slowness}
    for worker in range(workers):
        noted = Sent()
        frames.append(drive(plan, Share(worker, workers), commands, noted))
        for each, sends in noted.at_ns.items():
            assert not sent[each].keys() & sends.keys()
            sent[each] |= sends
    return frames, sent


def at(second):
    return OPENED_NS + round(second * 1e9)


def stretch(sends, number):
    """Of what was sent, the prompts of the open loop `number` that followed a closed one."""
    return {index: at_ns for index, at_ns in sends.items() if index // STRETCH == number}


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("arrivals", [CONSTANT, POISSON, BURSTS, RAMP], ids=lambda plan: plan.kind)
def test_an_open_loop_after_a_closed_one_is_the_same_whatever_the_backends_did_before(arrivals, workers):
    commands = [(2.0, SetArrivals(arrivals)), (5.0, SetArrivals(CLOSED))]
    timetable = Timetable(arrivals, 1, at(2), STRETCH)
    due = {index: timetable.due_ns(index) for index in range(STRETCH, STRETCH + 200)}
    due = {index: due_ns for index, due_ns in due.items() if due_ns < at(5)}
    assert len(due) > 30
    _, sent = run(CLOSED, *commands, workers=workers, slowness=(1, 3, 9))
    for sends in sent.values():
        opened = {index: at_ns for index, at_ns in stretch(sends, 1).items() if index in due}
        assert opened == due
        assert max(at_ns for index, at_ns in sends.items() if index < STRETCH) < at(2)


def test_kinds_of_open_loop_follow_each_other_without_a_gap_in_the_stream():
    changes = [
        (1.0, SetArrivals(POISSON)),
        (2.0, SetArrivals(BURSTS)),
        (3.0, SetRate(50.0)),
        (4.0, SetArrivals(RAMP)),
    ]
    (frame,), sent = run(CONSTANT, *changes)
    for sends in sent.values():
        assert sorted(sends) == list(range(len(sends)))
        assert all(a <= b for a, b in pairwise(sends[index] for index in sorted(sends)))
    assert frame.arrivals == RAMP
    assert frame.offered_per_s == pytest.approx(30)
    assert [(marker.at_ns / 1e9, marker.text) for marker in frame.markers] == [
        (1, "Poisson, 20/s"),
        (2, "bursts (cv 2), 20/s"),
        (3, "rate 50/s"),
        (4, "ramp 5/s to 30/s"),
    ]


def test_a_concurrency_says_nothing_to_an_open_loop():
    _, plain = run(RAMP)
    (frame,), changed = run(RAMP, (1.0, SetConcurrency(3)))
    assert changed == plain
    assert frame.arrivals.concurrency == 3


def test_a_closed_loop_counts_what_an_open_one_left_in_flight():
    flood = ArrivalsPlan(kind="constant", rate_per_s=400)
    closed = [(1.0, SetArrivals(ArrivalsPlan(concurrency=5)))]
    (before,), _ = run(flood, slowness=(9,), duration_s=1.0)
    (frame,), sent = run(flood, *closed, slowness=(9,))
    sends = sent[9]
    most = before.backends[0].in_flight + before.backends[0].finished
    assert most > 200
    later = sorted(at_ns for at_ns in sends.values() if at_ns > at(1))
    assert later
    assert later[0] > at(1.5), "it must wait until fewer than five are left"
    assert frame.backends[0].in_flight <= 5
    assert frame.offered_per_s is None


def test_what_cannot_be_is_ignored_with_its_reason():
    strange = [
        ArrivalsPlan(concurrency=0),
        ArrivalsPlan(concurrency=1),
        ArrivalsPlan(kind="poisson", rate_per_s=0),
        ArrivalsPlan(kind="gamma", rate_per_s=5, cv=float("nan")),
    ]
    frames, sent = run(CLOSED, *((1 + at, SetArrivals(each)) for at, each in enumerate(strange)), workers=2)
    texts = [marker.text for marker in frames[0].markers]
    assert texts == [
        "ignored a load that is not positive",
        "ignored concurrency 1: there are 2 workers to share it",
        "ignored rate_per_s must be above 0",
        "ignored cv must be above 0",
    ]
    assert frames[0].arrivals == CLOSED
    assert sent == run(CLOSED, workers=2)[1]


ANY = st.sampled_from([CLOSED, ArrivalsPlan(concurrency=2), CONSTANT, POISSON, BURSTS, RAMP])


@settings(deadline=None, max_examples=20)
@given(ANY, st.lists(st.tuples(st.floats(0.05, 4), ANY), max_size=5))
def test_whatever_follows_upon_what_every_prompt_asked_for_is_sent_once(first, changes):
    commands = [(at_s, SetArrivals(arrivals)) for at_s, arrivals in sorted(changes, key=lambda change: change[0])]
    (frame,), sent = run(first, *commands, requests=90, duration_s=None)
    assert (frame.phase, frame.stop_reason) == ("done", "requests")
    for backend, sends in zip(frame.backends, sent.values(), strict=True):
        assert len(sends) == backend.scheduled == backend.finished + backend.failed == 90
        assert backend.in_flight == 0
