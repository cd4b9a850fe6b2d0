"""Protocols of servers one runs oneself: byte-exact streams cut at every byte, and what is asked over a socket.

Where each stream is from is in `self_hosted/README.md`.
"""

import json

import pytest

from infertop.backends.adapters.ndjson import LineSplitter
from infertop.backends.adapters.ollama import OllamaStream
from infertop.backends.adapters.openai_stream import ChatStream
from infertop.backends.adapters.plain_prompt import plain_prompt
from infertop.backends.adapters.registry import open_backend
from infertop.backends.adapters.sglang import SglangStream
from infertop.backends.adapters.sse import EventTooLongError
from infertop.backends.adapters.tgi import TgiStream
from infertop.backends.adapters.triton import TritonStream
from infertop.backends.base import VENDOR_TIMINGS, Message, Request, Usage
from infertop.backends.errors import BackendError, ErrorKind

from ..raw_server import chunk, says, says_once
from .replay import STREAMS, Outcome, every_cut, outcome, recorded

pytestmark = pytest.mark.usefixtures("no_leaks")

NOTHING = ("total", "load", "prefill", "decode")
WHOLE = {
    "chat_llamacpp.sse": (
        ChatStream,
        Outcome(
            "hoerqyeyaivj", chunks=6, answer_chunks=6, usage=Usage(40, 6), finish_reason="length", finished=True,
            vendor={"prefill": 0.751e-3, "decode": 0.876e-3},
        ),
    ),
    "completions_llamacpp.sse": (
        ChatStream,
        Outcome(
            " cdsjqzzIvq", chunks=6, answer_chunks=6, usage=Usage(3, 6, 1), finish_reason="length", finished=True,
            vendor={"prefill": 0.402e-3, "decode": 0.789e-3},
        ),
    ),
    "chat_vllm_continuous.sse": (
        lambda: ChatStream(continuous_usage=True),
        Outcome(
            "Die Antwort é", chunks=2, answer_chunks=2, output_tokens=5, usage=Usage(9, 5), finish_reason="stop",
            finished=True,
        ),
    ),
    "chat_groq.sse": (
        ChatStream,
        Outcome(
            "Hallo", "Think", chunks=2, answer_chunks=1, usage=Usage(78, 12, 0, 5), finish_reason="stop",
            finished=True, vendor={"queue": 0.037193, "prefill": 0.003479, "decode": 0.024, "total": 0.027479},
        ),
    ),
    "chat_cerebras.sse": (
        ChatStream,
        Outcome(
            "Hi", "Say hi", chunks=2, answer_chunks=1, usage=Usage(74, 9), finish_reason="stop", finished=True,
            vendor={"queue": 0.00013, "prefill": 0.0022, "decode": 0.0051, "total": 0.009},
        ),
    ),
    "chat_fireworks.sse": (
        ChatStream,
        Outcome(
            "Hi", chunks=1, answer_chunks=1, usage=Usage(74, 9), finish_reason="stop", finished=True,
            vendor={"queue": 0.25, "prefill": 0.05, "decode": 0.4, "first_token": 0.35, "total": 2.5},
        ),
    ),
    "tgi.sse": (
        TgiStream,
        Outcome(
            " Das höchste 🗻", chunks=3, answer_chunks=3, output_tokens=4, usage=Usage(11, 4),
            finish_reason="eos_token", finished=True,
        ),
    ),
    "tgi_error.sse": (
        TgiStream,
        Outcome(
            " Das", chunks=1, answer_chunks=1, output_tokens=1,
            failure=(ErrorKind.IN_BAND, "Request failed during generation: out of memory"),
        ),
    ),
    "triton_vllm.sse": (
        TritonStream,
        Outcome(" The quick été", chunks=2, answer_chunks=2, output_tokens=4, usage=Usage(7, 4)),
    ),
    "triton_trtllm.sse": (TritonStream, Outcome("Machine learning is", chunks=3, answer_chunks=3)),
    "triton_error.sse": (
        TritonStream,
        Outcome(
            "Machine", chunks=1, answer_chunks=1,
            failure=(ErrorKind.IN_BAND, "in ensemble 'ensemble', the request was cancelled"),
        ),
    ),
    "ollama_docs.ndjson": (
        OllamaStream,
        Outcome(
            "Blau – é", "Hm, sky.", chunks=4, answer_chunks=2, usage=Usage(26, 5), finish_reason="stop",
            finished=True,
            vendor={"total": 4.883583458, "load": 0.001334875, "prefill": 0.342546, "decode": 4.535599},
        ),
    ),
    "ollama_aimock.ndjson": (
        OllamaStream,
        Outcome(
            'Hello wörld: the quick brown fox "jumps" over\nthe lazy dog 🦊.', chunks=6, answer_chunks=6,
            usage=Usage(0, 0), finish_reason="stop", finished=True, vendor=dict.fromkeys(NOTHING, 0.0),
        ),
    ),
    "ollama_aimock_tool.ndjson": (
        OllamaStream,
        Outcome(
            tool_arguments='{"city":"Zürich","unit":"C"}', chunks=1, answer_chunks=1, usage=Usage(0, 0),
            finish_reason="stop", finished=True, vendor=dict.fromkeys(NOTHING, 0.0),
        ),
    ),
    "ollama_error.ndjson": (
        OllamaStream,
        Outcome(
            "Blau", chunks=1, answer_chunks=1,
            failure=(ErrorKind.IN_BAND, "an error was encountered while running the model: CUDA error"),
        ),
    ),
    "sglang.sse": (
        SglangStream,
        Outcome(
            " Paris, the largest città", chunks=3, answer_chunks=3, output_tokens=6, usage=Usage(11, 6, 4),
            finish_reason="length", finished=True, vendor={"total": 0.870051383972168, "queue": 0.00125},
        ),
    ),
}  # fmt: skip


