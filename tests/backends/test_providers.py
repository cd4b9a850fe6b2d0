"""The providers' facts."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.providers import PROVIDERS, keys_set, plain_model


def test_every_provider_is_reached_over_tls_and_has_a_key_of_its_own() -> None:
    hosted = [provider for provider in PROVIDERS.values() if provider.base_url and provider.id != "ollama"]
    assert all(urlsplit(provider.base_url).scheme == "https" for provider in hosted)
    assert len({provider.key_variable for provider in hosted}) == len(hosted)
    assert all(provider.key_variable for provider in hosted)
    assert all(provider.id == id_ for id_, provider in PROVIDERS.items())


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        ("openai/gpt-oss-120b", "gpt-oss-120b"),
        ("accounts/fireworks/models/gpt-oss-120b", "gpt-oss-120b"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama-3.3-70b"),
        ("accounts/fireworks/models/llama-v3p3-70b-instruct", "llama-3.3-70b"),
        ("llama-3.1-8b-instant", "llama-3.1-8b"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama-3.3-70b"),
        ("openai/gpt-oss-120b-maas", "gpt-oss-120b"),
        ("turbo", "turbo"),
    ],
)
def test_one_model_has_many_spellings(spelling: str, plain: str) -> None:
    assert plain_model(spelling) == plain


@given(st.text())
def test_a_plain_name_is_its_own_plain_name(model: str) -> None:
    assert plain_model(plain_model(model)) == plain_model(model)


def test_keys_are_found_by_name_and_an_empty_one_is_none() -> None:
    found = keys_set({"GROQ_API_KEY": "gsk-secret", "OPENAI_API_KEY": "", "PATH": "/bin"})
    assert [(provider.id, variable) for provider, variable in found] == [("groq", "GROQ_API_KEY")]
    assert "secret" not in repr(found)


def test_clouds_have_other_variables_too() -> None:
    found = keys_set({"AWS_PROFILE": "work", "GOOGLE_API_KEY": "AI", "ANTHROPIC_AUTH_TOKEN": "x"})
    assert {provider.id for provider, _ in found} == {"bedrock", "gemini", "anthropic"}
