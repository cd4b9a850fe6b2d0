"""The arithmetic of errors, on streams made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.groundtruth.log import Written
from infertop.backends.groundtruth.wire import token_text
from infertop.engine.histogram import Histogram
from infertop.engine.selftest.errors import Observed, compare, spread_ms, spread_of
from infertop.engine.selftest.report import Accuracy, Spread

MS = 1_000_000


def written(index, *at_ms, received_ms=0):
    return Written(index, received_ms * MS, 50 * MS, 10 * MS, len(at_ms), [round(at * MS) for at in at_ms])


def observed(index, *reads, sent_ms=0.0):
    """Each read is (at ms, numbers of its tokens)."""
    return Observed(
        index,
        round(sent_ms * MS),
        [round(at * MS) for at, *_ in reads],
        [len(tokens) for _, *tokens in reads],
        ["".join(map(token_text, tokens)) for _, *tokens in reads],
    )


def test_a_true_measurement_has_no_error():
    found = compare([written(0, 50, 60, 70)], [observed(0, (50, 0), (60, 1), (70, 2))])
    assert found == Accuracy(
        requests=1, tokens=3, ttft_error_ms=Spread(n=1), gap_error_ms=Spread(n=2), lost=0, doubled=0
    )


def test_ttft_error_is_against_arrival_and_first_write():
    """Reported 51 − (−0.5) = 51.5 ms; true 50 − 1 = 49 ms."""
    found = compare([written(0, 50, 60, received_ms=1)], [observed(0, (51, 0), (61, 1), sent_ms=-0.5)])
    assert found.ttft_error_ms == Spread(n=1, p50=2.5, p99=2.5, max=2.5)
    assert found.gap_error_ms.max == 0


def test_an_error_counts_the_same_in_either_direction():
    found = compare([written(0, 50, 60, 70)], [observed(0, (50, 0), (63, 1), (70, 2))])
    assert found.gap_error_ms == Spread(n=2, p50=3, p99=3, max=3)
    early = compare([written(0, 50)], [observed(0, (48, 0))])
    assert early.ttft_error_ms.max == 2


def test_tokens_of_one_read_share_its_stamp():
    """Gaps 0 and 0 where 10 and 10 were true."""
    found = compare([written(0, 50, 60, 70)], [observed(0, (70, 0, 1, 2))])
    assert found.gap_error_ms == Spread(n=2, p50=10, p99=10, max=10)
    assert found.ttft_error_ms.max == 20
    assert (found.lost, found.doubled) == (0, 0)


def test_a_lost_token_is_counted_and_its_answers_gaps_are_not_compared():
    found = compare([written(0, 50, 60, 70)], [observed(0, (50, 0), (70, 2))])
    assert (found.lost, found.doubled) == (1, 0)
    assert found.gap_error_ms.n == 0
    assert found.ttft_error_ms.n == 1


def test_a_token_counted_twice_is_told():
    found = compare([written(0, 50, 60)], [observed(0, (50, 0), (60, 1, 1))])
    assert (found.lost, found.doubled) == (0, 1)


def test_one_lost_and_one_doubled_do_not_cancel():
    found = compare([written(0, 50, 60, 70)], [observed(0, (50, 0), (60, 1), (70, 1))])
    assert (found.lost, found.doubled) == (1, 1)


def test_a_miscounted_chunk_is_told_even_when_its_text_is_whole():
    view = observed(0, (50, 0), (60, 1))
    view.chunks[1] = 2
    assert compare([written(0, 50, 60)], [view]).doubled == 1
    view.chunks[1] = 0
    assert compare([written(0, 50, 60)], [view]).lost == 1


def test_answers_that_only_one_side_knows_are_lost_or_doubled_whole():
    found = compare([written(0, 50, 60), written(1, 50)], [observed(1, (50, 0)), observed(2, (50, 0), (60, 1))])
    assert (found.requests, found.tokens, found.lost, found.doubled) == (1, 3, 2, 2)


def test_nothing_is_nothing():
    assert compare([], []) == Accuracy()


@given(
    st.lists(st.integers(0, 10**10), min_size=1, max_size=30, unique=True).map(sorted),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)
def test_a_constant_delay_is_all_in_ttft_and_none_in_gaps(at_ns, delay_ns, sent_early_ns):
    truth = Written(5, 0, 0, 0, len(at_ns), at_ns)
    view = Observed(
        5,
        -sent_early_ns,
        [at + delay_ns for at in at_ns],
        [1] * len(at_ns),
        [token_text(number) for number in range(len(at_ns))],
    )
    found = compare([truth], [view])
    assert found.ttft_error_ms.max == pytest.approx((delay_ns + sent_early_ns) / 1e6)
    assert found.gap_error_ms.max == 0
    assert (found.lost, found.doubled) == (0, 0)


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=4), st.integers(0, 6))
def test_lost_and_doubled_are_exact(kept, extra, losses):
    """Any tokens lost and any counted again, in any order of reads."""
    seen = [*kept[losses:], *extra]
    found = compare(
        [written(0, *range(50, 56))], [observed(0, *((60 + at, number) for at, number in enumerate(seen)))]
    )
    assert found.lost == len(set(range(6)) - set(seen))
    assert found.doubled == len(seen) - len(set(seen))


def test_percentiles_are_values_that_occurred():
    assert spread_ms([n * MS for n in range(1, 101)]) == Spread(n=100, p50=50, p99=99, max=100)
    assert spread_ms([]) == Spread()


def test_a_histograms_spread():
    lag = Histogram()
    assert spread_of(lag) == Spread()
    lag.extend([1 * MS] * 99 + [20 * MS] * 2)
    spread = spread_of(lag)
    assert spread.n == 101
    assert (spread.p50, spread.p99, spread.max) == pytest.approx((1, 20, 20), rel=0.005)
