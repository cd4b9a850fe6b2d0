"""Adapter for streaming `POST {base URL}/chat/completions`: vLLM, SGLang, llama.cpp, TGI, OpenAI, Groq, Cerebras."""

from typing import Final

from ..base import Request
from ..client import bearer
from ..credentials import resolve
from ..urls import base_url
from .http_backend import Extra, HttpBackend
from .openai_stream import ChatStream

_STRICT_HOSTS: Final = frozenset({"api.openai.com", "api.groq.com", "api.cerebras.ai"})
"""Hosts that want `max_completion_tokens`, whose predecessor they reject or discourage, and that reject fields
they do not know. Servers one runs oneself all take `max_tokens`, and older ones ignore the newer name."""


class OpenAiChat(HttpBackend):
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
        self, *, url: str, model: str, key: str = "", extra: Extra | None = None, continuous_usage: bool = False
    ) -> None:
        secret = resolve(key)
        super().__init__(f"{base_url(url)}/chat/completions", secret, bearer(secret))
        self._model = model
        self._extra = dict(extra or {})
        self._continuous_usage = continuous_usage

    def _wire(self, request: Request) -> ChatStream:  # noqa: ARG002 - all answers are read alike
        return ChatStream(continuous_usage=self._continuous_usage)

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
