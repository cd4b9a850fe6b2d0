"""Adapter for streaming `POST {root}/generate_stream` of Hugging Face's Text Generation Inference.

Shape: TGI's openapi.json and docs/source/conceptual/streaming.md. One event a token, so that its running number is an
exact token count; the last carries the details. The prompt goes as it is, without a chat template, and a fixed length
cannot be asked for.
"""

from typing import Any

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


class _Token(msgspec.Struct, gc=False):
    text: str = ""
    special: bool = False


class _Details(msgspec.Struct, gc=False):
    finish_reason: str = ""
    generated_tokens: int = 0
    input_length: int | None = None


class _Event(msgspec.Struct, gc=False):
    token: _Token | None = None
    generated_text: str | None = None
    details: _Details | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Event)


class TgiBackend(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Args:
        url: the server's root, or what a person types for it (`backends.urls`).
        model: not sent: a server has one.
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body (`json_body.with_extra`): "parameters.top_p".

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str = "", key: str = "", extra: Extra | None = None) -> None:  # noqa: ARG002
        secret = resolve(key)
        super().__init__(f"{root_url(url)}/generate_stream", secret, bearer(secret))
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> "TgiStream":  # noqa: ARG002 - all answers are read alike
        return TgiStream()

    def _body(self, request: Request) -> dict[str, object]:
        return tgi_body(request, self._extra)


def tgi_body(request: Request, extra: Extra) -> dict[str, object]:
    """The body of a request, the same for the server itself and behind SageMaker."""
    # A temperature of 0 is rejected; greedy is what happens without one.
    sampling = {"do_sample": True, "temperature": request.temperature} if request.temperature else {}
    parameters = {"max_new_tokens": request.max_tokens, "details": True, **sampling}
    return with_extra({"inputs": plain_prompt(request.messages), "parameters": parameters}, extra)


class TgiStream(EventWire):
    """One answer; a `wire.Wire`."""

    unfinished = "no event that tells why"

    def __init__(self) -> None:
        super().__init__(_DECODER, SseSplitter())
        self._tokens = 0

    def _take(self, arrival: Arrival, event: _Event) -> None:
        if event.error is not None:
            self._fail(event.error)
            return
        if event.token is not None:
            self._tokens += 1
            arrival.output_tokens = self._tokens
            if not event.token.special:
                add_text(arrival, event.token.text)
        if event.details is not None or event.generated_text is not None:
            self.finished = self.done = True
        if event.details is not None:
            arrival.finish_reason = event.details.finish_reason
            if event.details.input_length is not None:
                arrival.usage = Usage(event.details.input_length, event.details.generated_tokens)
