"""Adapter for `POST {base URL}/models/MODEL:streamGenerateContent` of the Gemini API."""

from typing import Final
from urllib.parse import quote

from ..base import Request
from ..credentials import resolve
from ..urls import base_url
from .gemini_wire import GeminiStream
from .http_backend import Extra, HttpBackend
from .json_body import system_text, turns, with_extra

URL: Final = "https://generativelanguage.googleapis.com/v1beta"
KEY: Final = "env:GEMINI_API_KEY"

METHOD: Final = ":streamGenerateContent?alt=sse"
"""Without `alt=sse` the answer is one JSON array."""

_ROLES: Final = {"user": "user", "assistant": "model"}


class Gemini(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Args:
        url: base URL, or what a person types for one (`backends.urls`); "" is Google's own.
        model: model name to ask for, with or without "models/".
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body (`json_body.with_extra`):
            "generationConfig.thinkingConfig.includeThoughts".

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None) -> None:
        secret = resolve(key)
        headers = {} if secret is None else {"x-goog-api-key": secret.reveal()}
        path = f"/models/{quote(model.removeprefix('models/'), safe='')}{METHOD}"
        super().__init__(base_url(url or URL, "/v1beta") + path, secret, headers)
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> GeminiStream:  # noqa: ARG002 - all answers are read alike
        return GeminiStream()

    def _body(self, request: Request) -> dict[str, object]:
        return gemini_body(request, self._extra)


def gemini_body(request: Request, extra: Extra) -> dict[str, object]:
    """The body of a request, the same for the Gemini API and Vertex AI."""
    contents = [{"role": _ROLES[each.role], "parts": [{"text": each.content}]} for each in turns(request.messages)]
    body: dict[str, object] = {
        "contents": contents,
        "generationConfig": {"maxOutputTokens": request.max_tokens, "temperature": request.temperature},
    }
    if system := system_text(request.messages):
        body["systemInstruction"] = {"parts": [{"text": system}]}
    return with_extra(body, extra)
