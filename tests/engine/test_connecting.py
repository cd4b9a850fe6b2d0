"""From a plan to an adapter: what the plan says is not asked, what it leaves open is."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from infertop.backends.adapters.anthropic import Anthropic
from infertop.backends.adapters.gemini import Gemini
from infertop.backends.adapters.ollama import OllamaBackend
from infertop.backends.adapters.openai_chat import OpenAiChat
from infertop.backends.adapters.openai_completions import OpenAiCompletions
from infertop.backends.adapters.tgi import TgiBackend
from infertop.backends.errors import BackendError, ErrorKind
from infertop.engine.connecting import connect
from infertop.engine.plan import BackendPlan

VLLM = {
    "/v1/models": '{"data":[{"id":"first","owned_by":"vllm"},{"id":"second","owned_by":"vllm"}]}',
    "/version": '{"version":"0.11.2"}',
}
TGI = {"/info": '{"model_id":"org/m","version":"3.3.5"}'}


@asynccontextmanager
async def serving(documents):
    """A server of `documents` by path; yields its URL and the paths it was asked for."""
    asked, answering = [], set()

    async def handle(reader, writer):
        answering.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            asked.append(path)
            body = documents.get(path, "").encode()
            status = b"200 OK" if body else b"404 Not Found"
            fields = b"content-length: %d\r\nconnection: close\r\n" % len(body)
            writer.write(b"HTTP/1.1 %b\r\n%b\r\n%b" % (status, fields, body))
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
        finally:
            await asyncio.gather(*answering)


async def connected(documents, **plan):
    """(what was connected, paths asked for)."""
    async with serving(documents) as (url, asked):
        made = await connect(BackendPlan(name="a", url=url, **plan), url)
        await made.backend.aclose()
    return made, asked


async def test_a_url_alone_is_enough():
    made, asked = await connected(VLLM)
    assert isinstance(made.backend, OpenAiChat)
    assert (made.model, made.engine, made.backend.can_fix_length) == ("first", "vLLM 0.11.2", True)
    assert "/v1/models" in asked


async def test_a_server_without_the_openai_protocol_is_spoken_to_in_its_own():
    made, _ = await connected(TGI)
    assert isinstance(made.backend, TgiBackend)
    assert (made.model, made.engine, made.backend.can_fix_length) == ("org/m", "TGI 3.3.5", False)


@pytest.mark.parametrize(
    ("plan", "adapter", "engine"),
    [
        ({"server": "vllm"}, OpenAiChat, "vLLM"),
        ({"server": "llama.cpp", "api": "openai-completions"}, OpenAiCompletions, "llama.cpp"),
        ({"api": "tgi"}, TgiBackend, ""),
        ({"api": "ollama"}, OllamaBackend, ""),
        ({"server": "together"}, OpenAiChat, ""),
    ],
)
async def test_nothing_is_asked_about_what_the_plan_says(plan, adapter, engine):
    made, asked = await connected(VLLM, model="m", **plan)
    assert isinstance(made.backend, adapter)
    assert (made.model, made.engine, asked) == ("m", engine, [])


@pytest.mark.parametrize(
    ("url", "model", "adapter"),
    [
        ("https://api.anthropic.com", "claude", Anthropic),
        ("https://api.groq.com/openai/v1", "m", OpenAiChat),
        ("https://generativelanguage.googleapis.com/v1beta", "gemini", Gemini),
    ],
)
async def test_a_provider_is_known_by_its_address(url, model, adapter):
    made = await connect(BackendPlan(name="a", url=url, model=model), url)
    assert isinstance(made.backend, adapter)
    await made.backend.aclose()


async def test_software_of_several_protocols_is_asked_which():
    made, asked = await connected(TGI, server="tgi", model="m")
    assert isinstance(made.backend, TgiBackend)
    assert asked


async def test_the_model_of_the_plan_stands():
    made, asked = await connected(VLLM, model="mine")
    assert (made.model, made.engine) == ("mine", "vLLM 0.11.2")
    assert asked


async def test_a_list_that_is_refused_does_not_matter_where_the_model_is_named():
    made, _ = await connected({}, model="mine")
    assert isinstance(made.backend, OpenAiChat)
    assert (made.model, made.engine, made.backend.can_fix_length) == ("mine", "", False)


@pytest.mark.parametrize(
    ("documents", "plan", "kind", "said"),
    [
        ({}, {}, ErrorKind.CLIENT, "404"),
        ({"/v1/models": '{"data":[]}'}, {}, ErrorKind.MALFORMED, "name one"),
        ({"/v1/models": "<html>"}, {}, ErrorKind.MALFORMED, "does not list models"),
        (VLLM, {"api": "opanai-chat", "model": "m"}, ErrorKind.INTERNAL, "did you mean 'openai-chat'"),
        (VLLM, {"key": "env:NO_SUCH_KEY"}, ErrorKind.INTERNAL, "NO_SUCH_KEY"),
    ],
)
async def test_what_cannot_be_is_an_error_with_words(documents, plan, kind, said, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(BackendError) as caught:
        await connected(documents, **plan)
    assert caught.value.kind is kind
    assert said in caught.value.message


async def test_nobody_there_is_the_error_even_where_the_model_is_named():
    url = "http://127.0.0.1:1"
    with pytest.raises(BackendError) as caught:
        await connect(BackendPlan(name="a", url=url, model="m"), url)
    assert caught.value.kind is ErrorKind.CONNECT
