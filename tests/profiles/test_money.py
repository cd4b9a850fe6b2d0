"""Prices from the book, and caps of one backend, in a profile."""

import sys
from pathlib import Path

import pytest

from infertop.backends import prices
from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.profiles.load import dump, parse
from infertop.profiles.problems import ProfileError
from infertop.profiles.schema import from_plan, to_plan

HEAD = '[[backends]]\nname = "a"\nurl = "http://a:8000/v1"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(prices, "user_folder", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    return tmp_path


def planned(lines: str):
    (backend,) = to_plan(parse(HEAD + lines, "mine.toml", Path()), "mine").backends
    return backend


def test_chips_from_the_book() -> None:
    line = 'price = { basis = "book", seller = "coreweave", accelerator = "h200", chips = 4, utilisation = 0.5 }'
    price = planned(line).price
    assert isinstance(price, RentedPrice)
    assert (price.usd_per_chip_hour, price.chips, price.utilisation, price.as_of) == (6.31, 4, 0.5, "2026-09-20")
    assert "CoreWeave H200 SXM, on demand" in price.source


def test_tokens_from_the_book_by_the_backends_model() -> None:
    price = planned(
        'model = "openai/gpt-oss-120b"\nprice = { basis = "book", seller = "bedrock", tier = "flex" }'
    ).price
    assert isinstance(price, ApiPrice)
    assert (price.usd_per_m_output, price.tier) == (0.30, "flex")


def test_the_users_own_list_wins(folder: Path) -> None:
    (folder / "prices_hour.csv").write_text("accelerator,seller,usd_per_chip_hour\nH200 SXM,CoreWeave,1.00\n")
    price = planned('price = { basis = "book", seller = "coreweave", accelerator = "h200" }').price
    assert isinstance(price, RentedPrice)
    assert price.usd_per_chip_hour == 1.00


def test_caps_go_there_and_back() -> None:
    lines = (
        "max_rate_per_s = 2.5\nmax_concurrency = 8\nbudget_usd = 0.5\n"
        'price = { basis = "api", usd_per_m_input = 1.0, usd_per_m_output = 2.0, usd_per_m_cache_write = 1.25 }'
    )
    backend = planned(lines)
    assert (backend.max_rate_per_s, backend.max_concurrency, backend.budget_usd) == (2.5, 8, 0.5)
    plan = to_plan(parse(HEAD + lines, "mine.toml", Path()), "mine")
    assert to_plan(parse(dump(from_plan(plan)), "again", Path()), "mine") == plan


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('price = { basis = "book", seller = "corewave", accelerator = "h200" }', "no seller is called 'corewave'"),
        ('price = { basis = "book", seller = "coreweave", accelerator = "h300" }', "no price of 'h300' at CoreWeave"),
        ('price = { basis = "book", seller = "groq" }', "the book needs the model's name"),
        ('model = "m"\nprice = { basis = "book", seller = "groq" }', "the book has no price of 'm' at 'groq'"),
        (
            'model = "gpt-oss-120b"\nprice = { basis = "book", seller = "groq", tier = "batch" }',
            "at the tier 'batch'",
        ),
        (
            'model = "gpt-oss-120b"\nprice = { basis = "book", seller = "groq", chips = 2 }',
            "price.chips: belongs to chips rented by the hour: name the accelerator",
        ),
        (
            'price = { basis = "book", seller = "gcp", accelerator = "h200", tier = "batch" }',
            "price.tier: belongs to a price per token",
        ),
        ('price = { basis = "book", accelerator = "h200" }', "price.seller: is missing"),
        ('price = { basis = "rented", usd_per_chip_hour = 1, utilisation = 60 }', "utilisation: is a share"),
        ("max_rate_per_s = 0", "max_rate_per_s: must be above 0"),
        ("max_concurrency = 0", "max_concurrency: must be 1 or more"),
        ("budget_usd = 1", "budget_usd: nothing can be held to it without a price"),
        ("max_concurrency = 2\n[run]\nworkers = 3", "max_concurrency: 3 workers cannot share 2 in flight"),
        (
            'price = { basis = "api", usd_per_m_input = 1, usd_per_m_output = 1 }\nextra = { max_tokens = "" }',
            "extra: without max_tokens no budget can hold what is billed",
        ),
    ],
)
def test_mistakes(lines: str, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse(HEAD + lines, "mine.toml", Path())
    assert said in str(caught.value)


def test_a_broken_list_of_the_users_is_a_mistake_of_the_profile(folder: Path) -> None:
    (folder / "prices_hour.csv").write_text("accelerator,seller,usd_per_chip_hour\nH200 SXM,CoreWeave,cheap\n")
    with pytest.raises(ProfileError, match=r"price: .*prices_hour\.csv, line 2"):
        planned('price = { basis = "book", seller = "coreweave", accelerator = "h200" }')