def test_every_recorded_stream_is_replayed():
    assert {*WHOLE, "README.md"} == {path.name for path in STREAMS.iterdir()}


@pytest.mark.parametrize("name", WHOLE)
def test_a_stream_says_the_same_wherever_it_is_cut(name):
    wire, expected = WHOLE[name]
    for pieces in every_cut(recorded(name)):
        came = outcome(wire(), pieces)
        assert came.vendor == pytest.approx(expected.vendor)
        assert set(came.vendor) <= set(VENDOR_TIMINGS)
        came.vendor = expected.vendor
        assert came == expected, pieces[0]


@pytest.mark.parametrize("name", [name for name in WHOLE if WHOLE[name][1].finished])
def test_a_stream_that_ends_early_is_not_finished(name):
    wire, _ = WHOLE[name]
    stream = recorded(name)
    last = stream.rstrip().rfind(b"\n")
    cut = stream[: stream[:last].rfind(b'"finish') if b"[DONE]" in stream else last]
    assert not outcome(wire(), [cut]).finished


def test_text_that_is_not_cumulative_is_noticed():
    stream = b'data: {"text":"a"}\n\ndata: {"text":"b"}\n\n'
    failure = outcome(SglangStream(), [stream]).failure
    assert failure is not None
    assert failure[0] is ErrorKind.MALFORMED


def test_lines_may_end_in_any_way_and_must_end():
    splitter = LineSplitter(limit_bytes=8)
    assert splitter.feed(b'{"a"') == []
    assert splitter.feed(b":1}\r\n\n \n{}\n[") == [b'{"a":1}\r', b"{}"]
    with pytest.raises(EventTooLongError):
        splitter.feed(b"12345678")


def test_a_conversation_becomes_one_text():
    assert plain_prompt([Message("user", "hé?")]) == "hé?"
    turns = [Message("system", "be brief"), Message("user", "a"), Message("assistant", "b"), Message("user", "c")]
    assert plain_prompt(turns) == "system: be brief\n\nuser: a\n\nassistant: b\n\nuser: c\n\nassistant:"


# --- over a real socket ---

ASK = Request(3, (Message("user", "hé?"),), 16, fixed_length=True, temperature=0.0, timeout_s=5.0)
WARM = Request(3, ASK.messages, 16, temperature=0.7, timeout_s=5.0)


