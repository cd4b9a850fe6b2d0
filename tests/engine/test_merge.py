"""Frames of several workers become one by addition: in any order, in any grouping, nothing lost or counted twice."""

from functools import reduce

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from infertop.backends.rate_limits import RateLimit
from infertop.engine.cost import ApiPrice, FormerPrice, OwnedPrice, RentedPrice, spending
from infertop.engine.frame import (
    METRICS,
    MOST_MARKERS,
    SLOTS,
    Allowances,
    BackendFrame,
    ClientFrame,
    Frame,
    Likeness,
    MachineFrame,
    Marker,
    PairFrame,
    Pause,
    Serial,
    Timeline,
)
from infertop.engine.histogram import Histogram
from infertop.engine.merge import RULES, lost, merge
from infertop.engine.plan import ArrivalsPlan, WorkloadPlan

COUNTS = st.integers(0, 10**9)
SUMS = st.integers(-(2**40), 2**40).map(lambda eighths: eighths / 8)  # add without rounding
NAMES = st.sampled_from(["a", "b", "c"])


def histogram(*values_ns):
    made = Histogram()
    made.extend(values_ns)
    return made.state()


VALUES_NS = [(), (5,), (10**6, 10**6, 2 * 10**9), range(10**5, 10**9, 10**7), (1, 3 * 10**12), (10**6 + 7, 10**9)]
HISTOGRAMS = st.sampled_from([histogram(*values) for values in VALUES_NS])
LEVELS = st.lists(st.builds(Serial, COUNTS, COUNTS, SUMS, SUMS, SUMS, SUMS, COUNTS), max_size=3).map(tuple)


TIMELINES = st.builds(
    Timeline,
    first_slot=st.integers(0, 700),
    tokens=st.builds(lambda first, rest, slots: (first, *(rest,) * slots), SUMS, SUMS, st.integers(0, SLOTS - 1)),
) | st.just(Timeline())
PRICES = (
    None,
    ApiPrice(usd_per_m_input=1.5, usd_per_m_output=4.0, usd_per_m_cached=0.5),
    RentedPrice(usd_per_chip_hour=3.6, chips=4),
    OwnedPrice(capex_usd=30_000, chips=8, kw_per_chip=0.7),
)
LIMITS = st.lists(st.builds(RateLimit, name=NAMES, remaining=st.none() | SUMS), max_size=2).map(tuple)
CHANGED_TO = (RentedPrice(usd_per_chip_hour=2.0), ApiPrice(usd_per_m_input=1.0, usd_per_m_output=2.0))
CHANGES = st.sampled_from([0, 0, 0, 1, 2])
"""Of the price; the last may not have reached all workers, or not before they died."""
FORMER = FormerPrice(price=None, until_ns=0, input_tokens=1000, output_tokens=7)
MACHINES = st.builds(MachineFrame, worker=st.just(0), host=NAMES, clock_offset_ns=COUNTS, clock_error_ns=COUNTS)
SOME = st.sampled_from([(), (0,), (2,), (1, 2)])
TEXTS = st.sampled_from(["", "m", "no route to host", "timed out"])


@st.composite
def backends(draw, name, price):
    first_sent_ns = draw(st.none() | st.integers(0, 10**11))
    changes = draw(CHANGES)
    prices = (price, *CHANGED_TO)
    made = BackendFrame(
        name=name,
        price=prices[changes],
        former_prices=tuple(
            replace(FORMER, price=prices[at], until_ns=(at + 1) * 5 * 10**9) for at in range(changes)
        ),
        label=draw(st.sampled_from(["LIVE", "SIM"])),
        served_model=draw(TEXTS),
        stamp=draw(st.sampled_from(["", "kernel", "user"])),
        state=draw(st.sampled_from(["ok", "down"])),
        errors=draw(st.dictionaries(NAMES, COUNTS)),
        last_error=draw(TEXTS),
        first_sent_ns=first_sent_ns,
        active_ns=0 if first_sent_ns is None else draw(st.integers(0, 10**11)),
        arriving_tokens=draw(SUMS),
        good=draw(st.none() | COUNTS),
        good_tokens=draw(st.none() | COUNTS),
        unsent=draw(st.dictionaries(NAMES, COUNTS)),
        pause=draw(st.none() | st.builds(Pause, left_ns=COUNTS, why=TEXTS)),
        limits=draw(st.none() | st.builds(Allowances, at_ns=st.integers(0, 3), limits=LIMITS)),
        warmup_usd=draw(SUMS),
        at_risk_usd=draw(SUMS),
        histograms=draw(st.dictionaries(st.sampled_from(METRICS), HISTOGRAMS, max_size=3)),
        series=draw(st.dictionaries(NAMES, LEVELS, max_size=2)),
        finish_reasons=draw(st.dictionaries(NAMES, COUNTS)),
        timeline=draw(TIMELINES),
        **{
            counter: draw(COUNTS)
            for counter in (
                "scheduled", "finished", "failed", "in_flight", "not_sent", "held_back", "company", "resent",
                "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens",
                "usage_requests", "estimated_requests", "disbelieved_requests", "chunks", "characters",
                "prompt_characters",
            )
        },
    )  # fmt: skip
    spent = spending(made.price, made.former_prices, made, made.first_sent_ns, made.active_ns)
    return replace(made, spent_usd=None if made.price is None else spent.usd)


