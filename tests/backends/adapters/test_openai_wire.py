"""Event payloads to arrivals: what is a chunk, what is usage, what is the server's own timing, what is an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.adapters.openai_wire import ChatDecoder
from infertop.backends.base import Arrival, Usage
from infertop.backends.errors import ErrorKind


def event(delta: dict | None = None, finish_reason: str | None = None, **more: object) -> bytes:
    choices = (
        [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]
    )
    return json.dumps({"id": "x", "object": "chat.completion.chunk", "choices": choices, **more}).encode()


def usage(prompt: int, completion: int, **details: object) -> dict:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **details}


def decode(*payloads: bytes, continuous_usage: bool = False) -> tuple[Arrival, ChatDecoder]:
    decoder = ChatDecoder(continuous_usage=continuous_usage)
    return decoder.decode(7, list(payloads)), decoder


NOT_CHUNKS = {
    "role": event({"role": "assistant"}),
    "role with empty content": event({"role": "assistant", "content": ""}),
    "role with null content": event({"role": "assistant", "content": None}),
    "finish": event({}, "stop"),
    "null delta": event(None, choices=[{"delta": None, "finish_reason": "stop"}]),
    "usage": event(None, usage=usage(3, 4)),
    "null choices": b'{"choices": null}',
    "empty tool arguments": event(
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}]}
    ),
    "done": b"[DONE]",
    "ping": b"",
    "something else": b'{"object": "ping"}',
}


@pytest.mark.parametrize("payload", NOT_CHUNKS.values(), ids=NOT_CHUNKS.keys())
def test_is_not_a_chunk(payload):
    arrival, decoder = decode(payload)
    assert (arrival.chunks, arrival.answer_chunks, arrival.text) == (0, 0, "")
    assert decoder.failure is None


CHUNKS = {
    "text": ({"content": "a"}, "a", "", "", 1),
    "blank": ({"content": " "}, " ", "", "", 1),
    "refusal": ({"refusal": "no"}, "no", "", "", 1),
    "reasoning": ({"reasoning": "r"}, "", "r", "", 0),
    "reasoning_content": ({"reasoning_content": "r"}, "", "r", "", 0),
    "both names for the same reasoning": ({"reasoning": "r", "reasoning_content": "r"}, "", "r", "", 0),
    "reasoning ends, text begins": ({"reasoning": "r", "content": "a"}, "a", "r", "", 1),
    "tool": ({"tool_calls": [{"index": 0, "function": {"arguments": '{"x":'}}]}, "", "", '{"x":', 1),
    "two tools": (
        {"tool_calls": [{"function": {"arguments": "1"}}, {"function": {"arguments": "2"}}, {"id": "c"}]},
        "",
        "",
        "12",
        1,
    ),
}


@pytest.mark.parametrize(("delta", "text", "reasoning", "arguments", "answers"), CHUNKS.values(), ids=CHUNKS.keys())
def test_is_one_chunk(delta, text, reasoning, arguments, answers):
    arrival, _ = decode(event(delta))
    assert arrival.at_ns == 7
    assert (arrival.chunks, arrival.answer_chunks) == (1, answers)
    assert (arrival.text, arrival.reasoning, arrival.tool_arguments) == (text, reasoning, arguments)


def test_a_read_is_one_arrival():
    arrival, decoder = decode(
        event({"role": "assistant", "content": ""}),
        event({"reasoning": "think"}),
        event({"content": "Hel"}),
        event({"content": "lo é"}),
        event({}, "length"),
        event(None, usage=usage(10, 4)),
        b"[DONE]",
    )
    assert arrival == Arrival(
        at_ns=7,
        chunks=3,
        answer_chunks=2,
        text="Hello é",
        reasoning="think",
        usage=Usage(input_tokens=10, output_tokens=4),
        finish_reason="length",
    )
    assert decoder.done
    assert decoder.finished


class TestUsage:
    def test_details(self):
        details = {
            "prompt_tokens_details": {"cached_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 0},
        }
        arrival, _ = decode(event(None, usage=usage(9, 8, **details)))
        assert arrival.usage == Usage(9, 8, cached_tokens=5, reasoning_tokens=2)

    def test_null_details(self):
        arrival, _ = decode(
            event(
                None, usage=usage(9, 8, prompt_tokens_details={"cached_tokens": None}, completion_tokens_details=None)
            )
        )
        assert arrival.usage == Usage(9, 8)

    def test_riding_in_the_finish_chunk_is_final_and_not_running(self):
        arrival, _ = decode(event({"content": "a"}), event({}, "stop", usage=usage(9, 1)))
        assert arrival.usage == Usage(9, 1)
        assert arrival.output_tokens is None

    def test_on_every_chunk_is_the_running_total(self):
        decoder = ChatDecoder()
        first = decoder.decode(1, [event({"role": "assistant", "content": ""}, usage=usage(9, 0))])
        second = decoder.decode(
            2, [event({"content": "a"}, usage=usage(9, 2)), event({"content": "b"}, usage=usage(9, 5))]
        )
        last = decoder.decode(3, [event({"content": "c"}, "length", usage=usage(9, 6))])
        assert [each.output_tokens for each in (first, second, last)] == [0, 5, 6]
        assert [each.usage for each in (first, second, last)] == [None, None, Usage(9, 6)]

    def test_asked_for_on_every_chunk_even_the_first_finish_chunk_runs(self):
        arrival, _ = decode(event({"content": "a"}, "stop", usage=usage(9, 1)), continuous_usage=True)
        assert (arrival.output_tokens, arrival.usage) == (1, Usage(9, 1))

    def test_null_on_chunks_is_none(self):
        arrival, _ = decode(event({"content": "a"}, usage=None))
        assert (arrival.usage, arrival.output_tokens) == (None, None)


class TestVendor:
    def test_llama_cpp(self):
        timings = {
            "prompt_n": 3,
            "prompt_ms": 20.0,
            "predicted_n": 7,
            "predicted_ms": 500,
            "predicted_per_second": 14.0,
        }
        arrival, _ = decode(event({}, "stop", timings=timings))
        assert arrival.vendor == pytest.approx({"prefill": 0.02, "decode": 0.5})

    def test_groq(self):
        times = {"queue_time": 0.1, "prompt_time": 0.2, "completion_time": 0.3, "total_time": 0.6}
        arrival, _ = decode(event({}, "stop", x_groq={"id": "req", "usage": {**usage(5, 6), **times}}))
        assert arrival.vendor == {"queue": 0.1, "prefill": 0.2, "decode": 0.3, "total": 0.6}
        assert arrival.usage == Usage(5, 6)

    def test_cerebras(self):
        arrival, _ = decode(
            event({}, "stop", time_info={"queue_time": 0.1, "total_time": 0.6, "created": 1700000000})
        )
        assert arrival.vendor == {"queue": 0.1, "total": 0.6}

    @pytest.mark.parametrize("value", ["soon", [1], {"prompt_ms": "x"}, 5])
    @pytest.mark.parametrize("field", ["timings", "time_info", "x_groq"])
    def test_of_a_strange_shape_is_passed_over(self, field, value):
        arrival, decoder = decode(event({"content": "a"}, **{field: value}))
        assert (arrival.chunks, arrival.vendor, decoder.failure) == (1, {}, None)


class TestFailure:
    @pytest.mark.parametrize(
        ("payload", "message"),
        [
            (b'{"error": {"message": "out of memory", "type": "server_error", "code": null}}', "out of memory"),
            (b'{"error": "out of memory"}', "out of memory"),
            (b'{"error": {"code": 500}}', "without words"),
            (b'{"error": {"message": "slow"}, "status_code": 503}', "slow"),
            (event({}, None, x_groq={"id": "r", "error": "over capacity"}), "over capacity"),
        ],
    )
    def test_in_band(self, payload, message):
        arrival, decoder = decode(event({"content": "a"}), payload)
        assert (arrival.chunks, arrival.text) == (1, "a")
        kind, words = decoder.failure
        assert kind is ErrorKind.IN_BAND
        assert message in words

    def test_null_error_is_none(self):
        assert decode(event({"content": "a"}, error=None))[1].failure is None

    @pytest.mark.parametrize(
        "payload",
        [
            b"hello",
            b'{"choices": [',
            b'{"choices": [{"delta": {"content": 5}}]}',
            b'{"choices": [{"delta": {"content": "\xff"}}]}',
            b'{"choices": 1}',
            b"[]",
            b"null",
            b'{"choices": []},{"choices": []}',
            b'{"x": ' + b"[" * 200_000,
        ],
    )
    def test_malformed_after_a_good_event(self, payload):
        arrival, decoder = decode(event({"content": "a"}), payload, event({"content": "b"}))
        assert (arrival.chunks, arrival.text) == (1, "a")
        assert decoder.failure[0] is ErrorKind.MALFORMED

    def test_payloads_that_are_json_only_together_are_malformed(self):
        whole = event({"content": "a, b"})
        left, right = whole.split(b", b")
        assert json.loads(left + b"," + right)
        assert decode(left, right)[1].failure[0] is ErrorKind.MALFORMED

    def test_done_ends_it_wherever_it_stands(self):
        arrival, decoder = decode(event({"content": "a"}), b"[DONE]", b"rubbish")
        assert (arrival.chunks, decoder.done, decoder.failure) == (1, True, None)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@given(st.lists(st.tuples(texts, texts), max_size=20), st.data())
def test_reads_add_up_however_the_events_are_spread(deltas, data):
    payloads = [event({"content": text, "reasoning": reasoning}) for text, reasoning in deltas]
    decoder = ChatDecoder()
    arrivals = []
    while payloads:
        count = data.draw(st.integers(1, len(payloads)))
        arrivals.append(decoder.decode(len(arrivals), payloads[:count]))
        payloads = payloads[count:]
    assert sum(each.chunks for each in arrivals) == sum(bool(text or reasoning) for text, reasoning in deltas)
    assert sum(each.answer_chunks for each in arrivals) == sum(bool(text) for text, _ in deltas)
    assert "".join(each.text for each in arrivals) == "".join(text for text, _ in deltas)
    assert "".join(each.reasoning for each in arrivals) == "".join(reasoning for _, reasoning in deltas)
