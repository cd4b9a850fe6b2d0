"""Who may open a view."""

import pytest

from infertop.tui.web.guard import HEADERS, Guard, is_loopback, local_names, new_secret


def test_a_secret_is_long_new_and_fits_into_an_address():
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(secret) >= 32 and secret.replace("-", "").replace("_", "").isalnum() for secret in secrets)


@pytest.mark.parametrize(
    ("secret", "host", "admitted"),
    [
        ("s3cret", "127.0.0.1:80", True),
        ("s3cret", "localhost:80", True),
        ("s3cret", "[::1]:80", True),
        ("s3cret", "127.0.0.1:81", False),
        ("s3cret", "evil.example:80", False),
        ("s3cre", "127.0.0.1:80", False),
        ("", "127.0.0.1:80", False),
        ("s3crét\ud800", "127.0.0.1:80", False),
    ],
)
def test_only_who_knows_the_secret_and_calls_us_by_our_name_is_admitted(secret, host, admitted):
    assert Guard("s3cret", local_names(80)).admits(secret, host) is admitted


def test_where_names_are_not_known_beforehand_the_secret_alone_admits():
    assert Guard("s3cret", None).admits("s3cret", "gpu-box:80")
    assert not Guard("s3cret", None).admits("other", "gpu-box:80")


@pytest.mark.parametrize(
    ("origin", "opened"),
    [
        ("http://127.0.0.1:80", True),
        (None, False),
        ("null", False),
        ("http://127.0.0.1:81", False),
        ("https://127.0.0.1:80", False),
        ("http://evil.example", False),
    ],
)
def test_only_the_page_itself_opens_a_view(origin, opened):
    assert Guard("s3cret", None).opens("127.0.0.1:80", origin, "http") is opened


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.1.4", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_what_can_be_reached_from_this_machine_only(host, local):
    assert is_loopback(host) is local


def test_nothing_may_be_loaded_from_elsewhere():
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())
    assert "unsafe" not in policy["script-src"]
