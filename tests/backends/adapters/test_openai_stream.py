"""The short cut past the JSON parser, against the parser: on no stream, however cut, may they differ."""

import json
from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infertop.backends.adapters.event_pattern import CountedPattern, pattern_of
from infertop.backends.adapters.openai_stream import ChatStream
from infertop.backends.adapters.openai_wire import ChatDecoder
from infertop.backends.adapters.sse import SseSplitter
from infertop.backends.base import Arrival


def event(text: object, name: str = "content", finish_reason: str | None = None, **more: object) -> dict:
    return {
        "id": "chatcmpl-1",
        "choices": [{"index": 0, "delta": {name: text}, "logprobs": None, "finish_reason": finish_reason}],
        **more,
    }


def counted(text: object, total: int, **more: object) -> dict:
    """An event with the running usage, as vLLM writes it."""
    return event(text, usage={"prompt_tokens": 9, "total_tokens": 9 + total, "completion_tokens": total}, **more)


def line(payload: object, *, ascii_only: bool = False) -> bytes:
    return b"data: %b\n\n" % json.dumps(payload, ensure_ascii=ascii_only, separators=(",", ":")).encode()


USAGE = b'data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n'
DONE = b"data: [DONE]\n\n"


def in_full(reads: list[bytes]) -> tuple[list[Arrival], ChatDecoder]:
    """What the decoder alone makes of a stream."""
    splitter, decoder, arrivals = SseSplitter(), ChatDecoder(), []
    for at_ns, read in enumerate(reads):
        payloads = splitter.feed(read)
        if payloads and not decoder.done and decoder.failure is None:
            arrivals.append(decoder.decode(at_ns, payloads))
    return arrivals, decoder


def short_cut(reads: list[bytes]) -> tuple[list[Arrival], ChatDecoder]:
    stream, arrivals = ChatStream(), []
    for at_ns, read in enumerate(reads):
        if not stream.done and stream.failure is None:
            arrival = stream.arrival(at_ns, read)
            if arrival is not None:
                arrivals.append(arrival)
    return arrivals, stream


def holding(reads: list[bytes], asked_every: int) -> tuple[list[Arrival], ChatDecoder]:
    """The same with reads held back as long as the stream likes, or until somebody asks."""
    stream, arrivals = ChatStream(), []
    for at_ns, read in enumerate(reads):
        if not stream.hold(at_ns, read):
            arrivals.extend(stream.held())
            if not stream.done and stream.failure is None:
                arrival = stream.arrival(at_ns, read)
                if arrival is not None:
                    arrivals.append(arrival)
        elif at_ns % asked_every == 0:
            arrivals.extend(stream.held())
        if stream.done or stream.failure is not None:
            break
    return [*arrivals, *stream.held()], stream


def told(arrivals: list[Arrival]) -> tuple[list[object], list[object], str, str]:
    """What arrivals say, whichever reads were handed over together."""
    reads, rest = [], []
    for each in arrivals:
        chunks = [*each.earlier_chunks, each.chunks - sum(each.earlier_chunks)]
        reads += [pair for pair in zip([*each.earlier_ns, each.at_ns], chunks, strict=True) if pair[1]]
        totals = [*each.earlier_output_tokens, each.output_tokens]
        said = each.usage, each.finish_reason, each.vendor, each.tool_arguments
        if each.earlier_ns:
            assert said == (None, None, {}, "")
            assert each.answer_chunks in {0, each.chunks}
        rest += [total for total in totals if total is not None]
        rest += [said] if any(said) else []
    return reads, rest, "".join(each.text for each in arrivals), "".join(each.reasoning for each in arrivals)


def assert_alike(reads: list[bytes]) -> None:
    expected, decoder = in_full(reads)
    for asked_every in (1, 5, len(reads) + 1):
        held, stream = holding(reads, asked_every)
        assert told(held) == told(expected)
        assert (stream.finished, stream.done, stream.failure) == (decoder.finished, decoder.done, decoder.failure)
    found, other = short_cut(reads)
    assert found == expected
    assert (other.finished, other.done, other.failure) == (decoder.finished, decoder.done, decoder.failure)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[a:b] for a, b in pairwise(edges)]


