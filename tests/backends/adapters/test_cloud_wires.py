"""What the wires of hosted APIs make of odd events: errors by their kind, pings, things they do not know."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.adapters.anthropic_wire import AnthropicStream
from infertop.backends.adapters.bedrock_wire import ConverseStream
from infertop.backends.adapters.gemini_wire import GeminiStream
from infertop.backends.adapters.openai_stream import ChatStream
from infertop.backends.adapters.responses_wire import ResponsesStream
from infertop.backends.adapters.sagemaker import EnvelopeStream
from infertop.backends.base import Arrival
from infertop.backends.errors import ErrorKind

from ..aws_frames import event, exception, frame


def sse(*documents: object) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in documents)


WIRES = [AnthropicStream, GeminiStream, ResponsesStream, ConverseStream, lambda: EnvelopeStream(ChatStream())]
ANTHROPIC_TEXT = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}}
GEMINI_TEXT = {"candidates": [{"content": {"parts": [{"text": "a"}]}}]}
RESPONSES_TEXT = {"type": "response.output_text.delta", "delta": "a"}
BEDROCK_TEXT = event("contentBlockDelta", b'{"delta":{"text":"a"}}')


def anthropic_error(kind: str) -> dict:
    return {"type": "error", "error": {"type": kind, "message": "no"}}


@pytest.mark.parametrize(
    ("wire", "stream", "kind", "words"),
    [
        (AnthropicStream, sse(ANTHROPIC_TEXT, anthropic_error("overloaded_error")), ErrorKind.SERVER, "no"),
        (AnthropicStream, sse(ANTHROPIC_TEXT, anthropic_error("api_error")), ErrorKind.SERVER, "no"),
        (AnthropicStream, sse(ANTHROPIC_TEXT, anthropic_error("rate_limit_error")), ErrorKind.RATE_LIMIT, "no"),
        (AnthropicStream, sse(ANTHROPIC_TEXT, anthropic_error("invalid_request_error")), ErrorKind.IN_BAND, "no"),
        (AnthropicStream, sse(ANTHROPIC_TEXT, {"type": "error", "error": [["x"]]}), ErrorKind.IN_BAND, "x"),
        (AnthropicStream, sse(ANTHROPIC_TEXT, {"error": {"type": []}}), ErrorKind.IN_BAND, "without words"),
        (GeminiStream, sse(GEMINI_TEXT, {"error": {"code": 429, "message": "no"}}), ErrorKind.RATE_LIMIT, "no"),
        (GeminiStream, sse(GEMINI_TEXT, {"error": {"status": "RESOURCE_EXHAUSTED"}}), ErrorKind.RATE_LIMIT, ""),
        (GeminiStream, sse(GEMINI_TEXT, {"error": {"code": 503, "message": "no"}}), ErrorKind.SERVER, "no"),
        (GeminiStream, sse(GEMINI_TEXT, {"error": {"code": 400, "message": "no"}}), ErrorKind.IN_BAND, "no"),
        (GeminiStream, sse(GEMINI_TEXT, {"error": "no"}), ErrorKind.IN_BAND, "no"),
        (GeminiStream, sse(GEMINI_TEXT, {"promptFeedback": {"blockReason": "SAFETY"}}), ErrorKind.IN_BAND, "SAFETY"),
        (
            ResponsesStream,
            sse(RESPONSES_TEXT, {"type": "error", "code": "rate_limit_exceeded", "message": "no"}),
            ErrorKind.RATE_LIMIT,
            "no",
        ),
        (ResponsesStream, sse(RESPONSES_TEXT, {"type": "error", "message": "no"}), ErrorKind.IN_BAND, "no"),
        (ResponsesStream, sse(RESPONSES_TEXT, {"error": {"code": 500, "message": "no"}}), ErrorKind.IN_BAND, "no"),
        (
            ResponsesStream,
            sse(RESPONSES_TEXT, {"type": "response.failed", "response": {"error": {"code": "invalid_prompt"}}}),
            ErrorKind.IN_BAND,
            "without words",
        ),
        (ConverseStream, BEDROCK_TEXT + exception("throttlingException", b'["no"]'), ErrorKind.RATE_LIMIT, "no"),
        (ConverseStream, BEDROCK_TEXT + exception("serviceUnavailableException", b"{}"), ErrorKind.SERVER, "service"),
        (ConverseStream, BEDROCK_TEXT + exception("modelStreamErrorException", b"oops"), ErrorKind.IN_BAND, "model"),
        (
            ConverseStream,
            BEDROCK_TEXT + frame({":message-type": "error", ":error-code": "Odd", ":error-message": "no"}, b""),
            ErrorKind.IN_BAND,
            "Odd: no",
        ),
        (ConverseStream, BEDROCK_TEXT + exception("oddException", b'{"message":"\xff"}'), ErrorKind.IN_BAND, "odd"),
        (ConverseStream, BEDROCK_TEXT + frame({}, b""), ErrorKind.IN_BAND, "no known type"),
        (ConverseStream, BEDROCK_TEXT + BEDROCK_TEXT[:-1] + b"x", ErrorKind.MALFORMED, "checksum"),
        (ConverseStream, BEDROCK_TEXT + event("contentBlockDelta", b"{"), ErrorKind.MALFORMED, ""),
    ],
)  # fmt: skip
def test_failure_after_a_chunk(wire, stream, kind, words):
    decoder = wire()
    arrival = decoder.arrival(7, stream)
    assert (arrival.chunks, arrival.text) == (1, "a")
    assert decoder.failure[0] is kind
    assert words in decoder.failure[1]
    assert not decoder.finished


def test_sagemaker_exceptions():
    for name, kind in (("ModelStreamError", ErrorKind.IN_BAND), ("InternalStreamFailure", ErrorKind.SERVER)):
        wire = EnvelopeStream(ChatStream())
        text = sse({"choices": [{"delta": {"content": "a"}}]})
        arrival = wire.arrival(7, event("PayloadPart", text) + exception(name, b'{"Message":"no"}'))
        assert arrival.text == "a"
        assert wire.failure == (kind, f"{name}: no")


NO_CHUNKS = [
    (AnthropicStream, sse({"type": "ping"}, {"type": "content_block_stop", "index": 0})),
    (AnthropicStream, sse({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "x"}})),
    (AnthropicStream, sse({"type": "content_block_delta", "delta": {"type": "citations_delta", "citation": {}}})),
    (AnthropicStream, b": comment\n\ndata:\n\n"),
    (GeminiStream, sse({"candidates": [{"content": {"role": "model"}}]}, {"candidates": [{}]}, {})),
    (GeminiStream, sse({"candidates": [{"content": {"parts": [{"text": "", "thoughtSignature": "x"}]}}]})),
    (ResponsesStream, sse({"type": "response.output_text.done", "text": "all"}, {"type": "new", "delta": {"a": 1}})),
    (ResponsesStream, sse({"type": "response.audio.delta", "delta": "UklGR"})),
    (ConverseStream, event("messageStart", b'{"role":"assistant"}') + event("somethingNew", b"{}") + event("x", b"")),
    (ConverseStream, event("contentBlockDelta", b'{"delta":{"reasoningContent":{"signature":"x"}}}')),
    (ConverseStream, event("contentBlockDelta", b'{"delta":{"citation":{"title":"x"}}}')),
    (ConverseStream, event("contentBlockStart", b'{"start":{"toolUse":{"name":"f","toolUseId":"1"}}}')),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "stream"), NO_CHUNKS)
def test_is_no_chunk(wire, stream):
    decoder = wire()
    arrival = decoder.arrival(7, stream) or Arrival(7)
    assert (arrival.chunks, arrival.answer_chunks, arrival.text) == (0, 0, "")
    assert (decoder.failure, decoder.finished, decoder.done) == (None, False, False)


def test_gemini_totals_that_start_late_are_not_one_chunk_s():
    wire = GeminiStream()
    late = {**GEMINI_TEXT, "usageMetadata": {"candidatesTokenCount": 50}}
    assert wire.arrival(1, sse(GEMINI_TEXT)).output_tokens is None
    assert wire.arrival(2, sse(late)).output_tokens is None


def test_gemini_totals_include_thoughts():
    counts = {"candidatesTokenCount": 5, "thoughtsTokenCount": 60}
    assert GeminiStream().arrival(1, sse({**GEMINI_TEXT, "usageMetadata": counts})).output_tokens == 65


def test_gemini_arguments_that_are_no_text_are_shown_as_such():
    raw = b'data: {"candidates":[{"content":{"parts":[{"functionCall":{"args":{"a":"\xff"}}}]}}]}\n\n'
    assert GeminiStream().arrival(1, raw).tool_arguments == '{"a":"\ufffd"}'


def test_a_whole_gemini_answer_is_read():
    wire = GeminiStream()
    whole = {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}
    assert wire.document(7, json.dumps(whole).encode()).text == "a"
    assert wire.finished


@pytest.mark.parametrize("wire", WIRES)
@given(reads=st.lists(st.binary(max_size=60), max_size=5))
def test_rubbish_is_a_failure_at_most(wire, reads):
    decoder = wire()
    for at_ns, read in enumerate(reads):
        if decoder.failure is None and not decoder.done:
            decoder.arrival(at_ns, read)


NAMES = """type delta text thinking error message code status usage response content parts candidates finishReason
usageMetadata stop_reason content_block incomplete_details reason metadata metrics latencyMs"""
FIELDS = st.sampled_from(NAMES.split())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from(["error", "response.completed", "response.output_text.delta", "message_delta", "ping"])


@given(st.dictionaries(FIELDS, json_values, max_size=5), TYPES | json_values)
def test_events_of_a_strange_shape_are_a_failure_at_most(fields, kind):
    document = json.dumps(fields | {"type": kind})
    for wire in (AnthropicStream, GeminiStream, ResponsesStream):
        wire().arrival(7, b"data: %b\n\n" % document.encode())
    ConverseStream().arrival(7, event("metadata", document.encode()) + event("contentBlockDelta", document.encode()))
