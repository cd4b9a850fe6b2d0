"""Adapter for streaming `POST {base URL}/responses`: OpenAI, and llama.cpp and vLLM, which speak it too."""

from typing import Final

from ..base import Message, Request
from ..client import bearer
from ..credentials import resolve
from ..dialects import dialect, hosted_at
from ..urls import base_url
from .http_backend import Extra, HttpBackend
from .json_body import with_extra
from .responses_wire import ResponsesStream

URL: Final = "https://api.openai.com/v1"
KEY: Final = "env:OPENAI_API_KEY"


class OpenAiResponses(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Args:
        url: base URL, or what a person types for one (`backends.urls`); "" is OpenAI's own.
        model: model name to ask for.
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body (`json_body.with_extra`): "reasoning.effort".

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None) -> None:
        secret = resolve(key)
        url = base_url(url or URL)
        self._dialect = dialect(hosted_at(url))
        super().__init__(f"{url}/responses", secret, bearer(secret))
        self._model = model
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> ResponsesStream:  # noqa: ARG002 - all answers are read alike
        return ResponsesStream()

    def _body(self, request: Request) -> dict[str, object]:
        body: dict[str, object] = {
            "model": self._model,
            "input": [_item(each) for each in request.messages],
            "max_output_tokens": request.max_tokens,
            "stream": True,
            "store": False,
            **self._dialect.sampling(self._model, request.temperature),
        }
        if self._dialect.stream_options:
            body["stream_options"] = self._dialect.stream_options
        return with_extra(body, self._extra)


def _item(message: Message) -> dict[str, str]:
    """Without its type, llama.cpp knows no message of the assistant; with content in parts, older vLLM knows none."""
    return {"type": "message", "role": message.role, "content": message.content}
