"""Adapter for SGLang's own streaming `POST {root}/generate`.

Shape: SGLang's docs/basic_usage/native_api.ipynb and sampling_params.md. Every event holds the *whole* text so far,
and the running token counts. The prompt goes as it is, without a chat template.
"""

from typing import Any, Final

import msgspec

from ..base import Arrival, Request, Usage
from ..client import bearer
from ..credentials import resolve
from ..errors import ErrorKind
from ..urls import root_url
from .event_wire import JSON, EventWire, add_text
from .http_backend import Extra, HttpBackend
from .json_body import with_extra
from .openai_wire import DONE
from .plain_prompt import plain_prompt
from .sse import SseSplitter


class _FinishReason(msgspec.Struct, gc=False):
    type: str = ""
    message: str | None = None


class _Meta(msgspec.Struct, gc=False):
    prompt_tokens: int = 0
    completion_tokens: int | None = None
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    finish_reason: _FinishReason | None = None
    e2e_latency: float | None = None
    queue_time: float | None = None


class _Event(msgspec.Struct, gc=False):
    text: str = ""
    meta_info: _Meta | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Event)
_SECONDS: Final = {"e2e_latency": "total", "queue_time": "queue"}


class SglangBackend(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Args:
        url: the server's root, or what a person types for it (`backends.urls`).
        model: not sent: a server has one.
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body (`json_body.with_extra`): "sampling_params.top_p".

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    can_fix_length = True

    def __init__(self, *, url: str, model: str = "", key: str = "", extra: Extra | None = None) -> None:  # noqa: ARG002
        secret = resolve(key)
        super().__init__(f"{root_url(url)}/generate", secret, bearer(secret))
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> "SglangStream":  # noqa: ARG002 - all answers are read alike
        return SglangStream()

    def _body(self, request: Request) -> dict[str, object]:
        fixed = {"ignore_eos": True, "min_new_tokens": request.max_tokens} if request.fixed_length else {}
        sampling = {"max_new_tokens": request.max_tokens, "temperature": request.temperature, **fixed}
        body = {"text": plain_prompt(request.messages), "sampling_params": sampling, "stream": True}
        return with_extra(body, self._extra)


class SglangStream(EventWire):
    """One answer; a `wire.Wire`."""

    last_word = DONE
    document_types = JSON
    unfinished = "neither a finish reason nor [DONE]"

    def __init__(self) -> None:
        super().__init__(_DECODER, SseSplitter())
        self._text = ""

    def _take(self, arrival: Arrival, event: _Event) -> None:
        if event.error is not None:
            self._fail(event.error)
            return
        meta = event.meta_info or _Meta()
        if meta.finish_reason is not None and meta.finish_reason.type == "abort":
            self._fail(meta.finish_reason.message)
            return
        if not event.text.startswith(self._text):
            wanted = "the text of an event does not begin with that of the one before: is --incremental-streaming on?"
            self.failure = ErrorKind.MALFORMED, wanted
            return
        add_text(arrival, event.text[len(self._text) :])
        self._text = event.text
        if meta.completion_tokens is not None:
            arrival.output_tokens = meta.completion_tokens
        if meta.finish_reason is not None:
            self.finished = True
            arrival.finish_reason = meta.finish_reason.type
            if meta.completion_tokens is not None:
                arrival.usage = Usage(
                    input_tokens=meta.prompt_tokens,
                    output_tokens=meta.completion_tokens,
                    cached_tokens=meta.cached_tokens,
                    reasoning_tokens=meta.reasoning_tokens,
                )
            spent_s = {name: getattr(meta, field) for field, name in _SECONDS.items()}
            arrival.vendor = {name: seconds for name, seconds in spent_s.items() if seconds is not None}