TEXTS = st.one_of(
    st.sampled_from([" the", "a", "index", "content", '"', "\\", "\n", "\u2028", "é", "日本", "🙂", "\x7f", ""]),
    st.text(max_size=6),
)
EVENTS = st.one_of(
    TEXTS.map(lambda text: line(event(text))),
    TEXTS.map(lambda text: line(event(text))),
    TEXTS.map(lambda text: line(event(text), ascii_only=True)),
    TEXTS.map(lambda text: line(event(text, "reasoning_content"))),
    TEXTS.map(lambda text: line(event(text, finish_reason="stop"))),
    TEXTS.map(lambda text: line(event(text, usage={"prompt_tokens": 1, "completion_tokens": 2}))),
    st.tuples(TEXTS, st.integers(-1, 300)).map(lambda each: line(counted(*each))),
    st.tuples(TEXTS, st.integers(1, 300)).map(lambda each: line(counted(*each, finish_reason="stop"))),
    TEXTS.map(lambda text: line(event(text, timings={"prompt_ms": 1.5}))),
    TEXTS.map(lambda text: line(event(text, error={"message": "no"}))),
    TEXTS.map(lambda text: line(event(text) | {"content": text, "model": text})),
    TEXTS.map(lambda text: line(event(text)).replace(b"\n", b"\r\n")),
    st.binary(max_size=5).map(lambda text: line(event("@")).replace(b"@", text)),
    st.sampled_from(
        [
            USAGE,
            DONE,
            b": ping\n\n",
            b"\n",
            b"event: x\n",
            b"data:\n\n",
            b"data: {\ndata: }\n\n",
            b'data: {"choices":[{"delta":{"content":"a","content":"b"}}]}\n\n',
            b'data: {"choices":[{"delta":{"content":"b","refusal":"a"}}]}\n\n',
            b'data: {"choices":[{"delta":{"refusal":"a"}}]}\n\n',
            b'data: {"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]}\n\n',
            b'data: {"choices":[{"delta":{"content":"a","tool_calls":[{"function":{"arguments":"{"}}]}}]}\n\n',
        ]
    ),
)


@settings(max_examples=400)
@given(st.lists(EVENTS, max_size=12), st.lists(st.integers(0, 5000), max_size=12))
@example([line(event("a")), line(event("b")), line(event("c"))], [])
def test_is_the_same_as_decoding_in_full(events, places):
    assert_alike(cut(b"".join(events), places))


@given(st.lists(TEXTS.map(lambda text: line(event(text))), min_size=2, max_size=40), st.integers(1, 5000))
def test_is_the_same_on_a_plain_stream_read_in_equal_pieces(events, size):
    stream = b"".join([*events, line(event("", finish_reason="stop")), USAGE, DONE])
    assert_alike([stream[at : at + size] for at in range(0, len(stream), size)])


@given(
    st.lists(st.tuples(TEXTS, st.integers(0, 12)), min_size=2, max_size=40),
    st.one_of(st.integers(1, 5000), st.sampled_from([0])),
    st.booleans(),
)
def test_is_the_same_where_usage_is_stated_on_every_chunk(texts, size, reasoning):
    name = "reasoning_content" if reasoning else "content"
    totals = accumulate(tokens for _, tokens in texts)
    events = [line(counted(text, total, name=name)) for (text, _), total in zip(texts, totals, strict=True)]
    events += [line(counted("", 99, finish_reason="stop")), USAGE, DONE]
    stream = b"".join(events)
    assert_alike([stream[at : at + size] for at in range(0, len(stream), size)] if size else events)


@given(st.data(), st.booleans())
def test_is_the_same_when_a_stream_is_damaged(data, stated):
    texts = (" the", " quick", " brown", " fox", " jumps")
    events = (counted(text, n) if stated else event(text) for n, text in enumerate(texts))
    stream = bytearray(b"".join(map(line, events)))
    for _ in range(data.draw(st.integers(1, 3))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.sampled_from(b'"\\\n\r{}x\x00\xc3: '))
    assert_alike(cut(bytes(stream), data.draw(st.lists(st.integers(0, 2000), max_size=6))))


@pytest.mark.parametrize("row", [1, 3])
@pytest.mark.parametrize(
    "raw",
    [b'"', b"\\", b'\\"', b"\n", b"\r", b"\n\n", b"\t", b"\0", b"\x1f", b"\x7f", b"\xff", b'","role":"', b"\xc2\x85"],
)
def test_is_the_same_for_texts_that_do_not_mean_themselves(raw, row):
    plain, odd = line(event("a")), line(event("@@")).replace(b"@@", b"x" + raw + b"y")
    assert_alike([plain, odd])
    assert_alike([plain, plain * row + odd + plain * row, plain])


