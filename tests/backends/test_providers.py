"""The providers' facts."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.providers import PROVIDERS, keys_set, list_price, plain_model


def test_every_provider_is_reached_over_tls_and_has_a_key_of_its_own() -> None:
    assert all(urlsplit(provider.base_url).scheme == "https" for provider in PROVIDERS.values())
    assert len({provider.key_variable for provider in PROVIDERS.values()}) == len(PROVIDERS)
    assert all(provider.id == id_ for id_, provider in PROVIDERS.items())


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        ("openai/gpt-oss-120b", "gpt-oss-120b"),
        ("accounts/fireworks/models/gpt-oss-120b", "gpt-oss-120b"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama-3.3-70b"),
        ("accounts/fireworks/models/llama-v3p3-70b-instruct", "llama-3.3-70b"),
        ("llama-3.1-8b-instant", "llama-3.1-8b"),
        ("turbo", "turbo"),
    ],
)
def test_one_model_has_many_spellings(spelling: str, plain: str) -> None:
    assert plain_model(spelling) == plain


@given(st.text())
def test_a_plain_name_is_its_own_plain_name(model: str) -> None:
    assert plain_model(plain_model(model)) == plain_model(model)


def test_a_price_has_its_date_source_and_status() -> None:
    price = list_price("groq", "openai/gpt-oss-120b")
    assert price is not None
    assert (price.usd_per_m_input, price.usd_per_m_output, price.usd_per_m_cached) == (0.15, 0.60, 0.075)
    assert price.status == "current"
    assert price.as_of
    assert price.source


def test_a_retired_price_says_so_and_an_unknown_one_is_none() -> None:
    retired = list_price("groq", "llama-3.3-70b-versatile")
    assert retired is not None
    assert retired.status == "retired 2026-08-16"
    assert list_price("groq", "gpt-oss-20b") is None
    assert list_price("openai", "gpt-oss-120b") is None


def test_each_example_with_a_price_is_in_the_book() -> None:
    priced = {id_ for id_, provider in PROVIDERS.items() if list_price(id_, provider.example_model)}
    assert priced == {"groq", "cerebras", "together", "fireworks", "deepinfra"}


def test_keys_are_found_by_name_and_an_empty_one_is_none() -> None:
    found = keys_set({"GROQ_API_KEY": "gsk-secret", "OPENAI_API_KEY": "", "PATH": "/bin"})
    assert [provider.id for provider in found] == ["groq"]
    assert "secret" not in repr(found)
