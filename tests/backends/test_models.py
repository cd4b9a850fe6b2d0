"""Asking a server which models it has."""

import asyncio

import pytest

from infertop.backends.errors import BackendError, ErrorKind
from infertop.backends.models import ServedModel, list_models


def answers(body: bytes, status: bytes = b"200 OK", fields: bytes = b""):
    async def script(peer):
        await peer.request()
        await peer.send(b"HTTP/1.1 %s\r\n%bcontent-length: %d\r\n\r\n%b" % (status, fields, len(body), body))

    return script


async def test_models_and_what_tells_the_software(serve, monkeypatch):
    monkeypatch.setenv("SOME_KEY", "sk-1")
    listing = b'{"object":"list","data":[{"id":"a","owned_by":"vllm","max_model_len":9},{"id":"b/c"}]}'
    async with serve(answers(listing, fields=b"Server: uvicorn\r\n")) as server:
        models = await list_models(f"127.0.0.1:{server.port}", "env:SOME_KEY", 2.0)
    assert models == (ServedModel("a", "vllm", "uvicorn"), ServedModel("b/c", "", "uvicorn"))
    head = server.requests[0][0]
    assert head.startswith("GET /v1/models HTTP/1.1\r\n")
    assert "Authorization: Bearer sk-1\r\n" in head


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b'{"data": 5}', b'{"data": [{"name": "x"}]}'])
async def test_something_else_is_malformed(serve, body):
    async with serve(answers(body)) as server:
        with pytest.raises(BackendError, match="does not list models") as caught:
            await list_models(server.url, timeout_s=2.0)
    assert caught.value.kind is ErrorKind.MALFORMED


async def test_refusal(serve):
    async with serve(answers(b'{"error": {"message": "who are you?"}}', b"401 Unauthorized")) as server:
        with pytest.raises(BackendError, match=r"who are you\?") as caught:
            await list_models(server.url, timeout_s=2.0)
    assert (caught.value.kind, caught.value.status) == (ErrorKind.CLIENT, 401)


async def test_silence_is_a_timeout(serve):
    async def script(peer):
        await asyncio.sleep(5)

    async with serve(script) as server:
        with pytest.raises(BackendError) as caught:
            await list_models(server.url, timeout_s=0.1)
    assert caught.value.kind is ErrorKind.TIMEOUT
