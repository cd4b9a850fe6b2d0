"""The past second by second: nothing lost, nothing invented, memory that stands still; and the maps made of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from infertop.engine.cost import RentedPrice
from infertop.engine.frame import BackendFrame
from infertop.engine.histogram import FLOORS, Histogram
from infertop.tui.chronicle import Chronicle, Time
from infertop.tui.heatmap import COLUMNS, HeatScale
from infertop.tui.metrics import CYCLE, TPOT, TTFT
from infertop.tui.past import LONGEST_GAP_S, ROW_EDGES_NS, ROWS, SPANS_S, Past, Ring, latency_rows, quantile_rows
from infertop.tui.steady import Steady

from .frames import MS, SECOND, STACKS, Fleet


def backend(*ttft_ms, spent=0.0, tokens=0.0):
    histogram = Histogram()
    histogram.extend(round(ms * MS) for ms in ttft_ms)
    states = {"ttft": histogram.state()} if ttft_ms else {}
    price = RentedPrice(usd_per_chip_hour=1) if spent else None
    return BackendFrame(name="a", histograms=states, spent_usd=spent or None, price=price, arriving_tokens=tokens)


def past_of(*moments):
    """A past that was given (second, backend) in turn."""
    made = Past()
    for second, totals in moments:
        made.take(totals, second * SECOND, open_loop=False)
    return made


def row_of(ms):
    return int(np.searchsorted(ROW_EDGES_NS, ms * MS, side="right")) - 1


def test_a_second_is_what_came_between_two_frames():
    counts, known = past_of((1, backend(20)), (2, backend(20, 200, 210)), (3, backend(20, 200, 210))).latencies(
        TTFT, 1, 4
    )
    assert counts.sum(axis=1).tolist() == [0, 1, 2, 0]
    assert known.tolist() == [0, 1, 1, 1]
    assert counts[1, row_of(20)] == 1
    assert counts[2].nonzero()[0].tolist() == sorted({row_of(200), row_of(210)})


def test_what_came_over_a_few_seconds_belongs_to_them_evenly_and_over_a_gap_to_none():
    past = past_of((1, backend()), (3, backend(20, 20, 20, 20)), (3 + LONGEST_GAP_S + 1, backend(*[20] * 50)))
    counts, known = past.latencies(TTFT, 1, LONGEST_GAP_S + 4)
    assert counts.sum(axis=1)[:3].tolist() == [0, 2, 2]
    assert counts.sum() == 4
    assert known.tolist() == [1, 1, 1, *[0] * (LONGEST_GAP_S + 1)]


def test_another_kind_of_arrivals_is_read_from_another_histogram_and_counts_nothing_twice():
    closed, both = backend(20, 20), backend(20, 20, 300)
    scheduled = Histogram()
    scheduled.extend([20 * MS, 20 * MS, 700 * MS])
    opened = replace(both, histograms={**both.histograms, "ttft_sched": scheduled.state()})
    early = Histogram()
    early.extend([20 * MS, 20 * MS])
    past = Past()
    past.take(replace(closed, histograms={**closed.histograms, "ttft_sched": early.state()}), SECOND, open_loop=False)
    past.take(opened, 2 * SECOND, open_loop=True)
    counts, _ = past.latencies(TTFT, 1, 2)
    assert counts.sum(axis=1).tolist() == [2, 1]
    assert counts[1, row_of(700)] == 1


def test_a_run_seen_late_begins_where_it_was_first_seen():
    past = past_of((5000, backend(*[20] * 900)), (5001, backend(*[20] * 901)))
    counts, known = past.latencies(TTFT, 1, 10)
    assert (counts.sum(), known.sum()) == (1, 1)


@given(st.lists(st.tuples(st.integers(1, 4), st.lists(st.floats(0.02, 1e5), max_size=5)), min_size=1, max_size=60))
def test_every_answer_is_in_one_column_of_every_width(moments):
    past, second, sent = Past(), 0, []
    for pause, values in moments:
        second += pause
        sent += values
        past.take(backend(*sent), second * SECOND, open_loop=False)
    for span in SPANS_S:
        counts, known = past.latencies(TTFT, span, 300)
        assert counts.sum() == pytest.approx(len(sent), abs=1e-3)
        assert known.sum() == second
        assert past.end_s(span) == -(-second // span) * span


@given(st.lists(st.integers(0, 2 * 10**12), max_size=40))
def test_rows_hold_every_value_where_it_belongs(values):
    histogram = Histogram()
    histogram.extend(values)
    rows = latency_rows(histogram.state())
    assert rows.shape == (ROWS,)
    wanted = np.searchsorted(ROW_EDGES_NS, np.array(values, float) * (1 + 1e-9), side="right") - 1
    wanted = np.bincount(np.clip(wanted, 0, ROWS - 1), minlength=ROWS) if values else np.zeros(ROWS)
    assert np.abs(np.cumsum(rows) - np.cumsum(wanted)).max() <= len(values) * 0.1 + 1


def test_a_ring_forgets_the_oldest_and_keeps_its_size():
    ring = Ring(1, 20, 1)
    for second in range(200):
        ring.add(second, second + 1, np.array([float(second)]))
    sums, known = ring.newest(30, slice(0, 1))
    assert sums[:, 0].tolist() == [0.0] * 10 + [float(second) for second in range(180, 200)]
    assert known.tolist() == [0] * 10 + [1] * 20


def test_quantiles_by_column():
    counts = np.zeros((3, 10))
    counts[0, 4] = 100
    counts[1, [2, 8]] = 50, 50
    assert quantile_rows(counts, 0.5).tolist() == [4, 2, -1]
    assert quantile_rows(counts, 0.99).tolist() == [4, 8, -1]


def test_a_map_traces_the_percentiles_of_a_minute_and_says_when_they_rest_on_too_little():
    past, sent = Past(), []
    for second in range(1, 101):
        sent += [50.0] * 9 + [800.0]
        past.take(backend(*sent), second * SECOND, open_loop=False)
    heat = HeatScale().map_of([past], TTFT, 1)
    (mine,) = heat.heats
    median, p99 = mine.traces
    assert mine.rates.shape == (COLUMNS, ROWS)
    assert mine.known.sum() == 100
    assert set(median.rows[mine.known]) == {row_of(50)}
    assert set(p99.rows[mine.known]) == {row_of(800)}
    assert (median.rows[~mine.known] == -1).all()
    assert FLOORS[0.5] <= 20
    assert median.supported[-99]
    assert not p99.supported.any()
    assert heat.top >= 9
    assert heat.low <= row_of(50) < row_of(800) < heat.high


def test_wider_columns_show_the_same_rates():
    past, sent = Past(), []
    for second in range(1, 121):
        sent += [50.0] * 5
        past.take(backend(*sent), second * SECOND, open_loop=False)
    for span in SPANS_S:
        (mine,) = HeatScale().map_of([past], TTFT, span).heats
        assert mine.rates[mine.known].sum(axis=1) == pytest.approx(5)


def test_metrics_do_not_mix():
    fleet = Fleet(STACKS[:1])
    chronicle = Chronicle()
    for _ in range(20):
        chronicle.take(fleet.advance(1).frame())
    lowest = {
        metric: np.flatnonzero(chronicle.heat(metric, Time(1)).heats[0].rates.sum(axis=0))[0] for metric in CYCLE
    }
    assert lowest[TPOT] < lowest[TTFT]
    assert chronicle.heat(TTFT, Time(1)) is chronicle.heat(TTFT, Time(1))


def test_cost_is_that_of_the_minute_that_ends_with_a_column():
    chronicle = Chronicle()
    fleet = Fleet((STACKS[0], STACKS[4]))
    for _ in range(90):
        chronicle.take(fleet.advance(1).frame())
    costs = chronicle.costs(Time(1))
    priced, unpriced = costs.usd_per_m
    assert np.isnan(unpriced).all()
    assert np.isnan(priced[: COLUMNS - 90 + 8]).all()
    per_s = 3.8 / 3600
    assert priced[-1] == pytest.approx(per_s / (12 * 200) * 1e6, rel=0.3)
    assert costs.low_usd <= np.nanmin(priced) <= np.nanmax(priced) <= costs.high_usd
    ticks = costs.ticks()
    assert (ticks[0], ticks[-1]) == (costs.low_usd, costs.high_usd)


@given(st.lists(st.tuples(st.integers(-100, 100), st.integers(0, 50)), min_size=1, max_size=30))
def test_a_steady_range_holds_what_it_must_and_is_never_twice_too_wide(needs):
    steady = Steady(step=5)
    for low, extent in needs:
        held = steady.holding(low, low + extent)
        assert held[0] <= low
        assert held[1] >= low + extent
        assert held[0] % 5 == held[1] % 5 == 0
    low, high = steady.holding(0, 1)
    for _ in range(3):
        assert steady.holding(0, 1) == (low, high)


def test_the_past_of_a_day_takes_no_more_memory_than_that_of_an_hour():
    past = Past()
    sizes = set()
    for hour in range(1, 25):
        for minute in range(6):
            second = hour * 3600 + minute
            past.take(backend(20.0), second * SECOND, open_loop=False)
        sizes.add(sum(ring._sums.nbytes + ring._known_s.nbytes for ring in past._rings.values()))
    assert len(sizes) == 1
    assert sizes.pop() < 4 << 20
