"""The log's binary form."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.groundtruth.log import Log, LogError, Written, decode, encode

MOMENTS = st.integers(0, 2**62)
ANSWERS = st.builds(
    Written,
    index=st.integers(-1, 2**62),
    received_ns=MOMENTS,
    ttft_ns=MOMENTS,
    gap_ns=MOMENTS,
    tokens=st.integers(1, 10**6),
    at_ns=st.lists(MOMENTS, max_size=20).map(lambda times: array("q", times)),
)
LOGS = st.builds(Log, MOMENTS, MOMENTS, st.lists(ANSWERS, max_size=4).map(tuple))


@given(LOGS)
def test_what_is_written_is_read(log):
    assert decode(encode(log)) == log


@given(LOGS, st.data())
def test_a_log_cut_anywhere_is_an_error(log, data):
    whole = encode(log)
    with pytest.raises(LogError):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_other_bytes_are_no_log():
    with pytest.raises(LogError, match="not a log"):
        decode(b"HTTP/1.1 404 Not Found".ljust(100))


def test_lateness_is_counted_from_the_schedule_and_does_not_add_up():
    answer = Written(0, received_ns=1000, ttft_ns=50, gap_ns=10, tokens=4, at_ns=[1050, 1065, 1070, 1081])
    assert answer.late_ns() == [0, 5, 0, 1]
