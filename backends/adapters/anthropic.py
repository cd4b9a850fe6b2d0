"""Adapter for streaming `POST {base URL}/messages`: Anthropic, and llama.cpp and vLLM, which speak it too."""

from typing import Final
from urllib.parse import urlsplit

from ..base import Request
from ..client import bearer
from ..credentials import resolve
from ..urls import base_url
from .anthropic_wire import AnthropicStream
from .http_backend import Extra, HttpBackend
from .json_body import system_text, turns, with_extra

URL: Final = "https://api.anthropic.com"
KEY: Final = "env:ANTHROPIC_API_KEY"
VERSION: Final = "2023-06-01"


class Anthropic(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Anthropic's own API gets no temperature unless `extra` gives one: since Claude Opus 4.7 its models refuse any.

    Args:
        url: base URL, or what a person types for one (`backends.urls`); "" is Anthropic's own.
        model: model name to ask for.
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body (`json_body.with_extra`).

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None) -> None:
        secret = resolve(key)
        url = base_url(url or URL)
        self._is_own = urlsplit(url).hostname == urlsplit(URL).hostname
        headers = {"anthropic-version": VERSION}
        if secret is not None:
            headers["x-api-key"] = secret.reveal()
            if not self._is_own:  # other servers look for the key of their OpenAI route
                headers.update(bearer(secret))
        super().__init__(f"{url}/messages", secret, headers)
        self._model = model
        self._extra = dict(extra or {})

    def _wire(self, request: Request) -> AnthropicStream:  # noqa: ARG002 - all answers are read alike
        return AnthropicStream()

    def _body(self, request: Request) -> dict[str, object]:
        body: dict[str, object] = {
            "model": self._model,
            "messages": [{"role": each.role, "content": each.content} for each in turns(request.messages)],
            "max_tokens": request.max_tokens,
            "stream": True,
        }
        if system := system_text(request.messages):
            body["system"] = system
        if not self._is_own:
            body["temperature"] = request.temperature
        return with_extra(body, self._extra)
