"""Adapter for streaming `POST {base URL}/chat/completions`: vLLM, SGLang, llama.cpp, TGI, OpenAI, Groq, Cerebras."""

from ..base import Request
from .openai_backend import OpenAiBackend


class OpenAiChat(OpenAiBackend):
    """One endpoint; see `OpenAiBackend`."""

    endpoint = "/chat/completions"

    def _asked(self, request: Request) -> dict[str, object]:
        return {
            "messages": [{"role": each.role, "content": each.content} for each in request.messages],
            self._dialect.limit_field: request.max_tokens,
        }
