"""Hosted providers that speak the OpenAI protocol, by short name: where they are, which key they take, what they ask.

Only facts live here; nothing is contacted and no key is read.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_PRICES_CSV: Final = Path(__file__).parent / "data" / "prices_api.csv"


@dataclass(frozen=True, slots=True)
class Provider:
    """One hosted provider.

    Attributes:
        id: the word before the colon in `groq:openai/gpt-oss-120b`.
        name: what a person calls it.
        base_url: up to and including the version, as an OpenAI client takes it.
        key_variable: the environment variable that customarily holds its key.
        example_model: a model it serves, by the name its API takes.
    """

    id: str
    name: str
    base_url: str
    key_variable: str
    example_model: str


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What a provider's price list says, in USD per million tokens.

    Attributes:
        status: "current", or when it ended ("retired 2026-08-16").
        as_of: when the source said so.
    """

    usd_per_m_input: float
    usd_per_m_output: float
    usd_per_m_cached: float | None
    status: str
    as_of: str
    source: str


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
    )
}


def keys_set(environment: Mapping[str, str]) -> tuple[Provider, ...]:
    """The providers whose key variable is set and not empty in `environment`; the values are not looked at."""
    return tuple(provider for provider in PROVIDERS.values() if environment.get(provider.key_variable))


def list_price(provider_id: str, model: str) -> ListPrice | None:
    """The list price of `model` at a provider, by any spelling its API uses for it; None when not in the book."""
    return _price_book().get((provider_id, plain_model(model)))


def plain_model(model: str) -> str:
    """A model's name without publisher, path and tuning suffix, lower case: the price book's spelling.

    `meta-llama/Llama-3.3-70B-Instruct-Turbo` and `accounts/fireworks/models/llama-v3p3-70b-instruct` are both
    `llama-3.3-70b`.
    """
    name = model.rsplit("/", 1)[-1].lower()
    name = re.sub(r"v(\d+)p(\d+)", r"\1.\2", name)
    return re.sub(r"(-(instruct|turbo|versatile|instant))+$", "", name)


@cache
def _price_book() -> dict[tuple[str, str], ListPrice]:
    with _PRICES_CSV.open(encoding="utf-8", newline="") as file:
        return {
            (row["provider"], row["model"]): ListPrice(
                usd_per_m_input=float(row["usd_per_m_input"]),
                usd_per_m_output=float(row["usd_per_m_output"]),
                usd_per_m_cached=float(row["usd_per_m_cached"]) if row["usd_per_m_cached"] else None,
                status=row["status"],
                as_of=row["as_of"],
                source=row["source"],
            )
            for row in csv.DictReader(file)
        }
