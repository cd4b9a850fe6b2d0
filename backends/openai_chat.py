"""Adapter for streaming `POST {base URL}/chat/completions`: vLLM, SGLang, llama.cpp, TGI, OpenAI, Groq, Cerebras."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, Self

import httpx
import msgspec

from .base import Answer, Arrival, Request, Stamp
from .client import open_client, whole_body
from .credentials import Secret, resolve
from .errors import BackendError, ErrorKind
from .http_errors import failure, refusal, shown
from .openai_wire import ChatDecoder
from .printable import printable
from .sse import EventTooLongError, SseSplitter
from .urls import base_url

CONNECT_TIMEOUT_S: Final = 10.0

_STRICT_HOSTS: Final = frozenset({"api.openai.com", "api.groq.com", "api.cerebras.ai"})
"""Hosts that want `max_completion_tokens`, whose predecessor they reject or discourage, and that reject fields
they do not know. Servers one runs oneself all take `max_tokens`, and older ones ignore the newer name."""

_DRAIN_S: Final = 1.0
_WHOLE_LIMIT_BYTES: Final = 4 << 20

_Reads = AsyncIterator[tuple[int, bytes]]


class OpenAiChat:
    """One endpoint; see `backends.base.Backend` for how it is used.

    Args:
        url: base URL, or what a person types for one (`backends.urls`).
        model: model name to ask for.
        key: where the API key is: "env:NAME" or "file:PATH"; "" sends none.
        extra: fields added to the request body, over those it would have.
        continuous_usage: ask for running usage on every chunk (vLLM and those like it).

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str = "",
        extra: Mapping[str, bool | int | float | str] | None = None,
        continuous_usage: bool = False,
    ) -> None:
        self._url = httpx.URL(f"{base_url(url)}/chat/completions")
        self._model = model
        self._key = resolve(key)
        self._extra = dict(extra or {})
        self._continuous_usage = continuous_usage
        self._client = open_client(str(self._url), self._key)

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Answer]:
        """Send `request` once. Raises BackendError, here or from the answer, and nothing else for a failure."""
        connect_s = min(CONNECT_TIMEOUT_S, request.timeout_s)
        try:
            body = msgspec.json.encode(self._body(request))
        except UnicodeEncodeError as error:
            raise BackendError(ErrorKind.INTERNAL, f"the prompt is not valid Unicode: {error.reason}") from error
        http_request = self._client.build_request(
            "POST",
            self._url,
            content=body,
            headers={"Content-Type": "application/json"},
            extensions={"timeout": {"connect": connect_s, "total": request.timeout_s}},
        )
        try:
            response = await self._client.send(http_request, stream=True)
        except httpx.HTTPError as error:
            raise failure(error, http_request, self._key) from error
        try:
            if not response.is_success:
                raise await refusal(response, self._key)
            yield _ChatAnswer(response, self._key, continuous_usage=self._continuous_usage)
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def _body(self, request: Request) -> dict[str, object]:
        strict = self._url.host in _STRICT_HOSTS
        body: dict[str, object] = {
            "model": self._model,
            "messages": [{"role": each.role, "content": each.content} for each in request.messages],
            "max_completion_tokens" if strict else "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self._continuous_usage:
            body["stream_options"] = {"include_usage": True, "continuous_usage_stats": True}
        if request.fixed_length and not strict:
            body |= {"ignore_eos": True, "min_tokens": request.max_tokens}
        return body | self._extra


class _ChatAnswer:
    """A response as arrivals."""

    def __init__(self, response: httpx.Response, key: Secret | None, *, continuous_usage: bool) -> None:
        extensions = response.extensions
        self.sent_ns: int = extensions["sent_ns"]
        self.connect_ns: int = extensions["connect_ns"]
        self.resent: bool = extensions["resent"]
        self.stamp: Stamp = extensions["stamp"]
        self.server = printable(response.headers.get("server", ""), 80)
        self._response = response
        self._key = key
        self._decoder = ChatDecoder(continuous_usage=continuous_usage)
        self._reads: _Reads = extensions["reads"]
        self._split: Callable[[bytes], list[bytes]] = SseSplitter().feed
        self._unfinished = ErrorKind.CUT, "the stream ended with neither a finish reason nor [DONE]"
        self._take_content_type()

    def _take_content_type(self) -> None:
        """Get ready for an event stream, or for a server that answers with a whole JSON document instead."""
        headers = self._response.headers
        content_type = headers.get("content-type", "text/event-stream").partition(";")[0].strip().lower()
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding != "identity":
            raise self._error(ErrorKind.MALFORMED, f"the server compressed its answer ({encoding}) unasked")
        if content_type == "application/json":
            self._reads = _whole(self._response)
            self._split = _unsplit
            self._unfinished = ErrorKind.MALFORMED, "the server answered JSON that is no chat completion"
        elif content_type != "text/event-stream":
            raise self._error(ErrorKind.MALFORMED, f"the server answered {content_type}, not an event stream")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Arrival:
        decoder = self._decoder
        while decoder.failure is None and not decoder.done:
            try:
                at_ns, body = await anext(self._reads)
                payloads = self._split(body)
            except StopAsyncIteration:
                if decoder.finished:
                    raise
                raise self._error(*self._unfinished) from None
            except httpx.HTTPError as error:
                if decoder.finished:
                    raise StopAsyncIteration from None
                raise failure(error, self._response.request, self._key) from error
            except EventTooLongError as error:
                raise self._error(ErrorKind.MALFORMED, str(error)) from None
            if payloads:
                return decoder.decode(at_ns, payloads)
        if decoder.failure is not None:
            raise self._error(*decoder.failure)
        await self._drain()
        raise StopAsyncIteration

    async def _drain(self) -> None:
        """Let the response end, so that its connection can be used again; a server that dawdles loses it."""
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(_DRAIN_S):
                async for _ in self._reads:
                    pass

    def _error(self, kind: ErrorKind, message: str) -> BackendError:
        message = shown(message, self._key)
        return BackendError(kind, message, status=self._response.status_code, sent_ns=self.sent_ns)


async def _whole(response: httpx.Response) -> _Reads:
    """A body as one read, stamped like its last."""
    yield await whole_body(response, _WHOLE_LIMIT_BYTES)


def _unsplit(body: bytes) -> list[bytes]:
    return [body]
