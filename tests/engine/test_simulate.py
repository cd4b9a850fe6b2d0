"""Virtual time counts what the driver and its meters count over a scheduler that goes step by step."""

import asyncio
import resource
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from infertop.backends.fleet.faults import Fault
from infertop.backends.fleet.scheduler import FOREVER, Job, Scheduler
from infertop.backends.fleet.stacks import find_stack
from infertop.engine.connecting import Connected
from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.driver import Driver
from infertop.engine.frame import SLOTS, Frame, Timeline
from infertop.engine.histogram import Histogram
from infertop.engine.instrument import Instrument
from infertop.engine.lane import Lane
from infertop.engine.likeness import LikenessSums
from infertop.engine.pairing import Pairing
from infertop.engine.place import Opening
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan, WorkloadPlan
from infertop.engine.serial import SerialSums, mean, variance
from infertop.engine.share import Share
from infertop.engine.simulated import stack_of
from infertop.engine.timeline import TokenTimeline
from infertop.engine.virtual import VirtualError, simulate
from infertop.engine.virtual.account import Values
from infertop.engine.virtual.orders import Orders
from infertop.engine.virtual.pairs import Pairs
from infertop.engine.virtual.spread import Spread

from .stepped import SteppedBackend
from .virtual import VirtualClock, VirtualLoop

STALLS = (Fault(kind="stall", share=0.4, stall_s=1.5), Fault(kind="cut", share=0.2))
REFUSALS = (
    Fault(kind="rate-limit", share=0.3, after_s=2, for_s=4, retry_after_s=0.7),
    Fault(kind="error", share=0.2, retry_after_s=0),
)
COLD = (Fault(kind="cold", for_s=6.0), Fault(kind="cut", share=0.3), Fault(kind="stall", share=0.3, after_tokens=20))
API = ApiPrice(usd_per_m_input=0.6, usd_per_m_output=0.8)
OPENED_NS = 20_000_000_000
LONG = WorkloadPlan(source="rag", max_tokens=400, fixed_length=True)
RENTED = RentedPrice(usd_per_chip_hour=3.6, chips=4)


def plan(*stacks: str, **more) -> RunPlan:
    backends = tuple(BackendPlan(name=stack, url=f"sim:{stack}", price=RENTED) for stack in stacks)
    return RunPlan(backends=backends, seed=5, slo=SloPlan(ttft_ms=400, tpot_ms=40), **more)


def stepped(run: RunPlan) -> Frame:
    """The last frame of the driver over `SteppedBackend`s."""

    async def go() -> Frame:
        clock = VirtualClock(asyncio.get_running_loop())

        async def connect(backend: BackendPlan) -> Connected:
            stack = find_stack(stack_of(backend))
            return Connected(SteppedBackend(stack, run.seed, clock, backend.faults, OPENED_NS), "m")

        async def opening() -> Opening:
            return Opening(OPENED_NS, "2026-11-23T12:00:00.000+00:00")

        likeness = LikenessSums([each.name for each in run.backends])
        lanes = [Lane(each, run, connect, clock, likeness, Share()) for each in run.backends]
        driver = Driver(run, lanes, likeness, clock, Instrument(), Share(), opening)
        await driver.run()
        frame = await driver.frame()
        for lane in lanes:
            await lane.aclose()
        return frame

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(go())


def with_each(run: RunPlan, **fields) -> RunPlan:
    """`run`, its backends with these fields."""
    return replace(run, backends=tuple(replace(each, **fields) for each in run.backends))


