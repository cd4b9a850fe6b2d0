"""Finding servers on this machine, with real sockets."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from infertop.backends.discovery import LocalServer, local_servers

MODELS = b'{"object":"list","data":[{"id":"tiny","object":"model"},{"id":"small","object":"model"}]}'

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Answer], AbstractAsyncContextManager[int]]


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[int]:
    """A server that reads a request's head and lets `answer` do the rest; yields its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def responding(body: bytes, status: str = "200 OK", content_type: str = "application/json") -> Answer:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n".encode()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head + body)
        await writer.drain()

    return answer


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_server_is_found_with_its_models_in_order() -> None:
    async with listening(responding(MODELS)) as port:
        found = await local_servers({free_port(): "Nobody", port: "vLLM"})
    assert found == (LocalServer(f"http://127.0.0.1:{port}/v1", "vLLM", ("tiny", "small")),)


@pytest.mark.parametrize(
    "answer",
    [
        responding(b"<html>my web app</html>", content_type="text/html"),
        responding(b"nothing here", "404 Not Found"),
        responding(b'{"data":[]}'),
        responding(b'{"data":"none"}'),
        silent,
    ],
)
async def test_what_lists_no_model_is_no_inference_server(answer: Answer) -> None:
    async with listening(answer) as port:
        assert await local_servers({port: "llama.cpp"}) == ()


async def test_all_ports_together_take_less_than_the_promised_time() -> None:
    async with listening(silent) as slow, listening(responding(MODELS)) as quick:
        await local_servers({quick: "x"})  # the first question loads the client
        start = time.perf_counter()
        found = await local_servers({slow: "Ollama", quick: "vLLM", free_port(): "SGLang"})
        elapsed_s = time.perf_counter() - start
    assert [server.usual for server in found] == ["vLLM"]
    assert elapsed_s < 0.4
