"""Several workers share one stream: together they send what one alone would, when it would, and count the same."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from infertop.engine.commands import SetConcurrency, SetRate, Stop
from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.frame import BackendFrame, Timeline
from infertop.engine.merge import merge
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan, WorkloadPlan
from infertop.engine.share import Share
from infertop.engine.source import PromptSource
from infertop.engine.timetable import Timetable

from .virtual import OPENED_NS, drive

API = ApiPrice(usd_per_m_input=1.0, usd_per_m_output=2.0)
RENTED = RentedPrice(usd_per_chip_hour=3.6, chips=2)
POISSON = ArrivalsPlan(kind="poisson", rate_per_s=40)


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_shares_are_even_and_sum_to_the_whole(total, workers):
    shares = [Share(worker, workers) for worker in range(workers)]
    parts = [share.of(total) for share in shares]
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1
    assert parts == [sum(share.owns(index) for index in range(total)) for share in shares]


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_together_workers_hand_out_the_very_prompts_of_one(workers):
    def prompts(share):
        source = PromptSource(7, WorkloadPlan(source="rag"), 20, share)
        taken = []
        while (prompt := source.take("a")) is not None:
            taken.append(prompt)
            assert source.take("b") == prompt
        assert source.left("a") == source.left("b") == 0
        return taken

    shared = [prompt for worker in range(workers) for prompt in prompts(Share(worker, workers))]
    assert sorted(shared, key=lambda prompt: prompt.index) == prompts(Share())


def test_a_change_of_workload_keeps_every_worker_to_its_own_prompts():
    source = PromptSource(7, WorkloadPlan(source="chat"), None, Share(1, 3))
    assert [source.take("fast").index for _ in range(4)] == [1, 4, 7, 10]
    assert source.take("slow").index == 1
    source.switch(WorkloadPlan(source="code"))
    assert [source.take(name).index for name in ("fast", "slow", "slow")] == [13, 13, 16]


RATES = st.floats(0.5, 500)
ARRIVALS = st.one_of(
    st.builds(ArrivalsPlan, kind=st.sampled_from(["constant", "poisson"]), rate_per_s=RATES),
    st.builds(ArrivalsPlan, kind=st.just("ramp"), rate_per_s=RATES, ramp_to_per_s=RATES, ramp_s=st.just(5.0)),
)


@settings(deadline=None)
@given(ARRIVALS, ARRIVALS, st.integers(0, 10 * 10**9))
def test_a_change_of_rate_moves_exactly_the_prompts_due_after_it(before, after, later_ns):
    old = Timetable(before, 1, OPENED_NS)
    changed = Timetable(before, 1, OPENED_NS)
    at_ns = OPENED_NS + later_ns
    changed.change(after, at_ns)
    first = next(index for index in range(10_000) if old.due_ns(index) >= at_ns)
    for index in range(max(0, first - 5), first):
        assert changed.due_ns(index) == old.due_ns(index) < at_ns
    due_ns = [changed.due_ns(index) for index in range(first, first + 5)]
    assert due_ns[0] >= at_ns
    assert all(a <= b for a, b in pairwise(due_ns))


def alone_and_together(workers, commands=(), **fields):
    """The frame of one worker, and the merged one of several, of the same run."""
    backends = (
        BackendPlan(name="fast", url="1", price=API),
        BackendPlan(name="slow", url="3", price=RENTED),
        BackendPlan(name="free", url="2"),
    )
    plan = RunPlan(backends=backends, slo=SloPlan(ttft_ms=700, tpot_ms=25), requests=160, warmup=5, **fields)
    one = drive(plan, Share(), commands)
    shared = replace(plan, workers=workers)
    return one, merge([drive(shared, Share(worker, workers), commands) for worker in range(workers)])


def counted(backend: BackendFrame) -> BackendFrame:
    """What must be equal to the last bit: all but sums of fractions, and what each worker has of its own."""
    return replace(
        backend, arriving_tokens=0.0, timeline=Timeline(), series={}, company=0, warmup_usd=0.0, at_risk_usd=0.0
    )


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_in_open_loop_together_they_count_what_one_alone_counts(workers):
    one, merged = alone_and_together(workers, arrivals=POISSON)
    assert (merged.phase, merged.stop_reason, merged.workers) == ("done", "requests", workers)
    assert merged.at_ns == pytest.approx(one.at_ns, abs=1000)
    assert merged.warmup_done == one.warmup_done
    for mine, theirs in zip(merged.backends, one.backends, strict=True):
        assert counted(mine) == counted(theirs)
        assert mine.scheduled == 160
        assert mine.failed > 0
        assert mine.arriving_tokens == pytest.approx(theirs.arriving_tokens)
        assert mine.warmup_usd == pytest.approx(theirs.warmup_usd)
        assert mine.at_risk_usd == pytest.approx(theirs.at_risk_usd)
        assert bool(mine.at_risk_usd) == bool(mine.warmup_usd) == isinstance(mine.price, ApiPrice)
        assert mine.timeline.first_slot == theirs.timeline.first_slot
        assert mine.timeline.tokens == pytest.approx(theirs.timeline.tokens)
        mean, alone = mine.series["ttft_sched"][0], theirs.series["ttft_sched"][0]
        assert (mean.parts, mean.count, mean.neighbours) == (workers, alone.count, alone.count - workers)
        assert mean.total == pytest.approx(alone.total)


@pytest.mark.parametrize("workers", [2, 3])
def test_in_closed_loop_together_they_count_what_one_alone_counts(workers):
    one, merged = alone_and_together(workers, arrivals=ArrivalsPlan(concurrency=7))
    for mine, theirs in zip(merged.backends, one.backends, strict=True):
        assert mine.histograms == theirs.histograms
        assert (mine.finished, mine.errors, mine.output_tokens) == (
            theirs.finished,
            theirs.errors,
            theirs.output_tokens,
        )
        assert mine.good == theirs.good


def test_a_change_of_rate_while_it_runs_leaves_them_agreed():
    commands = [(1.0, SetRate(90.0)), (2.0, SetRate(15.0)), (3.5, SetRate(60.0))]
    one, merged = alone_and_together(3, commands, arrivals=POISSON)
    assert merged.markers == one.markers
    assert [marker.at_ns for marker in one.markers] == [10**9, 2 * 10**9, 3_500_000_000]
    for mine, theirs in zip(merged.backends, one.backends, strict=True):
        assert counted(mine) == counted(theirs)


def test_concurrency_is_divided_and_never_below_one_each():
    plan = RunPlan(backends=(BackendPlan(name="a", url="1"),), arrivals=ArrivalsPlan(concurrency=5), workers=3)

    def in_flight(*commands):
        commands = [*((0.001, command) for command in commands), (0.002, Stop())]
        frames = [drive(plan, Share(worker, 3), commands) for worker in range(3)]
        return [frame.backends[0].in_flight for frame in frames], [marker.text for marker in frames[0].markers]

    assert in_flight() == ([2, 2, 1], [])
    assert in_flight(SetConcurrency(7)) == ([3, 2, 2], ["concurrency 7"])
    ignored = ["ignored concurrency 2: there are 3 workers to share it", "ignored a load that is not positive"]
    assert in_flight(SetConcurrency(2), SetConcurrency(0)) == ([2, 2, 1], ignored)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_budget_is_never_passed_however_many_share_it(workers):
    plan = RunPlan(
        backends=(BackendPlan(name="api", url="1", price=ApiPrice(usd_per_m_input=1.0, usd_per_m_output=900.0)),),
        workload=WorkloadPlan(max_tokens=20),
        arrivals=ArrivalsPlan(concurrency=8),
        budget_usd=1.0,
        workers=workers,
    )
    merged = merge([drive(plan, Share(worker, workers)) for worker in range(workers)])
    assert merged.stop_reason == "budget"
    assert 0.5 < merged.backends[0].spent_usd <= 1.0


def test_an_hourly_budget_is_not_spent_once_per_worker():
    rented = BackendPlan(name="rented", url="1", price=RentedPrice(usd_per_chip_hour=3600.0))
    plan = RunPlan(backends=(rented,), arrivals=ArrivalsPlan(concurrency=4), budget_usd=6.0, workers=3)
    merged = merge([drive(plan, Share(worker, 3)) for worker in range(3)])
    assert merged.stop_reason == "budget"
    assert merged.backends[0].spent_usd == pytest.approx(6.0, abs=0.3)
