"""The event-stream splitter against an obvious parser, over every way of cutting a stream."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infertop.backends.adapters.sse import EventTooLongError, SseSplitter


def obvious(stream: bytes) -> list[bytes]:
    """All events of a whole stream, by the letter of the WHATWG grammar."""
    lines = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]
    events, data = [], []
    for line in lines:
        if line == b"":
            if data:
                events.append(b"\n".join(data))
            data = []
        elif line == b"data":
            data.append(b"")
        elif line.startswith(b"data: "):
            data.append(line[6:])
        elif line.startswith(b"data:"):
            data.append(line[5:])
    return events


def split(reads: list[bytes]) -> list[bytes]:
    splitter = SseSplitter()
    return [payload for read in reads for payload in splitter.feed(read)]


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(place, len(stream)) for place in cuts})
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


pieces = st.sampled_from(
    [
        b'data: {"a":"b"}\n\n',
        b'data: {"a":"\xc3\xa9\xf0\x9f\x98\x80"}\n\n',
        b"data: [DONE]\n\n",
        b"data:x\r\n\r\n",
        b"data: x\r\rdata: y\r\n\n",
        b": ping\n\n",
        b": OPENROUTER PROCESSING\n",
        b"event: message\nid: 1\nretry: 10\n",
        b"data: two\ndata: lines\n\n",
        b"data\n\n",
        b"data:\n\n",
        b"data:  two blanks\n\n",
        b"datatype: no\n\n",
        b"data: unfinished",
        b"\xef\xbb\xbf",
        b"\n",
        b"\r",
        b"\r\n",
        b"data: ",
    ]
)
streams = st.one_of(
    st.lists(pieces, max_size=12).map(b"".join),
    st.lists(st.sampled_from([b"d", b"data", b":", b" ", b"\r", b"\n", b"x"]), max_size=30).map(b"".join),
)


@given(streams, st.lists(st.integers(0, 200), max_size=8))
@example(b"data: a\r\n\r\ndata: b\r\n\r\n", [8, 9, 10])
@example(b"data: a\n\ndata: b\r\n\r\n", [9])
@example(b"\xef\xbb\xbfdata: a\n\n", [1])
@example(b"data: a\n\n\ndata: b\n\n", [])
@example(b"data: a\r\rdata: b\n\n", [9])
@example(b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [])
def test_any_stream_cut_anywhere_gives_the_same_events(stream, cuts):
    assert split(cut(stream, cuts)) == obvious(stream)


@given(streams)
def test_a_byte_at_a_time_gives_the_same_events(stream):
    assert split([stream[i : i + 1] for i in range(len(stream))]) == obvious(stream)


def test_events_are_handed_out_with_the_read_that_completed_them():
    splitter = SseSplitter()
    assert splitter.feed(b"data: 1\n\nda") == [b"1"]
    assert splitter.feed(b"ta: 2\n") == []
    assert splitter.feed(b"\ndata: 3\n\ndata: 4\n\n") == [b"2", b"3", b"4"]


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r\n"])
def test_endless_event_is_refused(line_end):
    splitter = SseSplitter(limit_bytes=10_000)
    for _ in range(99):
        splitter.feed(b"data: " + b"x" * 94 + line_end)
    with pytest.raises(EventTooLongError, match="10000"):
        splitter.feed(b"data: " + b"x" * 1000 + line_end)


def test_limit_is_for_one_event_not_for_the_stream():
    splitter = SseSplitter(limit_bytes=1_000)
    for read in (b"data: " + b"x" * 800, b"\n\n", b"data: ", b"y" * 800 + b"\ndata: z\n", b"\n: ping\n") * 50:
        splitter.feed(read)
