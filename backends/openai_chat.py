"""Adapter for streaming `POST {base URL}/chat/completions`: vLLM, SGLang, llama.cpp, TGI, OpenAI, Groq, Cerebras."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

import httpx
import msgspec

from .base import Answer, Arrival, Request, Stamp
from .client import open_transport, standing_headers, whole_body
from .credentials import Secret, resolve
from .errors import BackendError, ErrorKind
from .http_errors import failure, refusal, shown
from .openai_stream import ChatStream
from .printable import printable
from .sse import EventTooLongError
from .urls import base_url

CONNECT_TIMEOUT_S: Final = 10.0

_STRICT_HOSTS: Final = frozenset({"api.openai.com", "api.groq.com", "api.cerebras.ai"})
"""Hosts that want `max_completion_tokens`, whose predecessor they reject or discourage, and that reject fields
they do not know. Servers one runs oneself all take `max_tokens`, and older ones ignore the newer name."""

_DRAIN_S: Final = 1.0
_WHOLE_LIMIT_BYTES: Final = 4 << 20


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
        self._transport = open_transport(self._url)
        self._headers = standing_headers(self._key)
        self._headers["Host"] = self._url.netloc.decode("ascii")
        self._headers["Content-Type"] = "application/json"

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Answer]:
        """Send `request` once. Raises BackendError, here or from the answer, and nothing else for a failure."""
        http_request = self._http_request(request)
        try:
            response = await self._transport.handle_async_request(http_request)
        except httpx.HTTPError as error:
            raise failure(error, http_request, self._key) from error
        try:
            if not response.is_success:
                raise await refusal(response, self._key)
            stream = ChatStream(continuous_usage=self._continuous_usage)
            yield _ChatAnswer(response, http_request, self._key, stream)
        finally:
            await response.aclose()

    def _http_request(self, request: Request) -> httpx.Request:
        """The request as it goes over the wire; `httpx.AsyncClient` would take 0.1 ms longer to make and send it."""
        try:
            body = msgspec.json.encode(self._body(request))
        except UnicodeEncodeError as error:
            raise BackendError(ErrorKind.INTERNAL, f"the prompt is not valid Unicode: {error.reason}") from error
        connect_s = min(CONNECT_TIMEOUT_S, request.timeout_s)
        made = httpx.Request(
            "POST",
            self._url,
            headers=self._headers,
            stream=httpx.ByteStream(body),
            extensions={"timeout": {"connect": connect_s, "total": request.timeout_s}},
        )
        made.headers["Content-Length"] = str(len(body))
        return made

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

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

    def __init__(
        self, response: httpx.Response, request: httpx.Request, key: Secret | None, stream: ChatStream
    ) -> None:
        extensions = response.extensions
        self.sent_ns: int = extensions["sent_ns"]
        self.connect_ns: int = extensions["connect_ns"]
        self.resent: bool = extensions["resent"]
        self.stamp: Stamp = extensions["stamp"]
        self._response = response
        self._request = request
        self._key = key
        self._stream = stream
        headers = {name.lower(): value.decode("latin-1") for name, value in response.headers.raw}
        self.server = printable(headers.get(b"server", ""), 80)
        content_type = headers.get(b"content-type", "text/event-stream").partition(";")[0].strip().lower()
        encoding = headers.get(b"content-encoding", "identity").strip().lower()
        if encoding != "identity":
            raise self._error(ErrorKind.MALFORMED, f"the server compressed its answer ({encoding}) unasked")
        if content_type not in {"text/event-stream", "application/json"}:
            raise self._error(ErrorKind.MALFORMED, f"the server answered {content_type}, not an event stream")
        self._is_document = content_type == "application/json"

    async def deliver(self, take: Callable[[Arrival], None]) -> None:
        """See `backends.base.Answer`."""
        decoder = self._stream.decoder
        try:
            if self._is_document:
                at_ns, body = await whole_body(self._response, _WHOLE_LIMIT_BYTES)
                take(decoder.decode(at_ns, [body]))
            else:
                await self._deliver_stream(take)
        except httpx.HTTPError as error:
            if not decoder.finished:
                raise failure(error, self._request, self._key) from error
        except EventTooLongError as error:
            raise self._error(ErrorKind.MALFORMED, str(error)) from None
        if decoder.failure is not None:
            raise self._error(*decoder.failure)
        if not decoder.finished and self._is_document:
            raise self._error(ErrorKind.MALFORMED, "the server answered JSON that is no chat completion")
        if not decoder.finished:
            raise self._error(ErrorKind.CUT, "the stream ended with neither a finish reason nor [DONE]")

    async def _deliver_stream(self, take: Callable[[Arrival], None]) -> None:
        """Every arrival up to `[DONE]` or a failure.

        Then let the response end, so that its connection can be used again; a server that dawdles loses it.
        """
        decoder, arrived = self._stream.decoder, self._stream.arrival

        def on_read(at_ns: int, body: bytes) -> bool:
            arrival = arrived(at_ns, body)
            if arrival is not None:
                take(arrival)
            return not decoder.done and decoder.failure is None

        reads = self._response.extensions["reads"]
        await reads.each(on_read)
        if decoder.done:
            with suppress(TimeoutError):
                async with asyncio.timeout(_DRAIN_S):
                    await reads.each(_drop)

    def _error(self, kind: ErrorKind, message: str) -> BackendError:
        message = shown(message, self._key)
        return BackendError(kind, message, status=self._response.status_code, sent_ns=self.sent_ns)


def _drop(at_ns: int, body: bytes) -> bool:  # noqa: ARG001 - what comes after the end means nothing
    return True