async def ask(serve, api, stream, request=ASK, kind=b"text/event-stream", **kwargs):
    """(text, usage, path, body asked for) of one request to a server that says `stream`."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n" % kind
    arrivals = []
    async with serve(says(head, chunk(stream), chunk(b""))) as server:
        backend = open_backend(api, url=server.url, model="org/m:1", **kwargs)
        try:
            async with backend.send(request) as answer:
                await answer.deliver(arrivals.append)
        finally:
            await backend.aclose()
    sent, body = server.requests[0]
    usage = next((each.usage for each in reversed(arrivals) if each.usage), None)
    return "".join(each.text for each in arrivals), usage, sent.split()[1], json.loads(body)


async def test_completions(serve):
    text, usage, path, body = await ask(
        serve, "openai-completions", recorded("completions_llamacpp.sse"), server="llama.cpp", extra={"top_p": 0.9}
    )
    assert (text, usage, path) == (" cdsjqzzIvq", Usage(3, 6, 1), "/v1/completions")
    assert body == {
        "model": "org/m:1",
        "prompt": "hé?",
        "max_tokens": 16,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
        "ignore_eos": True,
        "top_p": 0.9,
    }


async def test_tgi(serve):
    text, usage, path, body = await ask(serve, "tgi", recorded("tgi.sse"), extra={"parameters.top_k": 5})
    assert (text, usage, path) == (" Das höchste 🗻", Usage(11, 4), "/generate_stream")
    assert body == {"inputs": "hé?", "parameters": {"max_new_tokens": 16, "details": True, "top_k": 5}}
    _, _, _, body = await ask(serve, "tgi", recorded("tgi.sse"), WARM)
    assert body["parameters"] == {"max_new_tokens": 16, "details": True, "do_sample": True, "temperature": 0.7}


async def test_triton(serve):
    text, usage, path, body = await ask(serve, "triton", recorded("triton_vllm.sse"), extra={"stop_words": ""})
    assert (text, usage) == (" The quick été", Usage(7, 4))
    assert path == "/v2/models/org/m%3A1/generate_stream"
    assert body == {
        "text_input": "hé?",
        "max_tokens": 16,
        "temperature": 0.0,
        "stream": True,
        "exclude_input_in_output": True,
        "return_num_input_tokens": True,
        "return_num_output_tokens": True,
    }


async def test_ollama(serve):
    text, usage, path, body = await ask(
        serve, "ollama", recorded("ollama_docs.ndjson"), kind=b"application/x-ndjson", extra={"options.num_ctx": 4096}
    )
    assert (text, usage, path) == ("Blau – é", Usage(26, 5), "/api/chat")
    assert body == {
        "model": "org/m:1",
        "messages": [{"role": "user", "content": "hé?"}],
        "stream": True,
        "options": {"num_predict": 16, "temperature": 0.0, "num_ctx": 4096},
    }


async def test_sglang(serve):
    text, usage, path, body = await ask(serve, "sglang", recorded("sglang.sse"))
    assert (text, usage, path) == (" Paris, the largest città", Usage(11, 6, 4), "/generate")
    sampling = {"max_new_tokens": 16, "temperature": 0.0, "ignore_eos": True, "min_new_tokens": 16}
    assert body == {"text": "hé?", "sampling_params": sampling, "stream": True}


async def test_a_triton_stream_ends_with_its_response_and_not_before(serve):
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    stream = recorded("triton_trtllm.sse")
    for pieces, kind in (
        ([head, chunk(stream)], ErrorKind.CUT),  # the connection ends, the response does not
        ([head, chunk(b": nothing\n\n"), chunk(b"")], ErrorKind.CUT),
        ([head, chunk(recorded("triton_error.sse")), chunk(b"")], ErrorKind.IN_BAND),
    ):
        async with serve(says_once(*pieces)) as server:
            backend = open_backend("triton", url=server.url, model="ensemble")
            with pytest.raises(BackendError) as caught:
                async with backend.send(ASK) as answer:
                    await answer.deliver(lambda _: None)
            await backend.aclose()
        assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("api", "server", "can"),
    [
        ("openai-chat", "vllm", True),
        ("openai-chat", "", False),
        ("openai-chat", "tgi", False),
        ("openai-completions", "llama.cpp", True),
        ("sglang", "", True),
        ("tgi", "", False),
        ("triton", "", False),
        ("ollama", "", False),
    ],
)
async def test_who_can_be_asked_for_a_fixed_length(api, server, can):
    backend = open_backend(api, url="http://127.0.0.1:1", model="m", server=server)
    assert backend.can_fix_length is can
    await backend.aclose()
