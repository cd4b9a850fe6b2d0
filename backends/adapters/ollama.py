"""Adapter for streaming `POST {root}/api/chat` of Ollama: newline-delimited JSON, durations in nanoseconds.

Shape: Ollama's docs/api.md. A fixed length cannot be asked for.
"""

from collections.abc import Set as AbstractSet
from typing import Any, Final

import msgspec

from ..base import Arrival, Request, Usage
from ..client import bearer
from ..credentials import resolve
from ..urls import root_url
from .event_wire import JSON, EventWire, add_arguments, add_reasoning, add_text
from .http_backend import Extra, HttpBackend
from .json_body import with_extra
from .ndjson import LineSplitter


class _Function(msgspec.Struct, gc=False):
    arguments: msgspec.Raw = msgspec.Raw()


class _ToolCall(msgspec.Struct, gc=False):
    function: _Function | None = None


class _Message(msgspec.Struct, gc=False):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Line(msgspec.Struct, gc=False):
    message: _Message | None = None
    done: bool = False
    done_reason: str | None = None
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Line)
_DURATIONS: Final = {
    "total_duration": "total",
    "load_duration": "load",
    "prompt_eval_duration": "prefill",
    "eval_duration": "decode",
}


class OllamaBackend(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Args:
        url: the server's root, or what a person types for it (`backends.urls`).
        model: model name to ask for ("llama3.2:1b").
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body (`json_body.with_extra`): "options.num_ctx", "think".

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None) -> None:
        secret = resolve(key)
        super().__init__(f"{root_url(url)}/api/chat", secret, bearer(secret))
        self._model = model
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> "OllamaStream":  # noqa: ARG002 - all answers are read alike
        return OllamaStream()

    def _body(self, request: Request) -> dict[str, object]:
        options = {"num_predict": request.max_tokens, "temperature": request.temperature}
        body = {
            "model": self._model,
            "messages": [{"role": each.role, "content": each.content} for each in request.messages],
            "stream": True,
            "options": options,
        }
        return with_extra(body, self._extra)


class OllamaStream(EventWire):
    """One answer; a `wire.Wire`."""

    stream_types: AbstractSet[str] = frozenset({"application/x-ndjson"})
    document_types = JSON
    unfinished = 'no line that says "done"'

    def __init__(self) -> None:
        super().__init__(_DECODER, LineSplitter())

    def _take(self, arrival: Arrival, event: _Line) -> None:
        if event.error is not None:
            self._fail(event.error)
            return
        if event.message is not None:
            add_reasoning(arrival, event.message.thinking)
            add_text(arrival, event.message.content)
            for call in event.message.tool_calls or ():
                if call.function is not None:
                    add_arguments(arrival, bytes(call.function.arguments).decode())
        if event.done:
            self.finished = self.done = True
            arrival.finish_reason = event.done_reason
            if event.eval_count is not None:
                # A prompt that was cached as a whole is not counted: the server leaves the field out.
                arrival.usage = Usage(event.prompt_eval_count or 0, event.eval_count)
            spent_ns = {name: getattr(event, field) for field, name in _DURATIONS.items()}
            arrival.vendor = {name: ns / 1e9 for name, ns in spent_ns.items() if ns is not None}
