"""API, rented and owned against each other, by hand arithmetic."""

import pytest

from infertop.engine.cost import OwnedPrice
from infertop.engine.sweep.estimate import Estimate
from infertop.profiles.demand import DAYS_A_MONTH
from infertop.sessions.decide.ranking import rankings
from infertop.sessions.decide.sensitivity import sensitivities

from .small import MONTH_S, Case, api, rented, traffic

HOURS = 8760 / 12


def ranked(case: Case):
    return {each.option: each.usage for each in rankings(case.question)[0].options}


def crossings(case: Case, what: str, of: str = ""):
    question = case.question
    found = sensitivities(question, rankings(question))
    return next(each.crossings for each in found if each.what == what and each.of == of)


def test_an_api_a_rented_and_an_owned_replica_cost_what_the_formulas_say():
    owned = OwnedPrice(
        capex_usd=30_000, residual_usd=2_000, life_years=4, availability=1.0, kw_per_chip=1.0, pue=1.5,
        usd_per_kwh=0.1, colo_usd_per_hour=0.2,
    )  # fmt: skip
    case = Case(classes=[traffic(per_s=1.0)])
    case.add("api", api(0.001), 5.0).add("rented", rented(2.0), 5.0).add("owned", owned, 5.0)
    usage = ranked(case)
    assert usage["api"].usd_per_month.value == pytest.approx(0.001 * MONTH_S)
    assert usage["rented"].usd_per_month.value == pytest.approx(2.0 * HOURS)
    assert usage["owned"].usd_per_month.value == pytest.approx((28_000 / (4 * 8760) + 0.15 + 0.2) * HOURS)
    assert usage["rented"].utilisation == pytest.approx(0.2)
    assert usage["api"].utilisation is None
    assert usage["rented"].usd_per_m_output.value == pytest.approx(2.0 * HOURS / (MONTH_S * 100) * 1e6)
    assert usage["rented"].usd_per_m_output_full == pytest.approx(usage["rented"].usd_per_m_output.value / 5)


def test_api_and_rented_cross_at_the_volume_where_the_bills_are_equal():
    """One replica costs 1460 $ a month; at 0.001 $ a request that is 1,460,000 requests: 48,000 a day."""
    case = Case(classes=[traffic(per_s=0.2)]).add("api", api(0.001), 1.0).add("rented", rented(2.0), 5.0)
    (found,) = crossings(case, "volume")
    assert (found.below, found.above) == ("api", "rented")
    assert found.at == pytest.approx(2.0 * HOURS / 0.001 / DAYS_A_MONTH, rel=1e-4)


def test_rented_and_owned_cross_where_the_hours_that_run_cost_as_much_as_all():
    """Rented for a quarter of the day at 3 $, or owned for all of it at 1 $: rented pays below four thirds."""
    quarter = (1.0,) * 6 + (0.0,) * 18
    owned = OwnedPrice(capex_usd=35_040, life_years=4, availability=1.0)
    case = Case(classes=[traffic(per_s=1.0, hourly=quarter)])
    case.add("rented", rented(3.0), 4.0, least_replicas=0).add("owned", owned, 4.0)
    usage = ranked(case)
    assert usage["rented"].usd_per_month.value == pytest.approx(3.0 * HOURS / 4)
    assert usage["owned"].usd_per_month.value == pytest.approx(1.0 * HOURS)
    (found,) = crossings(case, "price", "rented")
    assert (found.below, found.above) == ("rented", "owned")
    assert found.at == pytest.approx(4 / 3, rel=1e-4)


def test_api_and_rented_cross_at_the_price_and_the_utilisation_where_they_are_equal():
    case = Case(classes=[traffic(per_s=1.0)]).add("api", api(0.001), 1.0).add("rented", rented(2.0), 5.0)
    (found,) = crossings(case, "price", "rented")
    assert found.at == pytest.approx(0.001 * MONTH_S / (2.0 * HOURS), rel=1e-4)
    (found,) = crossings(case, "utilisation")
    full_usd = 2.0 / 3600 / 5  # of a request on a replica that is always busy
    assert found.at == pytest.approx(full_usd / 0.001, rel=1e-4)
    assert (found.below, found.above) == ("api", "rented")


def test_at_low_utilisation_tokens_cost_an_order_of_magnitude_more():
    case = Case(classes=[traffic(per_s=0.3)]).add("rented", rented(2.0), 5.0)
    usage = ranked(case)["rented"]
    assert usage.utilisation == pytest.approx(0.06)
    assert usage.usd_per_m_output.value / usage.usd_per_m_output_full == pytest.approx(1 / 0.06)
    assert usage.idle_usd_per_month == pytest.approx(0.94 * 2.0 * HOURS)


def test_owned_chips_whose_power_is_not_priced_pay_for_what_they_draw():
    owned = OwnedPrice(capex_usd=0, pue=2.0, usd_per_kwh=0.5)
    case = Case(classes=[traffic(per_s=1.0)])
    case.add("owned", owned, 2.0, capacity={"watts": 1000.0, "idle_watts": 200.0})
    usage = ranked(case)["owned"]
    idle, busy = 0.2 * 2.0 * 0.5 * HOURS, 0.8 * 0.5 * 2.0 * 0.5 * HOURS  # busy half the time
    assert usage.usd_per_month.value == pytest.approx(idle + busy)
    assert usage.energy_usd_per_month == pytest.approx(busy)


def test_reserved_replicas_are_paid_for_at_night_and_hourly_ones_are_not():
    day = (0.0,) * 12 + (1.0,) * 12
    case = Case(classes=[traffic(per_s=5.0, hourly=day)])
    case.add("hourly", rented(1.0), 5.0).add("reserved", rented(1.0), 5.0, billing="reserved")
    case.add("to nothing", rented(1.0), 5.0, least_replicas=0)
    usage = ranked(case)
    assert usage["reserved"].usd_per_month.value == pytest.approx(2 * HOURS)
    assert usage["hourly"].usd_per_month.value == pytest.approx(1.5 * HOURS)
    assert usage["to nothing"].usd_per_month.value == pytest.approx(1.0 * HOURS)


def test_weekends_and_the_peak_factor_count():
    case = Case(classes=[traffic(per_s=5.0, weekend=0.0, peak_factor=Estimate.exactly(2.0))])
    case.add("hourly", rented(1.0), 5.0, least_replicas=0).add("api", api(0.001), 1.0)
    usage = ranked(case)
    assert usage["hourly"].replicas_peak == 2
    assert usage["hourly"].usd_per_month.value == pytest.approx(2 * HOURS * 5 / 7)
    assert usage["api"].usd_per_month.value == pytest.approx(5.0 * 0.001 * MONTH_S * 5 / 7)


def test_a_staircase_of_replicas_crosses_a_line_several_times():
    """A replica of 1 request/s at 1 $ an hour, or 1.2 times that by the request: each step is dearer at first."""
    case = Case(classes=[traffic(per_s=1.0)]).add("api", api(1.2 / 3600), 1.0).add("rented", rented(1.0), 1.0)
    found = crossings(case, "volume")
    assert len(found) >= 3
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert found[0].at / 86_400 == pytest.approx(1 / 1.2, rel=1e-4)
