"""Figures as people read them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.sessions.figures import duration, number, share, times, usd


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.00"), (0.814, "0.81"), (0.996, "1.0"), (9.84, "9.8"), (99.96, "100"), (181.4, "181"), (4812.3, "4,812")],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0.00"),
        (0.00001, "<$0.0001"),
        (0.0042, "$0.0042"),
        (0.04, "$0.040"),
        (0.0994, "$0.099"),
        (0.0996, "$0.10"),
        (0.384, "$0.38"),
        (1204.5, "$1,204.50"),
    ],
)
def test_usd(value: float, text: str) -> None:
    assert usd(value) == text


@given(st.floats(1e-4, 1e6))
def test_usd_is_within_a_percent_of_a_tenth_or_one_of_two_digits(value: float) -> None:
    shown = float(re.sub(r"[$,]", "", usd(value)))
    assert shown == pytest.approx(value, rel=0.051)


@pytest.mark.parametrize(("value", "text"), [(1.0, "100 %"), (0.99999, ">99.9 %"), (0.987, "98.7 %"), (0.0, "0.0 %")])
def test_share_reaches_all_only_when_it_is_all(value: float, text: str) -> None:
    assert share(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.44, "9.4 s"), (59.96, "1 m 00 s"), (200, "3 m 20 s"), (7500, "2 h 05 m"), (3599.9, "1 h 00 m")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("ratio", "text"), [(1.04, "1.04"), (1.996, "2.0"), (3.14, "3.1"), (12.3, "12")])
def test_times(ratio: float, text: str) -> None:
    assert times(ratio) == text
