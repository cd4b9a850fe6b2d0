"""Which adapter speaks which protocol."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from ..base import Backend
from .openai_chat import OpenAiChat

_ADAPTERS: Final[Mapping[str, Callable[..., Backend]]] = {
    "openai-chat": OpenAiChat,
}


class UnknownApiError(ValueError):
    """No adapter has this name."""


def open_backend(
    api: str, *, url: str, model: str, key: str = "", extra: Mapping[str, bool | int | float | str] | None = None
) -> Backend:
    """A backend that speaks `api`; nothing is sent yet.

    Args:
        api: name of the protocol ("openai-chat").
        url: base URL, or what a person types for one (`backends.urls`).
        model: model name to ask for.
        key: where the API key is: "env:NAME" or "file:PATH"; "" sends none.
        extra: fields added to the request body.

    Raises:
        UnknownApiError: there is no such `api`.
        CredentialError: the key cannot be had.
        UrlError: `url` is not one.
        ProxyError: the environment names a proxy of an unsupported kind.
    """
    adapter = _ADAPTERS.get(api)
    if adapter is None:
        near = get_close_matches(api, _ADAPTERS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_ADAPTERS)}"
        raise UnknownApiError(f"api {api!r} is not known; {hint}")
    return adapter(url=url, model=model, key=key, extra=extra or {})
