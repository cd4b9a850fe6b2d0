"""Durations read as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.profiles.durations import DurationError, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5), ("1h", 3600), ("1.5m", 90), ("2m 30s", 150),
        ("45", 45), ("0.25", 0.25), (30, 30), (0.5, 0.5), ("1m500ms", 60.5),
    ],
)  # fmt: skip
def test_every_way_of_writing(text: str | float, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "5x", "30s1m", "1m1m", "-5s", "1e3", "five", "5 m 3", "ten minutes", "٣s"])
def test_anything_else_says_how_to_write_it(text: str) -> None:
    with pytest.raises(DurationError, match=r'is not a duration; write "90s", "5m", "1h30m"'):
        parse_duration(text)


@pytest.mark.parametrize("value", ["0s", 0, -1, float("inf"), float("nan"), "0"])
def test_a_duration_is_above_zero(value: str | float) -> None:
    with pytest.raises(DurationError, match="must be above 0"):
        parse_duration(value)


@given(st.one_of(st.integers(1, 10**7), st.floats(1e-6, 1e7)))
def test_what_is_formatted_reads_back_exactly(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(0, 99), st.integers(0, 59), st.integers(1, 59))
def test_units_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds
