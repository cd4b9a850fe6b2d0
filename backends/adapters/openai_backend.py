"""What the OpenAI chat and completions protocols have in common, and how servers differ in them."""

from abc import abstractmethod
from typing import ClassVar

from ..base import Request
from ..client import bearer
from ..credentials import resolve
from ..dialects import dialect, hosted_at
from ..urls import base_url
from .http_backend import Extra, HttpBackend
from .json_body import with_extra
from .openai_stream import ChatStream


class OpenAiBackend(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Args:
        url: base URL, or what a person types for one (`backends.urls`).
        model: model name to ask for.
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body (`json_body.with_extra`): "stream_options.continuous_usage_stats".
        server: what answers there, an id of `backends.dialects`; "" goes by the host.

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    endpoint: ClassVar[str]

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None, server: str = "") -> None:
        secret = resolve(key)
        super().__init__(f"{base_url(url)}{self.endpoint}", secret, bearer(secret))
        self._dialect = dialect(server or hosted_at(base_url(url)))
        self.can_fix_length = bool(self._dialect.length_fields)
        self._model = model
        self._extra = dict(extra or {})

    @abstractmethod
    def _asked(self, request: Request) -> dict[str, object]:
        """The fields that hold the prompt and the most output tokens."""

    def _wire(self, request: Request) -> ChatStream:  # noqa: ARG002 - all answers are read alike
        return ChatStream(continuous_usage=self._dialect.continuous_usage)

    def _body(self, request: Request) -> dict[str, object]:
        stream_options = {"include_usage": True, **self._dialect.stream_options}
        if self._dialect.continuous_usage:
            stream_options["continuous_usage_stats"] = True
        body = {
            "model": self._model,
            **self._asked(request),
            **self._dialect.sampling(self._model, request.temperature),
            "stream": True,
            "stream_options": stream_options,
            **self._dialect.body,
            **(self._dialect.length(request.max_tokens) if request.fixed_length else {}),
        }
        return with_extra(body, self._extra)
