"""Every protocol's recorded streams, replayed whole, cut at every byte, and ended at every byte."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from infertop.backends.adapters.anthropic import Anthropic
from infertop.backends.adapters.anthropic_wire import AnthropicStream
from infertop.backends.adapters.bedrock import Bedrock
from infertop.backends.adapters.bedrock_wire import ConverseStream
from infertop.backends.adapters.gemini import Gemini
from infertop.backends.adapters.gemini_wire import GeminiStream
from infertop.backends.adapters.openai_responses import OpenAiResponses
from infertop.backends.adapters.openai_stream import ChatStream
from infertop.backends.adapters.responses_wire import ResponsesStream
from infertop.backends.adapters.sagemaker import EnvelopeStream, SageMakerChat, SageMakerTgi
from infertop.backends.adapters.tgi import TgiStream
from infertop.backends.adapters.vertex import VertexGemini
from infertop.backends.adapters.wire import Wire
from infertop.backends.base import Message, Request, Usage
from infertop.backends.errors import BackendError, ErrorKind

from ..raw_server import chunk, says, says_once
from .replay import Outcome, every_cut, outcome

STREAMS = Path(__file__).with_name("streams")
ASK = Request(index=0, messages=(Message("user", "hi"),), max_tokens=16, timeout_s=20.0)


@dataclass(frozen=True)
class Stream:
    file: str
    adapter: Callable[..., object]
    wire: Callable[[], Wire]
    read: Outcome

    @property
    def body(self) -> bytes:
        return (STREAMS / self.file).read_bytes()


AIMOCK_TEXT = 'Hello wörld: the quick brown fox "jumps" over\nthe lazy dog 🦊.'
AIMOCK_REASONING = "Let me think about foxes."
AIMOCK_ARGUMENTS = '{"city":"Zürich","unit":"C"}'


def aimock(finish_reason: str, **more: object) -> Outcome:
    return Outcome(AIMOCK_TEXT, AIMOCK_REASONING, "", 9, 6, None, Usage(31, 17), finish_reason, **more)


def aimock_tool(finish_reason: str, **more: object) -> Outcome:
    return Outcome("", "", AIMOCK_ARGUMENTS, 3, 3, None, Usage(40, 12), finish_reason, **more)


CITY = '{"city": "Zürich"}'
ALL = [
    Stream(
        "anthropic_docs.sse",
        Anthropic,
        AnthropicStream,
        Outcome(
            text='I will look "it" up 🔎',
            reasoning="Where is Zürich?",
            tool_arguments=CITY,
            chunks=6,
            answer_chunks=4,
            usage=Usage(2125, 89, cached_tokens=2000, reasoning_tokens=40, cache_write_tokens=100),
            finish_reason="tool_use",
        ),
    ),
    Stream(
        "anthropic_overloaded.sse",
        Anthropic,
        AnthropicStream,
        Outcome("Once", chunks=1, answer_chunks=1, failure=ErrorKind.SERVER),
    ),
    Stream(
        "anthropic_llamacpp.sse",
        Anthropic,
        AnthropicStream,
        Outcome(
            "hoerqyeyaivj",
            chunks=6,
            answer_chunks=6,
            usage=Usage(40, 6, cached_tokens=39),
            finish_reason="max_tokens",
        ),
    ),
    Stream("anthropic_aimock.sse", Anthropic, AnthropicStream, aimock("end_turn")),
    Stream("anthropic_aimock_tool.sse", Anthropic, AnthropicStream, aimock_tool("tool_use")),
    Stream(
        "gemini_docs.sse",
        Gemini,
        GeminiStream,
        Outcome(
            text="**Deutsch:** Grüezi\n**日本語:** こんにちは 🎉",
            reasoning='Weighing "both" sides',
            chunks=3,
            answer_chunks=2,
            output_tokens=90,
            usage=Usage(12, 90, cached_tokens=4, reasoning_tokens=68),
            finish_reason="STOP",
        ),
    ),
    Stream(
        "gemini_unavailable.sse",
        Gemini,
        GeminiStream,
        Outcome("Half an", chunks=1, answer_chunks=1, output_tokens=2, failure=ErrorKind.SERVER),
    ),
    Stream(
        "vertex_docs.sse",
        VertexGemini,
        GeminiStream,
        Outcome("One two", chunks=2, answer_chunks=2, usage=Usage(7, 5), finish_reason="MAX_TOKENS"),
    ),
    Stream("gemini_aimock.sse", Gemini, GeminiStream, aimock("STOP")),
    Stream(
        "gemini_aimock_tool.sse",
        Gemini,
        GeminiStream,
        Outcome("", "", AIMOCK_ARGUMENTS, 1, 1, 12, Usage(40, 12), "FUNCTION_CALL"),
    ),
    Stream(
        "responses_docs.sse",
        OpenAiResponses,
        ResponsesStream,
        Outcome(
            text='Grüezi "Welt"\n🎉',
            reasoning="**Weighing** options",
            tool_arguments='{"city":"Zürich"}',
            chunks=7,
            answer_chunks=5,
            usage=Usage(1300, 240, cached_tokens=1024, reasoning_tokens=192, cache_write_tokens=128),
            finish_reason="max_output_tokens",
        ),
    ),
    Stream(
        "responses_failed.sse",
        OpenAiResponses,
        ResponsesStream,
        Outcome("Half", chunks=1, answer_chunks=1, failure=ErrorKind.SERVER),
    ),
    Stream(
        "responses_llamacpp.sse",
        OpenAiResponses,
        ResponsesStream,
        Outcome(
            "hoerqyeyaivj",
            chunks=6,
            answer_chunks=6,
            usage=Usage(40, 6, cached_tokens=39),
            finish_reason="completed",
            vendor=pytest.approx({"prefill": 0.000258, "decode": 0.000683}),
        ),
    ),
    Stream("responses_aimock.sse", OpenAiResponses, ResponsesStream, aimock("completed")),
    Stream("responses_aimock_tool.sse", OpenAiResponses, ResponsesStream, aimock_tool("completed")),
    Stream(
        "bedrock_docs.bin",
        Bedrock,
        ConverseStream,
        Outcome(
            text='Grüezi "Welt" 🎉',
            reasoning="Let me think",
            tool_arguments='{"city":"Zürich"}',
            chunks=6,
            answer_chunks=4,
            usage=Usage(2120, 61, cached_tokens=2000, cache_write_tokens=100),
            finish_reason="tool_use",
            vendor={"total": 1.234},
        ),
    ),
    Stream(
        "bedrock_throttled.bin",
        Bedrock,
        ConverseStream,
        Outcome("Half", chunks=1, answer_chunks=1, failure=ErrorKind.RATE_LIMIT),
    ),
    Stream("bedrock_aimock.bin", Bedrock, ConverseStream, aimock("end_turn", vendor={"total": 0.0})),
    Stream("bedrock_aimock_tool.bin", Bedrock, ConverseStream, aimock_tool("tool_use", vendor={"total": 0.0})),
    Stream(
        "sagemaker_chat.bin",
        SageMakerChat,
        lambda: EnvelopeStream(ChatStream()),
        Outcome("Grüezi 🎉", "hm", chunks=3, answer_chunks=2, usage=Usage(9, 6), finish_reason="stop"),
    ),
    Stream(
        "sagemaker_tgi.bin",
        SageMakerTgi,
        lambda: EnvelopeStream(TgiStream()),
        Outcome(
            "Grüezi",
            chunks=2,
            answer_chunks=2,
            output_tokens=3,
            usage=Usage(5, 3),
            finish_reason="eos_token",
        ),
    ),
    Stream(
        "sagemaker_broken.bin",
        SageMakerChat,
        lambda: EnvelopeStream(ChatStream()),
        Outcome("Half", chunks=1, answer_chunks=1, failure=ErrorKind.IN_BAND),
    ),
]
each = pytest.mark.parametrize("stream", ALL, ids=lambda stream: stream.file)


def read(wire: Wire, pieces: list[bytes]) -> Outcome:
    """What `wire` makes of the pieces, with the kind of its failure alone."""
    came = outcome(wire, pieces)
    came.failure = came.failure and came.failure[0]
    came.finished = False  # looked at where it matters
    return came


def test_every_recorded_stream_is_replayed():
    assert {stream.file for stream in ALL} | {"README.md"} == {path.name for path in STREAMS.iterdir()}


@each
def test_whole(stream):
    wire = stream.wire()
    assert read(wire, [stream.body]) == stream.read
    assert wire.finished is (stream.read.failure is None)


@each
def test_cut_at_every_byte(stream):
    for pieces in every_cut(stream.body):
        assert read(stream.wire(), pieces) == stream.read, len(pieces[0])


@each
def test_ended_at_every_byte(stream):
    """A stream that is not whole says so; one that is has its finish reason, and never a failure of its own."""
    body, finished_before = stream.body, False
    for at in range(len(body) + 1):
        wire = stream.wire()
        part = read(wire, [body[:at]])
        assert wire.finished or not finished_before
        finished_before = wire.finished
        assert wire.finished is (part.finish_reason is not None), at
        assert part.failure in {None, stream.read.failure}
        assert stream.read.text.startswith(part.text)
    if stream.read.failure is None:
        assert finished_before


def head(stream: Stream) -> bytes:
    kind = b"application/vnd.amazon.eventstream" if stream.file.endswith(".bin") else b"text/event-stream"
    return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n" % kind


@pytest.fixture
def cloud(monkeypatch):
    """Credentials of nobody, for the adapters that sign or carry tokens."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-nobody")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "nobody")
    monkeypatch.setenv("GOOGLE_TOKEN", "token-of-nobody")
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)