SAME = (
    "name", "label", "url", "price", "scheduled", "finished", "failed", "in_flight", "not_sent", "errors", "unsent",
    "held_back", "max_rate_per_s", "max_concurrency", "budget_usd",
    "input_tokens", "output_tokens", "usage_requests", "chunks", "characters", "prompt_characters", "good",
    "good_tokens", "finish_reasons",
)  # fmt: skip
PLANS = {
    "closed": plan("h200", "inferentia2", "groq", requests=60, arrivals=ArrivalsPlan(concurrency=5)),
    "one at a time": plan("tpu-v6e", "cerebras", requests=25, arrivals=ArrivalsPlan(concurrency=1)),
    "open": plan("mi300x", "groq", duration_s=15.0, arrivals=ArrivalsPlan(kind="poisson", rate_per_s=6)),
    "more than it can do": plan(
        "inferentia2", duration_s=20.0, timeout_s=12.0, arrivals=ArrivalsPlan(kind="constant", rate_per_s=6)
    ),
    "too long for it": plan("inferentia2", requests=40, workload=WorkloadPlan(source="batch", max_tokens=5000)),
    "answers of fixed length": plan("h200", requests=20, workload=WorkloadPlan(source="code", fixed_length=True)),
    "several copies": plan(
        "inferentia2/replicas=3", "groq/batch=2/replicas=2", requests=90,
        arrivals=ArrivalsPlan(kind="gamma", rate_per_s=5, cv=2.0),
    ),
    "stalled and cut": with_each(
        plan("h200", "inferentia2", "cerebras", requests=60, arrivals=ArrivalsPlan(concurrency=5)),
        faults=STALLS, price=API,
    ),
    "stalled and cut, open": with_each(
        plan("inferentia2/replicas=2", "groq", duration_s=15.0, arrivals=ArrivalsPlan(kind="poisson", rate_per_s=3)),
        faults=STALLS,
    ),
    "one at a time, struck": with_each(
        plan("h200", "groq", requests=15, arrivals=ArrivalsPlan(concurrency=1)), faults=STALLS
    ),
    "refused": with_each(
        plan("mi300x", "groq", duration_s=12.0, arrivals=ArrivalsPlan(kind="poisson", rate_per_s=6)), faults=REFUSALS
    ),
    "refused, closed": with_each(plan("h200", requests=50, arrivals=ArrivalsPlan(concurrency=4)), faults=REFUSALS),
    "cold": with_each(plan("h200", "cerebras", requests=30, arrivals=ArrivalsPlan(concurrency=5)), faults=COLD),
    "capped": with_each(
        plan("h200", "groq", duration_s=15.0, arrivals=ArrivalsPlan(kind="poisson", rate_per_s=6)),
        max_rate_per_s=4.0, max_concurrency=3,
    ),
    "capped, closed": with_each(
        plan("groq", requests=40, arrivals=ArrivalsPlan(concurrency=5)), max_rate_per_s=3.0, max_concurrency=2
    ),
    "budget of tokens": with_each(
        plan("h200", "groq", requests=500, budget_usd=0.02, arrivals=ArrivalsPlan(concurrency=5)), price=API
    ),
    "budget by the hour": plan("h200", "groq", requests=500, budget_usd=0.04, arrivals=ArrivalsPlan(concurrency=5)),
    "own budgets": with_each(
        plan("h200", "cerebras", requests=500, arrivals=ArrivalsPlan(kind="constant", rate_per_s=5)),
        price=API, budget_usd=0.02,
    ),
    "little memory": plan(
        "tpu-v6ex4/llama-3.3-70b/int8", requests=90, workload=LONG, arrivals=ArrivalsPlan(concurrency=60),
    ),
}  # fmt: skip


