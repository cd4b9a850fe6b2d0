"""What a server or provider understands beyond its protocol: serving software and vendors by id.

The ids are those of `BackendPlan.server`, of `recognition.Recognised.server` and, for hosted providers, of
`providers.PROVIDERS`. Sources are backends.md, "Wire protocols", and what servers here did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

from .providers import PROVIDERS

_IGNORE_EOS: Final = "ignore_eos"
_MIN_TOKENS: Final = "min_tokens"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One of them.

    Attributes:
        name: what people call it; "" where nothing is known about it.
        continuous_usage: it puts the running token counts on every chunk when asked (`continuous_usage_stats`).
        length_fields: the fields by which it can be asked for exactly `max_tokens` tokens; empty where it cannot.
        limit_field: its name for the most output tokens of a chat. Where it is the newer one, the older is rejected
            or discouraged; older servers ignore the newer.
        body: fields of every request, for what it tells only when asked.
        unsampled: beginnings of the names of models that refuse any temperature.
        stream_options: likewise, inside `stream_options`.
    """

    name: str = ""
    continuous_usage: bool = False
    length_fields: tuple[str, ...] = ()
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    body: Mapping[str, bool] = field(default_factory=dict)
    stream_options: Mapping[str, bool] = field(default_factory=dict)
    unsampled: tuple[str, ...] = ()

    def sampling(self, model: str, temperature: float) -> dict[str, object]:
        """The field that asks for `temperature`; empty where `model` refuses any."""
        return {} if model.startswith(self.unsampled) else {"temperature": temperature}

    def length(self, tokens: int) -> dict[str, object]:
        """The fields that ask for exactly `tokens` output tokens; empty where that cannot be asked."""
        values = {_IGNORE_EOS: True, _MIN_TOKENS: tokens}
        return {name: values[name] for name in self.length_fields}


_EXACT: Final = (_IGNORE_EOS, _MIN_TOKENS)

DIALECTS: Final[Mapping[str, Dialect]] = {
    "vllm": Dialect("vLLM", continuous_usage=True, length_fields=_EXACT),
    "sglang": Dialect("SGLang", continuous_usage=True, length_fields=_EXACT),
    "tensorrt-llm": Dialect("TensorRT-LLM", length_fields=_EXACT),
    "llama.cpp": Dialect("llama.cpp", length_fields=(_IGNORE_EOS,)),
    "tgi": Dialect("TGI"),
    "triton": Dialect("Triton"),
    "ollama": Dialect("Ollama"),
    "lm-studio": Dialect("LM Studio"),
    "fleet": Dialect("simulated", length_fields=_EXACT),
    "openai": Dialect(
        "OpenAI API",
        limit_field="max_completion_tokens",
        stream_options={"include_obfuscation": False},
        unsampled=("o1", "o3", "o4", "gpt-5"),
    ),
    "groq": Dialect("Groq API", limit_field="max_completion_tokens"),
    "cerebras": Dialect("Cerebras API", limit_field="max_completion_tokens"),
    "fireworks": Dialect("Fireworks API", body={"perf_metrics_in_response": True}),
}
"""Those about which something is known; `dialect` gives the plain protocol for any other."""

_PLAIN: Final = Dialect()


def dialect(server: str) -> Dialect:
    """What `server`, an id, understands; nothing beyond the protocol when it is not known."""
    return DIALECTS.get(server, _PLAIN)


def hosted_at(url: str) -> str:
    """The id of the provider whose API `url` is a part of, "" for any other server."""
    return _HOSTS.get(urlsplit(url).hostname or "", "")


_HOSTS: Final = {
    urlsplit(provider.base_url).hostname or "": id_
    for id_, provider in PROVIDERS.items()
    if provider.base_url.startswith("https:")
}
