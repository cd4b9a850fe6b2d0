"""Adapter for streaming `POST {base URL}/completions`: a plain prompt, no chat template."""

from ..base import Request
from .openai_backend import OpenAiBackend
from .plain_prompt import plain_prompt


class OpenAiCompletions(OpenAiBackend):
    """One endpoint; see `OpenAiBackend`."""

    endpoint = "/completions"

    def _asked(self, request: Request) -> dict[str, object]:
        return {"prompt": plain_prompt(request.messages), "max_tokens": request.max_tokens}
