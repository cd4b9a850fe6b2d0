"""Allowances in header fields, in every provider's own spelling."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.rate_limits import RateLimit, in_words, rate_limits, retry_after_s, used_up, wait_s

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
NOW_S = NOW.timestamp()


def limits(**fields):
    return rate_limits({name.replace("_", "-").encode(): value for name, value in fields.items()}, NOW_S)


def test_openai():
    told = limits(
        content_type="application/json",
        x_ratelimit_limit_requests="10000",
        x_ratelimit_limit_tokens="200000",
        x_ratelimit_remaining_requests="9999",
        x_ratelimit_remaining_tokens="0",
        x_ratelimit_reset_requests="8.64s",
        x_ratelimit_reset_tokens="6m0s",
    )
    assert told == (
        RateLimit(name="requests", limit=10_000, remaining=9_999, reset_s=8.64),
        RateLimit(name="tokens", limit=200_000, remaining=0, reset_s=360),
    )
    assert in_words(told) == "tokens used up"


def test_groq_spells_a_day_and_a_minute_alike():
    told = limits(
        x_groq_region="us-west-1",
        x_ratelimit_limit_requests="14400",
        x_ratelimit_remaining_requests="14370",
        x_ratelimit_reset_requests="2m59.56s",
        x_ratelimit_limit_tokens="18000",
        x_ratelimit_remaining_tokens="17997",
        x_ratelimit_reset_tokens="7.66s",
    )
    assert [(each.name, each.reset_s) for each in told] == [("requests/day", 179.56), ("tokens/min", 7.66)]


def test_cerebras():
    told = limits(
        x_ratelimit_limit_requests_day="14400",
        x_ratelimit_remaining_requests_day="14399",
        x_ratelimit_reset_requests_day="33011.382867",
        x_ratelimit_limit_tokens_minute="60000",
        x_ratelimit_remaining_tokens_minute="58000",
        x_ratelimit_reset_tokens_minute="11.382867097854614",
    )
    assert [each.name for each in told] == ["requests/day", "tokens/min"]
    assert told[0].reset_s == pytest.approx(33011.382867)


def test_more_digits_than_anyone_needs_are_still_a_number():
    assert limits(x_ratelimit_reset_tokens_minute="11.382867097854614")[0].reset_s == pytest.approx(11.38, abs=0.01)


def test_anthropic():
    told = limits(
        anthropic_ratelimit_requests_limit="50",
        anthropic_ratelimit_requests_remaining="49",
        anthropic_ratelimit_requests_reset="2026-11-23T12:00:01Z",
        anthropic_ratelimit_input_tokens_limit="50000",
        anthropic_ratelimit_input_tokens_remaining="1000",
        anthropic_ratelimit_input_tokens_reset="2026-11-23T12:00:30Z",
    )
    assert told == (
        RateLimit(name="requests", limit=50, remaining=49, reset_s=1),
        RateLimit(name="input tokens", limit=50_000, remaining=1_000, reset_s=30),
    )
    assert in_words(told) == "input tokens 1,000 of 50,000 left"


def test_openrouter_and_the_draft_standard():
    told = limits(x_ratelimit_limit="20", x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW_S * 1e3) + 4000))
    assert told == (RateLimit(name="requests", limit=20, remaining=0, reset_s=4.0),)
    assert limits(ratelimit_remaining="3", ratelimit_reset="50")[0] == RateLimit(
        name="requests", remaining=3, reset_s=50
    )


def test_no_such_field_is_nothing():
    assert limits(content_type="text/event-stream", server="vllm", retry_after="3") == ()
    assert in_words(()) == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12ms", 0.012), ("2m30s", 150), ("1h2m3.5s", 3723.5), ("0s", 0), ("500us", 5e-4), ("500µs", 5e-4),
        ("7", 7), ("0.25", 0.25), (str(int(NOW_S) + 9), 9), ("2026-11-23T12:01:00+00:00", 60),
        ("2026-11-23T11:00:00Z", 0),
        ("soon", None), ("", None), ("-3", None), ("5m3", None), ("m", None), ("2026-11-23T12:01:00", None),
        ("nan", None), ("1e9", None), ("٣", None),
    ],
)  # fmt: skip
def test_a_reset_in_every_spelling(text, seconds):
    assert wait_s(text, NOW_S) == (None if seconds is None else pytest.approx(seconds, abs=1e-6))


@given(st.integers(0, 10**6))
def test_go_writes_its_durations_so(milliseconds):
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    written = f"{hours}h{minutes}m{rest / 1000:g}s" if hours else f"{minutes}m{rest / 1000:g}s"
    assert wait_s(written, NOW_S) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({b"retry-after": "7"}, 7),
        ({b"retry-after": "1.5"}, 1.5),
        ({b"retry-after-ms": "250", b"retry-after": "1"}, 0.25),
        ({b"retry-after": format_datetime(NOW + timedelta(seconds=30), usegmt=True)}, 30),
        ({b"retry-after": "soon"}, None),
        ({b"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_retry_after(fields, seconds):
    assert retry_after_s(fields, NOW_S) == seconds


@given(st.dictionaries(st.binary(max_size=40), st.text(max_size=40), max_size=4), st.text(max_size=60))
def test_no_header_breaks_it(headers, value):
    rate_limits({**headers, b"x-ratelimit-remaining-tokens": value, b"x-ratelimit-reset-tokens": value}, NOW_S)
    retry_after_s({b"retry-after": value}, NOW_S)


def test_used_up_is_what_has_nothing_left():
    told = limits(
        x_ratelimit_remaining_requests="1", x_ratelimit_remaining_tokens="0", x_ratelimit_limit_requests="2"
    )
    assert [each.name for each in used_up(told)] == ["tokens"]
