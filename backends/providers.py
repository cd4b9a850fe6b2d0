"""Providers by short name: where they are, how to speak to them, which key they take, what they ask.

Only facts live here; nothing is contacted and no key is read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    Attributes:
        id: the word before the colon in `groq:openai/gpt-oss-120b`.
        name: what a person calls it.
        base_url: up to and including the version, as an OpenAI client takes it; "" where it depends on a region or a
            project, which the adapter finds out.
        key_variable: the environment variable that customarily holds its key; "" where none is sent, or the cloud's
            own credentials are used.
        example_model: a model it serves, by the name its API takes.
        api: which adapter speaks to it (`adapters.registry`).
        url_variable: the environment variable that customarily says where it is instead, "" for none.
    """

    id: str
    name: str
    base_url: str
    key_variable: str
    example_model: str
    api: str = "openai-chat"
    url_variable: str = ""

    def api_of(self, model: str) -> str:
        """Which adapter speaks to `model`: Vertex AI serves open models ("publisher/model") in another protocol."""
        if self.api == "vertex" and "/" in model and not model.startswith("publishers/"):
            return "vertex-chat"
        return self.api


PROVIDERS: Final[Mapping[str, Provider]] = {
    provider.id: provider
    for provider in (
        Provider("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "openai/gpt-oss-120b"),
        Provider("cerebras", "Cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", "gpt-oss-120b"),
        Provider("together", "Together", "https://api.together.xyz/v1", "TOGETHER_API_KEY", "openai/gpt-oss-120b"),
        Provider(
            "fireworks",
            "Fireworks",
            "https://api.fireworks.ai/inference/v1",
            "FIREWORKS_API_KEY",
            "accounts/fireworks/models/gpt-oss-120b",
        ),
        Provider(
            "openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "openai/gpt-oss-120b"
        ),
        Provider(
            "deepinfra",
            "DeepInfra",
            "https://api.deepinfra.com/v1/openai",
            "DEEPINFRA_API_KEY",
            "openai/gpt-oss-120b",
        ),
        Provider("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", "gpt-5-mini"),
        Provider(
            "nvidia", "NVIDIA NIM", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY", "openai/gpt-oss-120b"
        ),
        Provider("hf", "Hugging Face", "https://router.huggingface.co/v1", "HF_TOKEN", "openai/gpt-oss-120b"),
        Provider(
            "anthropic",
            "Anthropic",
            "https://api.anthropic.com/v1",
            "ANTHROPIC_API_KEY",
            "claude-haiku-4-5",
            "anthropic",
        ),
        Provider(
            "gemini",
            "Gemini",
            "https://generativelanguage.googleapis.com/v1beta",
            "GEMINI_API_KEY",
            "gemini-2.5-flash",
            "gemini",
        ),
        Provider("vertex", "Vertex AI", "", "", "openai/gpt-oss-120b-maas", "vertex"),
        Provider("bedrock", "Bedrock", "", "", "openai.gpt-oss-120b-1:0", "bedrock"),
        Provider("sagemaker", "SageMaker", "", "", "my-endpoint", "sagemaker"),
        Provider("ollama", "Ollama", "http://127.0.0.1:11434", "", "llama3.2", "ollama", "OLLAMA_HOST"),
    )
}


_VERSION: Final = re.compile(r"-v?\d+:\d+$", re.ASCII)
_PUBLISHER: Final = re.compile(
    r"^((us|eu|apac|jp|au|global)\.)?(openai|meta|anthropic|amazon|mistral|qwen|deepseek)\."
)
_TUNING: Final = re.compile(r"(-(instruct|turbo|versatile|instant|maas))+$")

OTHER_KEYS: Final[Mapping[str, str]] = {
    "ANTHROPIC_AUTH_TOKEN": "anthropic",
    "GOOGLE_API_KEY": "gemini",
    "GOOGLE_APPLICATION_CREDENTIALS": "vertex",
    "AWS_BEARER_TOKEN_BEDROCK": "bedrock",
    "AWS_ACCESS_KEY_ID": "bedrock",
    "AWS_PROFILE": "bedrock",
    "OLLAMA_API_KEY": "ollama",
}
"""Variables beside `Provider.key_variable` that say someone may use a provider, by name."""


class KeySet(NamedTuple):
    """A variable that is set, and whom it is for. Its value is never looked at."""

    provider: Provider
    variable: str


def keys_set(environment: Mapping[str, str]) -> tuple[KeySet, ...]:
    """The key variables that are set and not empty in `environment`."""
    usual = {provider.key_variable: provider for provider in PROVIDERS.values() if provider.key_variable}
    known = usual | {variable: PROVIDERS[provider] for variable, provider in OTHER_KEYS.items()}
    return tuple(KeySet(provider, variable) for variable, provider in known.items() if environment.get(variable))


def plain_model(model: str) -> str:
    """A model's name without publisher, path, version and tuning suffix, lower case: the price book's spelling.

    `meta-llama/Llama-3.3-70B-Instruct-Turbo`, `accounts/fireworks/models/llama-v3p3-70b-instruct` and Bedrock's
    `us.meta.llama3-3-70b-instruct-v1:0` are all `llama-3.3-70b`.
    """
    name = model.rsplit("/", 1)[-1].lower()
    name = _VERSION.sub("", name)
    name = _PUBLISHER.sub("", name)
    name = re.sub(r"v(\d+)p(\d+)", r"\1.\2", name)
    name = re.sub(r"^llama-?(\d)[-.](\d)-", r"llama-\1.\2-", name)
    name = _TUNING.sub("", name)
    return name if name == model else plain_model(name)
