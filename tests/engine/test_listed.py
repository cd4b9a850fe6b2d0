"""Prices from the book, as a plan holds them."""

import sys

import pytest

from infertop.backends import prices
from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.listed import listed_api, listed_hour


@pytest.fixture(autouse=True)
def nobody_elses(tmp_path, monkeypatch):
    monkeypatch.setattr(prices, "user_folder", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)


def test_per_token():
    assert listed_api("groq", "openai/gpt-oss-120b") == ApiPrice(
        usd_per_m_input=0.15, usd_per_m_output=0.60, usd_per_m_cached=0.075, as_of="2026-11", source="litellm 1.109.1"
    )
    assert listed_api("bedrock", "gpt-oss-120b", "batch").tier == "batch"
    assert listed_api("groq", "no-such-model") is None


def test_what_has_ended_says_so():
    assert listed_api("groq", "llama-3.3-70b").source == "genai-prices, retired 2026-08-16"


def test_per_hour():
    assert listed_hour("coreweave", "h200", 4, utilisation=0.6) == RentedPrice(
        usd_per_chip_hour=6.31,
        chips=4,
        utilisation=0.6,
        as_of="2026-09-20",
        source="CoreWeave H200 SXM, on demand, api-evangelist coreweave transcript",
    )


def test_a_doubt_is_part_of_the_source():
    assert listed_hour("azure", "mi300x").source == "Azure MI300X, on demand, unverified"
    assert "modelled" in listed_hour("colocation", "h100").source
