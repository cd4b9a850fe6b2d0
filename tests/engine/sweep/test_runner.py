"""Rounds, their order, what is kept, going on, and ends."""

import asyncio
from collections import defaultdict

import msgspec
import pytest

from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from infertop.engine.sweep.plan import Begun, SweepPlan, Visit, Visited, run_plan
from infertop.engine.sweep.reading import best, knee, quantile, supported, tok_s
from infertop.engine.sweep.runner import Sweeper
from infertop.engine.virtual import VirtualError

from .made import documents, sweep_plan, swept, ttft

TWO = ("h200/batch=8", "inferentia2/batch=4")


@pytest.fixture(scope="module")
def two():
    """A sweep of two stacks, and what was kept of it."""
    kept = []
    plan = sweep_plan(*TWO, high=6, targets=ttft(1500))
    return plan, documents(Sweeper(plan, kept.append)), kept


def visited(kept):
    return [each for each in kept if isinstance(each, Visited)]


def test_backends_take_turns_in_an_order_drawn_anew(two) -> None:
    _, _, kept = two
    rounds = defaultdict(list)
    for each in visited(kept):
        rounds[each.visit.round].append(each.visit.backend)
    both = [names for names in rounds.values() if len(names) == 2]
    assert all(len(set(names)) == len(names) for names in rounds.values())
    assert {tuple(names) for names in both} == {TWO, TWO[::-1]}


def test_all_backends_get_the_same_prompts_at_a_level_and_none_twice(two) -> None:
    plan, _, kept = two
    seeds = defaultdict(set)
    for each in visited(kept):
        seeds[each.visit.level, each.visit.nth].add(run_plan(plan, each.visit, None).seed)
    assert all(len(found) == 1 for found in seeds.values())
    assert len(set.union(*seeds.values())) == len(seeds)


def test_a_visit_is_kept_as_it_begins_and_as_it_ends(two) -> None:
    _, _, kept = two
    assert [type(each) for each in kept] == [Begun, Visited] * (len(kept) // 2)
    assert [each.visit for each in kept[::2]] == [each.visit for each in kept[1::2]]


def test_windows_hold_neither_the_ramp_nor_the_drain(two) -> None:
    _, found, kept = two
    for each in visited(kept):
        assert each.requests >= each.counted.finished + 3 * each.visit.level - 1
    for curve in found[-1].curves:
        for point in curve.points:
            rate = tok_s(point)
            assert rate.low <= rate.value <= rate.high
    first = found[-1].curves[0].points[0].counted
    assert first.active_ns > 0
    assert abs(first.company / first.finished - 1) < 0.01  # one in flight, always


def test_each_document_knows_more_than_the_last(two) -> None:
    _, found, _ = two
    sent = [each.progress.requests_done for each in found]
    assert sent == sorted(sent)
    assert [each.state for each in found] == ["running"] * (len(found) - 1) + ["done"]
    assert any(curve.now is not None for each in found for curve in each.curves)
    assert found[0].progress.eta_s is None
    assert found[len(found) // 2].progress.eta_s > 0
    assert found[-1].progress.eta_s == 0
    assert found[-1].progress.requests_expected == sent[-1]
    assert all(curve.done for curve in found[-1].curves)


@pytest.mark.parametrize(
    "visits", [7, pytest.param(1, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
)
def test_gone_on_with_it_comes_to_the_same_end(two, visits) -> None:
    plan, found, kept = two
    again = swept(plan, visited=visited(kept)[:visits], started_utc=found[-1].started_utc)
    assert msgspec.json.encode(again.curves) == msgspec.json.encode(found[-1].curves)


def test_no_more_requests_than_allowed() -> None:
    sweep = swept(sweep_plan(TWO[0], high=12, targets=ttft(1500), most_requests=300))
    assert (sweep.state, sweep.stopped_by) == ("stopped", "requests")
    assert 0 < sweep.progress.requests_done <= 300


def test_told_to_stop_it_says_so_and_keeps_what_it_has() -> None:
    sweeper = Sweeper(sweep_plan(TWO[0], high=12, targets=ttft(1500)))

    async def some():
        found = []
        async for each in sweeper.documents():
            found.append(each)
            if each.progress.requests_done:
                sweeper.stop("enough", "interrupted")
        return found[-1]

    last = asyncio.run(some())
    assert (last.state, last.why, last.stopped_by) == ("stopped", "enough", "interrupted")
    assert last.curves[0].points


def test_together_means_at_once() -> None:
    found = documents(Sweeper(sweep_plan(*TWO, high=2, together=True)))
    assert any(all(curve.now is not None for curve in each.curves) for each in found)


def test_rates_are_searched_too_and_a_flood_is_cut_short() -> None:
    sweep = swept(sweep_plan("inferentia2/batch=4", axis="rate", low=0.5, high=32.0, targets=ttft(4000)))
    points = sweep.curves[0].points
    assert any(point.cut.startswith("over-saturated") for point in points)
    assert points[-1].level < 32
    found = best(sweep.curves[0], sweep.targets)
    assert 0.5 <= found.level < points[-1].level


def test_a_limit_that_no_level_holds() -> None:
    sweep = swept(sweep_plan("inferentia2/batch=4", high=8, targets=ttft(5)))
    assert best(sweep.curves[0], sweep.targets) is None
    assert sweep.curves[0].done == "the targets are missed at the lowest level"


def test_the_knee_is_where_the_batch_is_full() -> None:
    sweep = swept(sweep_plan("inferentia2/batch=4", high=32))
    assert 3 <= knee(sweep.curves[0]).level <= 5
    assert not sweep.targets
    assert sweep.curves[0].points[-1].level <= 16  # two levels beyond it are enough


def test_a_percentile_of_few_answers_is_a_hint() -> None:
    point = swept(sweep_plan("h200/batch=8", high=1)).curves[0].points[0]
    assert supported(point, "ttft_sched", 0.5)
    assert not supported(point, "ttft_sched", 0.95)
    assert quantile(point, "ttft_sched", 0.95) is not None
    assert quantile(point, "itl", 0.5) is None


def test_what_virtual_time_cannot_do_is_said() -> None:
    plan = RunPlan(backends=(BackendPlan(name="a", url="http://127.0.0.1:9/v1"),))
    with pytest.raises(VirtualError, match="real server"):
        swept(SweepPlan(plan=plan, virtual=True))


def test_a_visit_is_a_run_without_warm_up_or_an_end_by_number() -> None:
    plan = SweepPlan(
        plan=RunPlan(
            backends=(BackendPlan(name="a", url="sim:h200"), BackendPlan(name="b", url="sim:groq")),
            warmup=5,
            requests=9,
            workers=4,
        )
    )
    run = run_plan(plan, Visit(round=0, backend="b", level=2, nth=0, requests=32), 1.5)
    assert [each.name for each in run.backends] == ["b"]
    assert run.arrivals == ArrivalsPlan(kind="closed", concurrency=2)
    assert (run.warmup, run.requests, run.workers, run.budget_usd) == (0, None, 2, 1.5)
    rated = run_plan(
        msgspec.structs.replace(plan, axis="rate"), Visit(round=0, backend="a", level=2.5, nth=0, requests=32), None
    )
    assert (rated.arrivals.kind, rated.arrivals.rate_per_s, rated.workers) == ("poisson", 2.5, 4)
