"""Which adapter speaks which protocol; each is loaded only when somebody speaks it."""

import importlib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, cast

from ..base import Backend

ADAPTERS: Final[Mapping[str, str]] = {
    "openai-chat": "openai_chat.OpenAiChat",
    "openai-completions": "openai_completions.OpenAiCompletions",
    "tgi": "tgi.TgiBackend",
    "triton": "triton.TritonBackend",
    "ollama": "ollama.OllamaBackend",
    "sglang": "sglang.SglangBackend",
    "openai-responses": "openai_responses.OpenAiResponses",
    "anthropic": "anthropic.Anthropic",
    "gemini": "gemini.Gemini",
    "vertex": "vertex.VertexGemini",
    "vertex-chat": "vertex.VertexChat",
    "bedrock": "bedrock.Bedrock",
    "sagemaker": "sagemaker.SageMakerChat",
    "sagemaker-tgi": "sagemaker.SageMakerTgi",
}
"""Name of the protocol to module and class, in this folder."""

PLACED: Final = frozenset(
    {"anthropic", "gemini", "vertex", "vertex-chat", "bedrock", "sagemaker", "sagemaker-tgi", "openai-responses"}
)
"""Protocols whose adapters know where to send when no URL is given."""

OF_MANY_SERVERS: Final = frozenset({"openai-chat", "openai-completions"})
"""Protocols that servers of different make speak, each with additions of its own (`backends.dialects`)."""


class UnknownApiError(ValueError):
    """No adapter has this name."""


def open_backend(
    api: str,
    *,
    url: str,
    model: str,
    key: str = "",
    extra: Mapping[str, bool | int | float | str] | None = None,
    server: str = "",
) -> Backend:
    """A backend that speaks `api`; nothing is sent yet.

    Args:
        api: name of the protocol ("openai-chat").
        url: base URL, or what a person types for one (`backends.urls`).
        model: model name to ask for.
        key: where the API key is (`credentials.FORMS`); "" sends none.
        extra: fields added to the request body.
        server: what answers there, an id of `backends.dialects`, for protocols OF_MANY_SERVERS; "" goes by the host.

    Raises:
        UnknownApiError: there is no such `api`.
        CredentialError: the key cannot be had.
        UrlError: `url` is not one.
        ProxyError: the environment names a proxy of an unsupported kind.
    """
    if api not in ADAPTERS:
        near = get_close_matches(api, ADAPTERS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(ADAPTERS)}"
        raise UnknownApiError(f"api {api!r} is not known; {hint}")
    module, _, name = ADAPTERS[api].partition(".")
    adapter = getattr(importlib.import_module(f".{module}", __package__), name)
    more = {"server": server} if api in OF_MANY_SERVERS else {}
    return cast("Backend", adapter(url=url, model=model, key=key, extra=extra or {}, **more))
