"""What the server understands and writes, without a socket."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.groundtruth.wire import (
    Pace,
    RefusalError,
    read_order,
    take_request,
    token_event,
    token_text,
    trailer,
)

REQUEST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 5\r\n\r\nhello"


def order(**fields):
    return read_order(json.dumps({"messages": [{"content": "17"}], "stream": True} | fields).encode(), Pace())


def data(chunked):
    """The JSON documents in HTTP chunks of one event each; checks their framing."""
    while chunked:
        size, _, rest = chunked.partition(b"\r\n")
        event, chunked = rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        if event:
            assert event.startswith(b"data: ")
            assert event.endswith(b"\n\n")
            yield event[6:-2]


@given(st.integers(0, len(REQUEST)))
def test_a_request_is_taken_when_it_is_whole(cut):
    inbox = bytearray(REQUEST[:cut])
    early = take_request(inbox)
    assert (early is None) == (cut < len(REQUEST))
    inbox += REQUEST[cut:] + REQUEST
    taken = early or take_request(inbox)
    assert (taken.method, taken.path, taken.body) == ("POST", "/v1/chat/completions", b"hello")
    assert take_request(inbox).body == b"hello"
    assert not inbox


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("GET / HTTP/2", "not HTTP/1"),
        ("nonsense", "not HTTP/1"),
        ("POST / HTTP/1.1\r\nContent-Length: many", "Content-Length"),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999", "Content-Length"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked", "with a Content-Length"),
    ],
)
def test_what_is_no_request_is_refused(head, why):
    with pytest.raises(RefusalError, match=why):
        take_request(bytearray(head.encode() + b"\r\n\r\n"))


def test_a_head_without_end_is_refused():
    with pytest.raises(RefusalError, match="no end"):
        take_request(bytearray(70_000))


def test_an_order_takes_its_own_pace_before_the_servers():
    usual = order()
    assert (usual.index, usual.ttft_ns, usual.gap_ns, usual.tokens) == (17, 50_000_000, 10_000_000, 128)
    own = order(ttft_ms=0.5, gap_ms=0, max_tokens=9)
    assert (own.ttft_ns, own.gap_ns, own.tokens) == (500_000, 0, 9)
    assert order(max_completion_tokens=3, max_tokens=9).tokens == 3


def test_a_prompt_that_is_no_number_has_no_index():
    assert order(messages=[{"content": "Tell me of the sea."}]).index == -1


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": False},
        {"messages": []},
        {"messages": "no"},
        {"max_tokens": "many"},
        {"max_tokens": -1},
        {"ttft_ms": -1},
        {"gap_ms": float("nan")},
    ],
)
def test_what_is_no_streamed_completion_is_refused(fields):
    with pytest.raises(RefusalError) as refusal:
        order(**fields)
    assert refusal.value.status == 400


def test_an_answer_is_one_event_a_token_and_an_openai_end():
    asked = order(max_tokens=3)
    *tokens, finish, usage, done = data(b"".join(map(token_event, range(3))) + trailer(asked))
    texts = [json.loads(token)["choices"][0]["delta"]["content"] for token in tokens]
    assert texts == [token_text(number) for number in range(3)]
    assert json.loads(finish)["choices"][0]["finish_reason"] == "length"
    assert json.loads(usage)["usage"]["completion_tokens"] == 3
    assert done == b"[DONE]"