@st.composite
def frames(draw, price):
    """A frame of one worker of a run over one backend."""
    markers = draw(st.lists(st.builds(Marker, at_ns=st.integers(0, 9), text=NAMES), unique=True, max_size=5))
    return Frame(
        seq=draw(COUNTS),
        title="by hand",
        phase=draw(st.sampled_from(["starting", "warmup", "running", "draining", "done"])),
        stop_reason=draw(st.sampled_from(["", "requests", "duration", "budget", "told", "unreachable"])),
        at_ns=draw(COUNTS),
        started_utc=draw(st.sampled_from(["", "2026-11-23T12:00:00.000+00:00"])),
        workload=WorkloadPlan(source=draw(st.sampled_from(["chat", "rag"]))),
        arrivals=ArrivalsPlan(concurrency=draw(st.integers(4, 6))),
        workers=3,
        missing_workers=draw(SOME),
        warmup_done=draw(COUNTS),
        offered_per_s=draw(st.none() | st.integers(1, 9).map(float)),
        client=ClientFrame(
            loop_lag=draw(HISTOGRAMS),
            cpu_share=draw(st.floats(0, 1)),
            machines=tuple(replace(draw(MACHINES), worker=number) for number in draw(SOME)),
        ),
        markers=tuple(sorted(markers, key=lambda marker: (marker.at_ns, marker.text))),
        backends=(draw(backends("b0", price)),),
        likenesses=tuple(
            draw(st.builds(Likeness, a=st.just("b0"), b=st.just(b), n=COUNTS, total=SUMS)) for b in ("b1", "b2")
        ),
        paired=tuple(
            PairFrame(
                a="b0",
                b=b,
                differences=draw(st.dictionaries(NAMES, LEVELS, max_size=2)),
            )
            for b in ("b1", "b2")
        ),
        unpaired=draw(COUNTS),
    )


def runs(least, most=4):
    """Frames of some workers of one run."""
    return st.sampled_from(PRICES).flatmap(lambda price: st.lists(frames(price), min_size=least, max_size=most))


LIGHT = settings(max_examples=30, deadline=None)


@LIGHT
@given(runs(2), st.randoms())
def test_the_order_of_frames_changes_nothing(several, random):
    shuffled = random.sample(several, len(several))
    assert merge(shuffled) == merge(several)


@LIGHT
@given(runs(3))
def test_the_grouping_of_frames_changes_nothing(several):
    assert reduce(lambda a, b: merge([a, b]), several) == merge(several)
    assert merge([several[0], merge(several[1:])]) == merge(several)


@LIGHT
@given(runs(1, 1))
def test_one_frame_is_itself(several):
    assert merge(several) == several[0]


@LIGHT
@given(runs(2))
def test_counts_are_sums_and_every_value_is_still_there(several):
    merged = merge(several)
    for at, backend in enumerate(merged.backends):
        parts = [frame.backends[at] for frame in several]
        assert backend.scheduled == sum(part.scheduled for part in parts)
        assert backend.chunks == sum(part.chunks for part in parts)
        assert sum(backend.errors.values()) == sum(sum(part.errors.values()) for part in parts)
        for metric, state in backend.histograms.items():
            values = [Histogram.of(part.histograms[metric]) for part in parts if metric in part.histograms]
            assert len(Histogram.of(state)) == sum(map(len, values))
            assert Histogram.of(state).max_ns == max(value.max_ns for value in values)
    assert merged.client.cpu_share == max(frame.client.cpu_share for frame in several)


@LIGHT
@given(runs(2))
def test_hours_are_paid_once_and_tokens_each(several):
    merged = merge(several)
    for at, backend in enumerate(merged.backends):
        parts = [frame.backends[at] for frame in several]
        spans = [(p.first_sent_ns, p.first_sent_ns + p.active_ns) for p in parts if p.first_sent_ns is not None]
        span_ns = max(end for _, end in spans) - min(start for start, _ in spans) if spans else 0
        assert backend.active_ns == span_ns
        if backend.former_prices:
            continue
        match backend.price:
            case None:
                assert backend.spent_usd is None
            case ApiPrice():
                assert backend.spent_usd == pytest.approx(sum(part.spent_usd for part in parts))
            case RentedPrice():
                assert backend.spent_usd == pytest.approx(4 * 3.6 * span_ns / 3.6e12)
            case OwnedPrice():
                assert backend.spent_usd == pytest.approx(backend.price.usd_per_hour() * span_ns / 3.6e12)


