"""Prices, vendors and facts, each with where it is from; what is not known is said not to be."""

import pytest

from infertop.engine.cost import ApiPrice, OwnedPrice, RentedPrice
from infertop.profiles.demand import Demand, Option
from infertop.profiles.demand_files import find, load
from infertop.profiles.schema import BookPrice
from infertop.sessions.decide.offers import offers

API = ApiPrice(usd_per_m_input=1.0, usd_per_m_output=2.0)


def offer(**of: object):
    (found,) = offers(Demand(options=(Option(name="it", **of),)))  # type: ignore[arg-type]
    return found


def words(found, what: str) -> list[str]:
    return [each.words for each in found.facts if each.what == what]


def test_every_number_of_the_built_in_demand_has_a_source_and_its_vendor():
    found = {each.option: each for each in offers(load(find("chat-and-classification")))}
    assert {name: each.vendor for name, each in found.items()} == {
        "H200": "CoreWeave", "MI300X": "Crusoe", "TPU v6e": "GCP", "Inferentia2": "AWS", "Groq LPU": "Groq",
        "Cerebras": "Cerebras",
    }  # fmt: skip
    assert all(each.price.source and each.price.as_of for each in found.values())
    assert all(each.model == "gpt-oss-120b" and each.open_weights for each in found.values())
    assert all(fact.source for each in found.values() for fact in each.facts if fact.known)
    assert "AWS" in found["H200"].sellers
    assert "Groq" not in found["Groq LPU"].sellers


def test_chips_have_a_maker_other_sellers_and_models_that_fit():
    found = offer(sim="mi300x", price=BookPrice(seller="Crusoe", accelerator="MI300X", chips=4))
    assert words(found, "who makes it") == ["MI300X is made by AMD"]
    assert "MI300X is also rented out by Azure" in words(found, "who else sells it")
    assert "llama-3.3-70b" in words(found, "which models")[0]
    assert words(found, "which APIs") == ["served by vLLM: you run it, and may run another"]


def test_what_nobody_knows_is_said_to_be_unknown():
    found = offer(price=API, model="a-model-of-ours")
    assert found.vendor == "it"
    assert found.open_weights is None
    assert found.sellers == ()
    unknown = {each.what for each in found.facts if not each.known}
    assert unknown == {"who makes it", "who else sells it", "which APIs", "which models", "terms"}


@pytest.mark.parametrize(
    ("option", "vendor"),
    [
        ({"price": RentedPrice(usd_per_chip_hour=1.0, chips=4), "sim": "h200"}, "NVIDIA"),
        ({"price": OwnedPrice(capex_usd=1.0, chips=4), "sim": "mi300x"}, "AMD"),
        ({"price": BookPrice(seller="colocation", accelerator="H200 SXM", chips=4), "sim": "h200"}, "NVIDIA"),
        ({"price": RentedPrice(usd_per_chip_hour=1.0), "vendor": "a friend"}, "a friend"),
        ({"price": BookPrice(seller="groq"), "model": "gpt-oss-120b"}, "Groq"),
    ],
)
def test_one_depends_on_the_seller_else_the_maker_unless_one_says_otherwise(option, vendor):
    assert offer(**option).vendor == vendor
