"""Adapter for streaming `POST {root}/v2/models/MODEL/generate_stream` of NVIDIA's Triton Inference Server.

Shape: Triton's docs/protocol/extension_generate.md; the fields are those that its vLLM and TensorRT-LLM backends
read, at the top of the body, where Triton makes each a tensor or a parameter as the model declares. A stream has no
last word: it ends with the response. Counts come only from models that declare them as outputs.
"""

from typing import Any
from urllib.parse import quote

import msgspec

from ..base import Arrival, Request, Usage
from ..client import bearer
from ..credentials import resolve
from ..urls import root_url
from .event_wire import EventWire, add_text
from .http_backend import Extra, HttpBackend
from .json_body import with_extra
from .plain_prompt import plain_prompt
from .sse import SseSplitter


class _Event(msgspec.Struct, gc=False):
    text_output: str = ""
    num_input_tokens: int | None = None
    num_output_tokens: int | None = None
    finish_reason: str | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Event)


class TritonBackend(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Args:
        url: the server's root, or what a person types for it (`backends.urls`).
        model: the model's name in the repository ("ensemble", "vllm_model"), or "name/versions/2".
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body (`json_body.with_extra`).

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None) -> None:
        secret = resolve(key)
        super().__init__(f"{root_url(url)}/v2/models/{quote(model)}/generate_stream", secret, bearer(secret))
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> "TritonStream":  # noqa: ARG002 - all answers are read alike
        return TritonStream()

    def _body(self, request: Request) -> dict[str, object]:
        body = {
            "text_input": plain_prompt(request.messages),
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stream": True,
            "exclude_input_in_output": True,
            "return_num_input_tokens": True,
            "return_num_output_tokens": True,
        }
        return with_extra(body, self._extra)


class TritonStream(EventWire):
    """One answer; a `wire.Wire`. A later error comes as an event although the status was 200."""

    def __init__(self) -> None:
        super().__init__(_DECODER, SseSplitter())
        self.unfinished = "no event"
        self._output_tokens = 0

    def _take(self, arrival: Arrival, event: _Event) -> None:
        if event.error is not None:
            self._fail(event.error)
            return
        self.unfinished = ""
        add_text(arrival, event.text_output)
        if event.finish_reason not in {None, "", "None"}:
            arrival.finish_reason = event.finish_reason
        if event.num_output_tokens is not None:  # of this event alone
            self._output_tokens += event.num_output_tokens
            arrival.output_tokens = self._output_tokens
            if event.num_input_tokens is not None:
                arrival.usage = Usage(event.num_input_tokens, self._output_tokens)