async def ask(stream: Stream, url: str) -> Outcome:
    key = "env:GOOGLE_TOKEN" if stream.adapter is VertexGemini else ""
    backend = stream.adapter(url=url, model="m", key=key)
    total = Outcome()
    try:
        async with backend.send(ASK) as answer:
            await answer.deliver(total.take)
    except BackendError as error:
        total.failure = error.kind
    finally:
        await backend.aclose()
    return total


@pytest.mark.usefixtures("no_leaks", "cloud")
class TestOverSockets:
    @each
    async def test_whole(self, serve, stream):
        async with serve(says(head(stream) + chunk(stream.body) + chunk(b""))) as server:
            assert await ask(stream, server.url) == stream.read

    @each
    async def test_a_byte_at_a_time(self, serve, stream):
        pieces = [chunk(bytes([byte])) for byte in stream.body]
        async with serve(says(head(stream), *pieces, chunk(b""))) as server:
            assert await ask(stream, server.url) == stream.read

    @each
    async def test_a_connection_that_ends_early(self, serve, stream):
        half = stream.body[: len(stream.body) // 2]
        async with serve(says_once(head(stream) + chunk(half))) as server:
            total = await ask(stream, server.url)
        assert total.failure is ErrorKind.CUT
        assert stream.read.text.startswith(total.text)

    @each
    async def test_a_response_that_ends_early(self, serve, stream):
        half = stream.body[: len(stream.body) // 2]
        async with serve(says(head(stream) + chunk(half) + chunk(b""))) as server:
            assert (await ask(stream, server.url)).failure is ErrorKind.CUT