def test_a_character_in_two_events_is_two_broken_events():
    broken = line(event("é")).replace("é".encode(), b"%b")
    assert_alike([line(event("a")), broken % b"\xc3" + broken % b"\xa9"])


def test_reads_are_held_back_and_handed_over_together():
    stream = ChatStream()
    first = [stream.arrival(at_ns, line(event(f"t{at_ns}"))) for at_ns in range(2)]
    assert [arrival.chunks for arrival in first] == [1, 1]
    assert all(stream.hold(at_ns, line(event("a")) * (1 + at_ns % 2)) for at_ns in range(2, 7))
    assert not stream.hold(7, line(event("z", finish_reason="stop")))
    (arrival,) = stream.held()
    assert arrival == Arrival(
        6, chunks=7, answer_chunks=7, text="a" * 7, earlier_ns=[2, 3, 4, 5], earlier_chunks=[1, 2, 1, 2]
    )
    assert stream.held() == ()


def test_reads_that_state_usage_are_held_back_with_it():
    stream = ChatStream()
    for at_ns in range(2):
        assert stream.arrival(at_ns, line(counted("a", at_ns + 1))).output_tokens == at_ns + 1
    assert stream.hold(2, line(counted("b", 4)))
    assert stream.hold(3, line(counted('"', 5)) + line(counted("c", 7)))
    assert stream.hold(4, line(counted("d", 10)))
    assert not stream.hold(5, line(counted("", 10, finish_reason="stop")))
    assert not stream.hold(5, line(counted("e", 11)) + DONE)
    (arrival,) = stream.held()
    assert arrival == Arrival(
        4, chunks=4, answer_chunks=4, text='b"cd', earlier_ns=[2, 3], earlier_chunks=[1, 2],
        output_tokens=10, earlier_output_tokens=[4, 7],
    )  # fmt: skip


def test_no_more_is_held_back_than_a_few_short_reads():
    stream = ChatStream()
    for at_ns in range(2):
        stream.arrival(at_ns, line(event("a")))
    assert not stream.hold(2, line(event("a")) * 100)
    held = sum(stream.hold(at_ns, line(event("a"))) for at_ns in range(100))
    assert 4 <= held < 100


class TestPattern:
    def test_a_row_of_events_needs_no_parser(self):
        pattern = pattern_of(line(event(" the"))[6:-2])
        row = b"".join(line(event(text)) for text in ("a", " bc", "é"))
        assert pattern.texts(row + b"data: {") == (3, "a bcé", len(row))
        assert pattern.matched

    def test_running_usage_is_known_by_what_stands_before_it(self):
        pattern = pattern_of(line(counted(" the", 7))[6:-2])
        assert isinstance(pattern, CountedPattern)
        assert pattern.holds(line(counted("a", 8)))
        assert pattern.holds(line(counted("a", 8)) + line(counted("b", 1009)))
        assert not pattern.holds(line(counted("a", 8)) + line(counted("b", 9, finish_reason="stop")))
        assert not pattern.holds(line(counted("a", 8)) + DONE)
        assert not pattern.holds(line(counted("a", 8))[:-1])

    def test_the_text_is_told_from_its_doubles(self):
        pattern = pattern_of(b'{"object":"a","choices":[{"a":"a","delta":{"content":"a"}}]}')
        event = b'data: {"object":"a","choices":[{"a":"a","delta":{"content":"xyz"}}]}\n\n'
        assert pattern.texts(event) == (1, "xyz", len(event))

    @pytest.mark.parametrize(
        "payload",
        [
            line(event("a", finish_reason="stop")),
            line(event("")),
            line(event('"')),
            line({"usage": {"completion_tokens": 2}} | event("a")),
            line(event("a", "name")),
            b'data: {"choices":[{"delta":{"content":"\\u0061"}}]}\n\n',
            b'data: {"choices":[{"delta":{"content":"a","reasoning":"b"}}]}\n\n',
            b"data: [DONE]\n\n",
            b"data: {\n\n",
        ],
    )
    def test_events_that_carry_more_or_less_than_a_text_have_none(self, payload):
        assert pattern_of(payload[6:-2]) is None

    def test_events_with_nothing_in_common_are_given_up(self):
        stream = ChatStream()
        for number in range(20):
            stream.arrival(number, line(event("a") | {"obfuscation": "x" * number}))
        assert stream._fruitless == 4
