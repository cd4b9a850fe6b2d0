"""Tokens over time: smeared as measurement.md says, nothing lost, nothing beyond the window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.frame import SLOT_NS, SLOTS
from infertop.engine.timeline import TokenTimeline


@given(
    st.lists(st.tuples(st.integers(0, 20 * SLOT_NS), st.integers(0, 50 * SLOT_NS), st.floats(0, 100)), max_size=50)
)
def test_all_tokens_are_on_the_timeline(chunks):
    timeline = TokenTimeline()
    for start_ns, gap_ns, tokens in chunks:
        timeline.smear(start_ns, start_ns + gap_ns, tokens)
    expected = pytest.approx(sum(tokens for *_, tokens in chunks))
    assert timeline.total == expected
    assert sum(timeline.state().tokens) == expected


def test_a_chunk_is_spread_evenly_over_its_gap():
    timeline = TokenTimeline()
    timeline.smear(SLOT_NS // 2, 3 * SLOT_NS, 50.0)
    assert timeline.state().tokens == pytest.approx((10.0, 20.0, 20.0))


def test_a_gap_that_ends_on_a_slot_edge_does_not_touch_the_next():
    timeline = TokenTimeline()
    timeline.smear(0, SLOT_NS, 7.0)
    assert timeline.state().tokens == (7.0,)


def test_the_first_chunk_is_a_point():
    timeline = TokenTimeline()
    timeline.point(5 * SLOT_NS, 3.0)
    assert (timeline.state().first_slot, timeline.state().tokens) == (5, (3.0,))


def test_only_the_last_slots_are_kept_but_the_total_stays():
    timeline = TokenTimeline()
    timeline.point(0, 1.0)
    timeline.point((SLOTS + 9) * SLOT_NS, 1.0)
    state = timeline.state()
    assert (len(state.tokens), state.first_slot, timeline.total) == (SLOTS, 10, 2.0)
    timeline.smear(0, 2 * SLOT_NS, 5.0)  # too old to show
    assert sum(timeline.state().tokens) == 1.0
    assert timeline.total == 7.0


def test_a_late_gap_reaches_back_before_the_first_slot():
    timeline = TokenTimeline()
    timeline.point(5 * SLOT_NS, 1.0)
    timeline.smear(3 * SLOT_NS, 5 * SLOT_NS, 4.0)
    assert (timeline.state().first_slot, timeline.state().tokens) == (3, (2.0, 2.0, 1.0))


def test_after_the_close_nothing_counts_and_a_gap_across_it_counts_in_part():
    timeline = TokenTimeline()
    timeline.close(4 * SLOT_NS)
    timeline.smear(2 * SLOT_NS, 6 * SLOT_NS, 8.0)
    timeline.point(5 * SLOT_NS, 1.0)
    timeline.smear(5 * SLOT_NS, 6 * SLOT_NS, 1.0)
    assert (timeline.total, timeline.state().tokens) == (4.0, (2.0, 2.0))


@given(
    st.integers(0, 3 * SLOT_NS),
    st.lists(st.tuples(st.integers(0, 2 * SLOT_NS), st.floats(0, 9)), min_size=1, max_size=40),
    st.lists(st.integers(0, 6 * SLOT_NS), max_size=3),
    st.none() | st.integers(0, 20 * SLOT_NS),
)
def test_many_gaps_at_once_are_each_of_them_smeared(from_ns, gaps, others, closed_ns):
    times_ns, tokens, at_ns = [], [], from_ns
    for gap_ns, count in gaps:
        at_ns += gap_ns
        times_ns.append(at_ns)
        tokens.append(count)
    one_by_one, at_once = TokenTimeline(), TokenTimeline()
    for timeline in (one_by_one, at_once):
        for other_ns in others:
            timeline.point(other_ns, 1.0)
        if closed_ns is not None:
            timeline.close(closed_ns)
    for before_ns, after_ns, count in zip([from_ns, *times_ns], times_ns, tokens, strict=False):
        one_by_one.smear(before_ns, after_ns, count)
    at_once.smear_each(from_ns, times_ns, tokens)
    assert at_once.total == pytest.approx(one_by_one.total)
    assert at_once.state().first_slot == one_by_one.state().first_slot
    assert at_once.state().tokens == pytest.approx(one_by_one.state().tokens)
