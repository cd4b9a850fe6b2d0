"""Numbers on screen: always the same width, never the wrong magnitude."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from infertop.tui.draw.units import (
    COUNT_WIDTH,
    DURATION_WIDTH,
    RATE_WIDTH,
    USD_WIDTH,
    clock,
    count,
    duration,
    rate,
    ratio,
    usd,
)

positive = st.floats(min_value=0, max_value=1e13, allow_nan=False)
TIME = {"µs": 1e3, "ms": 1e6, "s": 1e9}
SUFFIX = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def read(text):
    """The number that `text` states."""
    digits, suffix = re.fullmatch(r"\$?([\d.,]+)([kMGT]?)", text.strip()).groups()
    return float(digits.replace(",", "")) * SUFFIX[suffix]


@given(st.floats(min_value=0, max_value=9.9e12))
def test_a_duration_has_one_width_and_three_true_digits(ns):
    text = duration(ns)
    assert cell_len(text) == DURATION_WIDTH
    number, unit = text.split()
    assert float(number) * TIME[unit] == pytest.approx(ns, rel=0.0051, abs=6)


@given(positive)
def test_a_count_has_one_width_and_is_true(value):
    assert cell_len(count(value)) == COUNT_WIDTH
    assert read(count(value)) == pytest.approx(value, rel=6e-4, abs=0.51)


@given(positive)
def test_a_rate_has_one_width_and_is_true(value):
    assert cell_len(rate(value)) == RATE_WIDTH
    assert read(rate(value)) == pytest.approx(value, rel=0.0051, abs=0.006)


@given(st.floats(min_value=0, max_value=9e12))
def test_money_has_one_width_and_is_true(value):
    text = usd(value)
    assert cell_len(text) == USD_WIDTH
    if "<" in text:
        assert 0 < value < 0.0005
    else:
        assert read(text) == pytest.approx(value, rel=0.0051, abs=0.00051 if value < 0.0995 else 0.0051)


def test_units_change_where_digits_would_run_out():
    assert [duration(ns) for ns in (999_400, 999_600, 9_994_999, 99_960_000, 999_600_000, 62.3e9)] == [
        " 999 µs", "1.00 ms", "9.99 ms", " 100 ms", "1.00 s ", "62.3 s ",
    ]  # fmt: skip
    assert [count(n) for n in (0, 4812, 99_999, 99_999.6, 123_456, 12_345_678)] == [
        "     0", " 4,812", "99,999", "100.0k", "123.5k", "12.35M",
    ]  # fmt: skip
    assert [usd(v) for v in (0, 0.0001, 0.0384, 0.384, 12.4, 1234, 12_345)] == [
        " $0.00", "<$.001", "$0.038", " $0.38", "$12.40", "$1,234", "$12.3k",
    ]  # fmt: skip
    assert [rate(v) for v in (None, 3.84, 38.2, 4812)] == ["     –", "  3.84", "  38.2", " 4,812"]


def test_nothing_is_as_wide_as_something():
    assert {cell_len(duration(None)), cell_len(rate(None)), cell_len(usd(None))} == {DURATION_WIDTH, 6}


def test_ratios_and_clocks_read_as_people_say_them():
    assert [ratio(v) for v in (1.04, 3.14, 12.4)] == ["1.04×", "3.1×", "12×"]
    assert [clock(s * 10**9) for s in (0, 724, 3724)] == ["00:00", "12:04", "1:02:04"]
