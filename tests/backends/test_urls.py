"""What people type, and the base URL it means."""

import pytest

from infertop.backends.urls import UrlError, base_url

MEANS = {
    "http://gpu1:8000": "http://gpu1:8000/v1",
    "gpu1:8000": "http://gpu1:8000/v1",
    "http://gpu1:8000/v1/": "http://gpu1:8000/v1",
    "localhost:8000/v1/chat/completions": "http://localhost:8000/v1",
    "http://gpu1/v1/models": "http://gpu1/v1",
    "http://gpu1/v1/completions/": "http://gpu1/v1",
    "https://api.groq.com/openai/v1": "https://api.groq.com/openai/v1",
    "https://api.groq.com/openai/v1/chat/completions": "https://api.groq.com/openai/v1",
    "api.groq.com/openai/v1": "https://api.groq.com/openai/v1",
    "https://api.openai.com": "https://api.openai.com/v1",
    "http://127.0.0.1:9000/h200/v1": "http://127.0.0.1:9000/h200/v1",
    "10.0.0.7": "http://10.0.0.7/v1",
    "gpu1": "http://gpu1/v1",
    "gpu1.lan:8000": "http://gpu1.lan:8000/v1",
    "[::1]:8000": "http://[::1]:8000/v1",
    "gpu1:": "http://gpu1/v1",
    "  HTTP://GPU1:8000/V2 ": "http://gpu1:8000/V2",
}


@pytest.mark.parametrize(("typed", "means"), MEANS.items())
def test_base_url(typed, means):
    assert base_url(typed) == means


@pytest.mark.parametrize("means", MEANS.values())
def test_a_base_url_stays_as_it_is(means):
    assert base_url(means) == means


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "names no host"),
        ("http://", "names no host"),
        ("http://gpu 1:8000", "names no host"),
        ("ftp://gpu1", "ftp:// is not supported"),
        ("http://gpu1:99999", "not a URL"),
        ("http://gpu1:http", "not a URL"),
        ("http://[::1", "not a URL"),
        ("http://gpü", "ASCII form"),
        ("http://gpu1/v1?x=1", "leave out"),
        ("http://gpu1/v1#x", "leave out"),
    ],
)
def test_what_is_no_base_url_says_why(typed, says):
    with pytest.raises(UrlError, match=says):
        base_url(typed)


@pytest.mark.parametrize(
    "typed",
    ["https://user:hunter2@gpu1/v1", "user:hunter2@gpu1", "http://user:hunter2@gpu1:99999", "http://:hunter2@[::1"],
)
def test_a_password_is_refused_and_not_repeated(typed):
    with pytest.raises(UrlError, match="user or password") as caught:
        base_url(typed)
    assert "hunter2" not in str(caught.value)
