"""Proxies of the environment: when one is used, and that a request through one keeps the transport's contract."""

import httpx
import pytest

from infertop.backends.adapters.openai_chat import OpenAiChat
from infertop.backends.base import Arrival, Message, Request
from infertop.backends.errors import BackendError, ErrorKind
from infertop.backends.transport import ProxyError, proxy_for

from .raw_server import says_once

pytestmark = pytest.mark.usefixtures("no_leaks")

EVENTS = b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
ASK = Request(index=0, messages=(Message("user", "x"),), max_tokens=1, timeout_s=2.0)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "http://gpu.test/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://gpu.test/v1", "http://p:1"),
        ({"http_proxy": "p:1"}, "http://gpu.test/v1", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://gpu.test/v1", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://gpu.test/v1", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "https://gpu.test/v1", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "http://127.0.0.1:8000/v1", None),
        ({"ALL_PROXY": "http://p:1"}, "http://127.1.2.3:8000/v1", None),
        ({"ALL_PROXY": "http://p:1"}, "http://[::1]:8000/v1", None),
        ({"ALL_PROXY": "http://p:1"}, "http://localhost:8000/v1", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "gpu.test"}, "http://gpu.test:8000/v1", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "gpu.test:8000"}, "http://gpu.test:8000/v1", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": ".test, other"}, "http://gpu.test/v1", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "*"}, "http://gpu.test/v1", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "other"}, "http://gpu.test/v1", "http://p:1"),
    ],
)
def test_which_proxy(monkeypatch, environment, url, proxy):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(httpx.URL(url)) == proxy


def test_unsupported_proxy_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://user:hunter2@p:1")
    with pytest.raises(ProxyError, match="socks5://…") as caught:
        proxy_for(httpx.URL("http://gpu.test"))
    assert "hunter2" not in str(caught.value)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


async def through(proxy: str, monkeypatch, request: Request = ASK, url: str = "http://gpu.test/v1"):
    monkeypatch.setenv("ALL_PROXY", proxy)
    backend = OpenAiChat(url=url, model="m")
    try:
        async with backend.send(request) as answer:
            arrivals: list[Arrival] = []
            await answer.deliver(arrivals.append)
            return arrivals, answer
    finally:
        await backend.aclose()


@pytest.mark.usefixtures("no_cycles")
async def test_streams_through_a_proxy(serve, monkeypatch):
    async with serve(says_once(HEAD, b"%x\r\n%b\r\n" % (len(EVENTS), EVENTS), b"0\r\n\r\n")) as server:
        arrivals, answer = await through(server.url, monkeypatch)
    assert server.requests[0][0].startswith("POST http://gpu.test/v1/chat/completions HTTP/1.1")
    assert [each.text for each in arrivals] == ["a"]
    assert answer.stamp == "user"
    assert answer.connect_ns > 0
    assert answer.sent_ns < arrivals[0].at_ns


@pytest.mark.parametrize(
    ("pieces", "pause_s", "kind"),
    [
        ([], 0, ErrorKind.CUT),
        ([HEAD], 0, ErrorKind.CUT),
        ([b"nonsense\r\n\r\n"], 0, ErrorKind.MALFORMED),
        ([HEAD], 3, ErrorKind.TIMEOUT),
        ([b""], 3, ErrorKind.TIMEOUT),
    ],
)
async def test_failures(serve, monkeypatch, pieces, pause_s, kind):
    timeout_s = 1.0 if kind is ErrorKind.TIMEOUT else 10.0
    async with serve(says_once(*pieces, pause_s=pause_s)) as server:
        with pytest.raises(BackendError) as caught:
            await through(server.url, monkeypatch, Request(0, ASK.messages, 1, timeout_s=timeout_s))
    assert caught.value.kind is kind
    assert caught.value.sent_ns is not None


async def test_proxy_that_refuses_to_connect_further(serve, monkeypatch):
    async with serve(says_once(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as server:
        with pytest.raises(BackendError, match="403") as caught:
            await through(server.url, monkeypatch, url="https://gpu.test/v1")
    assert caught.value.kind is ErrorKind.CONNECT
    assert caught.value.sent_ns is None
    assert server.requests[0][0].startswith("CONNECT gpu.test:443")