@LIGHT
@given(st.lists(TIMELINES, min_size=1, max_size=4))
def test_timelines_add_slot_by_slot_and_keep_the_last_ones(timelines):
    merged = merge([Frame(backends=(BackendFrame(name="b", timeline=timeline),)) for timeline in timelines])
    by_slot = {}
    for timeline in timelines:
        for slot, tokens in enumerate(timeline.tokens, timeline.first_slot):
            by_slot[slot] = by_slot.get(slot, 0.0) + tokens
    shown = dict(enumerate(merged.backends[0].timeline.tokens, merged.backends[0].timeline.first_slot))
    kept = [slot for slot in by_slot if slot > max(by_slot) - SLOTS]
    assert {slot: shown[slot] for slot in kept} == {slot: by_slot[slot] for slot in kept}
    assert sum(shown.values()) == sum(by_slot[slot] for slot in kept)


def test_a_run_is_as_far_as_its_slowest_worker_and_ends_for_the_gravest_reason():
    def reason(*states):
        merged = merge([Frame(phase=phase, stop_reason=why) for phase, why in states])
        return merged.phase, merged.stop_reason

    assert reason(("done", "requests"), ("running", "")) == ("running", "")
    assert reason(("warmup", ""), ("running", "")) == ("warmup", "")
    assert reason(("done", "requests"), ("draining", "requests")) == ("draining", "requests")
    assert reason(("done", "requests"), ("done", "budget")) == ("done", "budget")
    assert reason(("done", "unreachable"), ("done", "requests")) == ("done", "requests")


def test_a_backend_is_down_only_when_no_worker_reaches_it():
    def state(*states):
        return merge([Frame(backends=(BackendFrame(name="b", state=each),)) for each in states]).backends[0].state

    assert state("down", "down") == "down"
    assert state("down", "ok") == state("ok", "down") == "ok"


def test_a_change_told_by_all_workers_is_one_change_and_the_newest_load_is_shown():
    def frame(*markers, concurrency):
        marked = tuple(Marker(at_ns=at_ns, text=text) for at_ns, text in markers)
        return Frame(markers=marked, arrivals=ArrivalsPlan(concurrency=concurrency))

    ahead = frame((5, "concurrency 9"), (8, "concurrency 4"), concurrency=4)
    behind = frame((5, "concurrency 9"), concurrency=9)
    merged = merge([behind, ahead])
    assert [marker.text for marker in merged.markers] == ["concurrency 9", "concurrency 4"]
    assert merged.arrivals.concurrency == 4


def test_a_lost_worker_is_declared_and_its_counts_stay():
    backend = BackendFrame(name="b", scheduled=7, finished=5, in_flight=2)
    alive = Frame(phase="done", stop_reason="duration", workers=2, backends=(backend,), at_ns=90)
    gone = lost(Frame(phase="running", workers=2, backends=(backend,), at_ns=50), 1, "killed")
    merged = merge([alive, gone])
    assert merged.missing_workers == (1,)
    assert (merged.phase, merged.stop_reason) == ("done", "duration")
    assert merged.backends[0].scheduled == 14
    assert merged.markers == (
        Marker(at_ns=50, text="lost worker 1, prompts 1 mod 2 are missing from here on: killed"),
    )
    many = tuple(Marker(at_ns=0, text=str(number)) for number in range(MOST_MARKERS))
    assert len(lost(Frame(markers=many), 0, "killed").markers) == MOST_MARKERS


def test_frames_of_different_runs_do_not_merge():
    with pytest.raises(ValueError, match="different runs"):
        merge([Frame(backends=(BackendFrame(name=name),)) for name in ("a", "b")])
    with pytest.raises(ValueError, match="zip"):
        merge([Frame(), Frame(backends=(BackendFrame(name="a"),))])


FOLLOW_FROM_OTHERS = {
    Frame: {"phase", "stop_reason", "workload", "arrivals"},
    BackendFrame: {"active_ns", "spent_usd", "price", "former_prices"},
}


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_every_field_that_crosses_has_a_rule(kind):
    fields = {field.name for field in msgspec.structs.fields(kind)}
    assert set(RULES[kind]) | FOLLOW_FROM_OTHERS.get(kind, set()) == fields
