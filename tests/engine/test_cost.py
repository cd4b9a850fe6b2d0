"""Money, by hand."""

from dataclasses import dataclass

import pytest

from infertop.engine.cost import (
    ApiPrice,
    FormerPrice,
    OwnedPrice,
    RentedPrice,
    spending,
    spent_usd,
    usd_per_hour,
    usd_per_m,
)


@dataclass
class Counts:
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0


def test_an_api_charges_cached_input_apart():
    price = ApiPrice(usd_per_m_input=0.15, usd_per_m_output=0.60, usd_per_m_cached=0.075)
    tokens = Counts(input_tokens=2_000_000, cached_tokens=1_000_000, output_tokens=500_000)
    assert spent_usd(price, tokens, elapsed_s=999) == pytest.approx(0.15 + 0.075 + 0.30)


def test_without_a_cached_price_cached_input_costs_as_any():
    price = ApiPrice(usd_per_m_input=1.0, usd_per_m_output=0.0)
    assert spent_usd(price, Counts(input_tokens=10**6, cached_tokens=10**6), 0) == pytest.approx(1.0)


def test_what_is_written_to_a_cache_has_a_price_of_its_own():
    price = ApiPrice(usd_per_m_input=3.0, usd_per_m_output=15.0, usd_per_m_cached=0.3, usd_per_m_cache_write=3.75)
    tokens = Counts(input_tokens=3_000_000, cached_tokens=1_000_000, cache_write_tokens=1_000_000)
    assert spent_usd(price, tokens, elapsed_s=0) == pytest.approx(3.0 + 0.3 + 3.75)
    plain = ApiPrice(usd_per_m_input=3.0, usd_per_m_output=15.0)
    assert spent_usd(plain, tokens, elapsed_s=0) == pytest.approx(9.0), "without one it is input as any"


def test_rented_chips_cost_by_the_clock():
    price = RentedPrice(usd_per_chip_hour=6.0, chips=4)
    assert spent_usd(price, Counts(), elapsed_s=900) == pytest.approx(6.0)


def test_owned_chips_cost_capital_energy_and_hands():
    price = OwnedPrice(
        capex_usd=30_000, chips=8, residual_usd=2_000, life_years=4, availability=0.9, kw_per_chip=1.2, pue=1.25,
        usd_per_kwh=0.1, colo_usd_per_hour=3.0, ops_usd_per_hour=1.0,
    )  # fmt: skip
    capital = 28_000 / (4 * 8760 * 0.9)
    assert usd_per_hour(price) == pytest.approx(8 * (capital + 1.2 * 1.25 * 0.1) + 4.0)


def test_an_api_has_no_hourly_price():
    assert usd_per_hour(ApiPrice(usd_per_m_input=1, usd_per_m_output=1)) is None


def test_effective_price_needs_tokens():
    assert usd_per_m(0.5, 0) is None
    assert usd_per_m(0.5, 250_000) == 2.0


SECOND = 1_000_000_000
RENTED = RentedPrice(usd_per_chip_hour=3600.0)
API = ApiPrice(usd_per_m_input=1.0, usd_per_m_output=2.0)


def test_what_was_spent_at_a_former_price_stays_spent():
    """First sent at 2 s, active for 10 s: 5 s at $1 a second, 3 s at $2, 2 s at nothing known, then tokens."""
    dearer = RentedPrice(usd_per_chip_hour=3600.0, chips=2)
    former = (FormerPrice(price=RENTED, until_ns=7 * SECOND), FormerPrice(price=dearer, until_ns=10 * SECOND))
    assert spending(None, former, Counts(), 2 * SECOND, 10 * SECOND) == pytest.approx((0.0, 11.0))
    former = (*former, FormerPrice(price=None, until_ns=12 * SECOND, input_tokens=10**6, output_tokens=10**6))
    counted = Counts(input_tokens=3 * 10**6, output_tokens=10**6)
    assert spending(API, former, counted, 2 * SECOND, 10 * SECOND) == pytest.approx((2.0, 11.0))


def test_tokens_pay_the_price_at_which_they_were_counted():
    former = (FormerPrice(price=API, until_ns=0, input_tokens=10**6, output_tokens=10**6),)
    cheaper = ApiPrice(usd_per_m_input=0.5, usd_per_m_output=1.0)
    counted = Counts(input_tokens=2 * 10**6, output_tokens=2 * 10**6)
    assert spending(cheaper, former, counted, 0, SECOND).usd == pytest.approx(3.0 + 1.5)


def test_a_price_of_before_the_first_prompt_costs_nothing():
    former = (FormerPrice(price=RENTED, until_ns=SECOND),)
    assert spending(RENTED, former, Counts(), 2 * SECOND, SECOND).usd == pytest.approx(1.0)
    assert spending(RENTED, former, Counts(), None, 0).usd == 0.0