@pytest.mark.parametrize("run", PLANS.values(), ids=PLANS)
def test_it_counts_what_the_driver_counts(run: RunPlan) -> None:
    expected, found = stepped(run), list(simulate(run))[-1]
    assert (found.phase, found.stop_reason) == (expected.phase, expected.stop_reason)
    assert found.at_ns == pytest.approx(expected.at_ns, abs=2e6)
    assert (found.offered_per_s, found.unpaired) == (expected.offered_per_s, expected.unpaired)
    for a, b in zip(expected.backends, found.backends, strict=True):
        for name in SAME:
            estimated = a.estimated_requests and name in {"input_tokens", "output_tokens", "characters"}
            assert getattr(b, name) == (
                pytest.approx(getattr(a, name), rel=0.03) if estimated else getattr(a, name)
            ), name
        assert b.company == pytest.approx(a.company, rel=0.03)  # who ends first of two that end together
        assert b.active_ns == pytest.approx(a.active_ns, abs=2e6)
        assert b.spent_usd == pytest.approx(a.spent_usd, rel=1e-3)
        assert b.at_risk_usd == pytest.approx(a.at_risk_usd, rel=2e-2)
        assert b.arriving_tokens == pytest.approx(a.arriving_tokens, rel=5e-3)
        assert set(b.histograms) == set(a.histograms)
        for name in a.histograms:
            one, other = Histogram.of(a.histograms[name]), Histogram.of(b.histograms[name])
            assert len(one) == len(other), name
            assert other.mean_ns() == pytest.approx(one.mean_ns(), rel=1e-5, abs=2000), name
            for p in (0.5, 0.99):
                assert other.quantile_ns(p) == pytest.approx(one.quantile_ns(p), rel=0.011), name
        assert sum(b.timeline.tokens) == pytest.approx(sum(a.timeline.tokens), rel=5e-3)
        same_series(a.series, b.series)
    for one, other in zip(expected.paired, found.paired, strict=True):
        assert (one.a, one.b) == (other.a, other.b)
        same_series(one.differences, other.differences)


def same_series(expected, found) -> None:
    assert set(expected) == set(found)
    for name in expected:
        for one, other in zip(expected[name], found[name], strict=True):
            assert (one.count, one.neighbours, one.parts) == (other.count, other.neighbours, other.parts)
            assert mean(other) == pytest.approx(mean(one), abs=1e-4), name
            assert variance(other) == pytest.approx(variance(one), rel=1e-2, abs=1e-4), name


def test_little_memory_means_preemption() -> None:
    """The plan of that name tests what it says."""
    scheduler = Scheduler(find_stack("tpu-v6ex4/llama-3.3-70b/int8"), seed=5)
    orders = Orders(5, LONG, lengths_only=False).block(0)[:60]
    for index, order in enumerate(orders):
        scheduler.submit(Job(index, 0, order.input_tokens, order.output_tokens))
    while scheduler.begin(FOREVER) is not None:
        scheduler.complete_stretch()
    assert scheduler.preemptions > 0


@pytest.mark.parametrize("every_s", [0.7, 5.0])
def test_frames_on_the_way_only_look(every_s: float) -> None:
    run = PLANS["open"]
    *frames, last = simulate(run, every_s=every_s)
    (final,) = simulate(run)
    assert [frame.at_ns for frame in frames] == [round(every_s * 1e9) * n for n in range(1, len(frames) + 1)]
    assert len(frames) >= int(15 / every_s)
    assert {frame.phase for frame in frames} == {"running", "draining"}
    for frame in frames:
        for backend in frame.backends:
            assert backend.scheduled == backend.finished + backend.failed + backend.in_flight
    for one, other in zip(final.backends, last.backends, strict=True):
        assert one.histograms == other.histograms
        assert one.arriving_tokens == pytest.approx(other.arriving_tokens)
        assert one.company == other.company
        same_series(one.series, other.series)


def test_frames_on_the_way_may_come_ever_later() -> None:
    *frames, _ = simulate(PLANS["open"], every_s=1.0, rarer=2.0)
    assert [frame.at_ns / 1e9 for frame in frames] == [1, 3, 7, 15]


def test_lengths_alone_give_the_same_answers() -> None:
    run = PLANS["closed"]
    (written,), (drawn,) = simulate(run), simulate(run, lengths_only=True)
    for one, other in zip(written.backends, drawn.backends, strict=True):
        assert other.output_tokens == one.output_tokens
        assert other.characters == one.characters
        assert one.input_tokens < other.input_tokens < 1.03 * one.input_tokens


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (RunPlan(backends=(BackendPlan(name="a", url="http://a/v1"),), requests=1), "a is a real server"),
        (plan("h200"), "needs an end"),
    ],
)
def test_what_belongs_to_real_time_is_refused(run: RunPlan, says: str) -> None:
    with pytest.raises(VirtualError, match=says):
        next(simulate(run))


