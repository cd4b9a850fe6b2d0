"""Event-stream messages: the same that botocore reads, whatever way they are cut; damage is found."""

import struct
import zlib

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.aws_event_stream import (
    HEADERS_LIMIT_BYTES,
    PAYLOAD_LIMIT_BYTES,
    EventMessage,
    EventStreamSplitter,
)

from .aws_frames import event, frame, framed, header, sized

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = {2: ("b", 8), 3: ("h", 16), 4: ("i", 32), 5: ("q", 64), 8: ("q", 64)}
typed_values = st.one_of(
    st.sampled_from([b"\x00", b"\x01"]),
    *(
        st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).map(
            lambda number, kind=kind, letter=letter: bytes([kind]) + struct.pack(f">{letter}", number)
        )
        for kind, (letter, bits) in NUMBERS.items()
    ),
    st.binary(max_size=30).map(lambda value: b"\x06" + sized(value)),
    texts.map(lambda value: b"\x07" + sized(value.encode())),
    st.binary(min_size=16, max_size=16).map(lambda value: b"\x09" + value),
)
messages = st.builds(
    lambda headers, payload: framed(b"".join(header(name, value) for name, value in headers.items()), payload),
    st.dictionaries(texts, typed_values, max_size=5),
    st.binary(max_size=100),
)


def by_botocore(stream: bytes) -> list[EventMessage]:
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    return [EventMessage(message.headers, message.payload) for message in buffer]


def by_us(*reads: bytes) -> tuple[list[EventMessage], str | None]:
    splitter = EventStreamSplitter()
    return [message for read in reads for message in splitter.feed(read)], splitter.damage


@given(st.lists(messages, max_size=4), st.data())
def test_is_what_botocore_reads(frames, data):
    stream = b"".join(frames)
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    reads = [stream[start:end] for start, end in zip([0, *places], [*places, len(stream)], strict=True)]
    found, damage = by_us(*reads)
    assert damage is None
    wanted = by_botocore(stream)
    assert found == wanted
    assert [{name: type(value) for name, value in each.headers.items()} for each in found] == [
        {name: type(value) for name, value in each.headers.items()} for each in wanted
    ]


@given(st.data())
def test_a_changed_byte_is_found(data):
    good, bad = event("messageStart", b'{"role":"assistant"}'), bytearray(event("messageStop", b"{}"))
    at = data.draw(st.integers(0, len(bad) - 1))
    bad[at] ^= data.draw(st.integers(1, 255))
    found, damage = by_us(good + bytes(bad) + good)
    assert len(found) == 1
    assert damage is not None
    assert "checksum" in damage


def test_nothing_is_read_after_damage():
    splitter = EventStreamSplitter()
    splitter.feed(b"HTTP/1.1 200 OK, said the proxy")
    assert splitter.damage
    assert splitter.feed(event("a", b"")) == []


def lengths(total: int, headers: int) -> bytes:
    raw = struct.pack(">II", total, headers)
    return raw + struct.pack(">I", zlib.crc32(raw))


@pytest.mark.parametrize(
    ("total", "headers"),
    [
        (HEADERS_LIMIT_BYTES + 17, HEADERS_LIMIT_BYTES + 1),
        (PAYLOAD_LIMIT_BYTES + 17, 0),
        (2**32 - 1, 0),
        (15, 0),
        (0, 0),
        (20, 5),
    ],
)
def test_lengths_no_message_has_are_refused_at_once(total, headers):
    assert "is none" in by_us(lengths(total, headers))[1]


def test_the_longest_message_is_read():
    payload = bytes(PAYLOAD_LIMIT_BYTES)
    ((message,), damage) = by_us(frame({"a": "b"}, payload))
    assert damage is None
    assert len(message.payload) == len(payload)


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05ab",
        b"\x01a",
        b"\x01a\x07\x00\x09b",
        b"\x01a\x09short",
        b"\x01a\x05\x00",
        b"\x01a\x0a",
        b"\x01\xff\x00",
        b"\x01a\x07\x00\x01\xff",
        b"\x01a\x00" * 2,
    ],
)
def test_headers_that_cannot_be_read(headers):
    found, damage = by_us(framed(headers, b""))
    assert found == []
    assert damage is not None


def test_a_header_of_another_type_is_no_text():
    message = EventMessage({"a": 1, "b": "c"}, b"")
    assert (message.header("a"), message.header("b"), message.header("d")) == ("", "c", "")