@pytest.mark.slow
def test_many_prompts_take_seconds_and_no_more_memory_than_few() -> None:
    """The aim is 60 µs of a request on a core of one's own; twice that is allowed where others use it too."""

    def simulated(requests: int) -> float:
        run = plan("h200", "groq", requests=requests, arrivals=ArrivalsPlan(concurrency=16))
        began_s = time.process_time()
        (frame,) = simulate(run, lengths_only=True)
        assert all(backend.finished == requests for backend in frame.backends)
        return (time.process_time() - began_s) / requests / len(run.backends)

    simulated(20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert simulated(100_000) < 120e-6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 20_000  # KiB; orders alone are 10 MB


@given(st.lists(st.tuples(st.integers(0, 40 * 10**9), st.integers(0, 3 * 10**9), st.integers(1, 50)), max_size=40))
def test_tokens_are_spread_as_the_timeline_spreads_them(gaps: list[tuple[int, int, int]]) -> None:
    for closed_ns in (None, 20 * 10**9):
        one, many = TokenTimeline(), Spread()
        if closed_ns is not None:
            one.close(closed_ns)
            many.close(closed_ns)
        for from_ns, length_ns, tokens in sorted(gaps):
            one.smear(from_ns, from_ns + length_ns, tokens)
        columns = np.array(sorted(gaps), np.int64).reshape(-1, 3).T
        many.smear(columns[0], columns[0] + columns[1], columns[2].astype(np.float64))
        assert many.total == pytest.approx(one.total)
        slots, expected = dense(many.state()), dense(one.state())
        newest = max(expected, default=0)
        for slot in {*slots, *expected}:
            if slot > newest - SLOTS:
                assert slots.get(slot, 0) == pytest.approx(expected.get(slot, 0), abs=1e-6)


def dense(timeline: Timeline) -> dict[int, float]:
    return {timeline.first_slot + n: tokens for n, tokens in enumerate(timeline.tokens) if tokens}


@given(st.integers(1, 4), st.integers(0, 2**32), st.integers(1, 300))
def test_pairs_are_those_that_pairing_finds(backends: int, seed: int, prompts: int) -> None:
    names = [f"b{n}" for n in range(backends)]
    random = np.random.default_rng(seed)
    one, many = Pairing(names), Pairs(names)
    known = [(int(random.integers(0, 10**6)), n, index) for n in range(backends) for index in range(prompts)]
    known = sorted(each for each in known if random.random() < 0.9)
    logs = random.normal(18, 1, len(known))
    sides = [one.of(name) for name in names]
    for (_, n, index), x in zip(known, logs, strict=True):
        sides[n].add("tpot", index, float(x))
    for part in np.array_split(np.arange(len(known)), 5):
        chosen = [[at for at in part if known[at][1] == n] for n in range(backends)]
        nothing = Values(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.float64)))
        found = [
            Values(
                np.array([known[at][2] for at in each], np.int64),
                np.array([known[at][0] for at in each], np.int64),
                np.array([logs[at] for at in each]),
            )
            for each in chosen
        ]
        many.add([{"ttft_sched": nothing, "tpot": values, "e2e_sched": nothing} for values in found])
    for expected, made in zip(one.pairs(), many.state(), strict=True):
        same_series(expected.differences, made.differences)
    assert one.unpaired == many.unpaired


@given(st.lists(st.tuples(st.integers(-5, 2 * 10**12), st.integers(1, 9)), max_size=50))
def test_counting_many_times_at_once_is_counting_each(values: list[tuple[int, int]]) -> None:
    one, many = Histogram(), Histogram()
    for value_ns, times in values:
        one.extend([value_ns] * times)
    columns = np.array(values, np.int64).reshape(-1, 2).T
    many.count(columns[0], columns[1])
    assert many.state() == one.state()


@given(st.lists(st.lists(st.floats(-30, 30), max_size=20), max_size=20))
def test_serial_sums_of_many_values_are_those_of_each(parts: list[list[float]]) -> None:
    one, many = SerialSums(), SerialSums()
    for part in parts:
        for x in part:
            one.add(x)
        many.extend(np.array(part))
    for expected, found in zip(one.state(), many.state(), strict=True):
        assert astuple(found) == pytest.approx(astuple(expected), abs=1e-6)
