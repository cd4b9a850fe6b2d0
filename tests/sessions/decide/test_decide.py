"""The whole decision of small demands: ranking, certainty, losses, plan."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from infertop.engine.sweep.estimate import Estimate
from infertop.profiles.demand import Constraints
from infertop.sessions.decide.decide import decide
from infertop.sessions.decide.decision import Decision

from .small import MONTH_S, Case, api, rented, traffic

TODAY = date(2026, 11, 23)


def decision(case: Case) -> Decision:
    return decide(case.demand, case.capacities, case.offers, TODAY)


def unsure(case: Case, option: str, low: float, high: float) -> None:
    """Let what the option's replica serves lie between these times what it is thought to."""
    for at, each in enumerate(case.capacities):
        if each.option == option:
            value = each.requests_per_s.value
            case.capacities[at] = msgspec.structs.replace(
                each, requests_per_s=Estimate(value=value, low=value * low, high=value * high)
            )


def two_chips(per_s: float = 100.0, dearer: float = 1.2) -> Case:
    case = Case(classes=[traffic(per_s=per_s)])
    return case.add("a", rented(1.0), 2.0).add("b", rented(dearer), 2.0)


def test_it_survives_being_written_and_read():
    made = decision(two_chips())
    assert msgspec.json.decode(msgspec.json.encode(made), type=Decision) == made


def test_it_is_the_same_every_time():
    assert decision(two_chips()) == decision(two_chips())


def test_the_cheaper_of_two_is_chosen_and_said_to_be_clear():
    made = decision(two_chips())
    assert made.split is not None
    assert [(each.option, each.share) for each in made.split.shares] == [("a", 1.0)]
    assert made.split.usd_per_month.value == pytest.approx(50 * MONTH_S / 3600)
    assert made.verdict.verdict == "clear"
    assert made.rankings[0].verdict == "clear"
    assert [each.option for each in made.rankings[0].options] == ["a", "b"]
    assert made.infeasible is None


def test_wide_intervals_make_it_too_close_to_call():
    case = two_chips()
    unsure(case, "a", 0.6, 1.4)
    made = decision(case)
    assert made.verdict.verdict == "too close to call"
    (rival,) = made.verdict.rivals
    assert 0.7 < rival.loses < 0.95
    assert made.rankings[0].verdict == "too close to call"
    assert sum(each.wins for each in made.rankings[0].options) == pytest.approx(1.0)


def test_an_uncertain_volume_that_both_share_does_not_make_it_close():
    """Both cost more with more traffic: their intervals overlap, but never do they change places."""
    case = two_chips()
    case.classes = [traffic(per_s=100.0)]
    case.classes = [msgspec.structs.replace(
        case.classes[0], requests_per_day=Estimate(value=8.64e6, low=4e6, high=16e6))]  # fmt: skip
    made = decision(case)
    first, second = made.rankings[0].options
    assert first.usage is not None
    assert second.usage is not None
    assert first.usage.usd_per_month.high > second.usage.usd_per_month.low
    assert made.verdict.verdict == "clear"


def test_a_price_that_is_in_doubt_moves_the_cost_in_proportion():
    case = Case().add("api", api(0.001), 1.0, price_factor=Estimate(value=1.0, low=0.5, high=2.0))
    made = decision(case)
    assert made.split is not None
    cost = made.split.usd_per_month
    assert cost.low == pytest.approx(cost.value * 0.5, rel=0.1)
    assert cost.high == pytest.approx(cost.value * 2.0, rel=0.1)


def test_an_option_that_cannot_keep_the_limits_says_so():
    case = Case(classes=[traffic(ttft_ms=100.0)]).add("quick", rented(2.0), 5.0)
    case.add("slow", rented(1.0), 0.0, capacity={"binding": "p95 TTFT 100 ms: 812 ms at the lightest load"})
    ranked = decision(case).rankings[0].options
    assert [(each.option, each.rank) for each in ranked] == [("quick", 1), ("slow", None)]
    assert ranked[1].excluded_because == ("cannot keep p95 TTFT 100 ms: 812 ms at the lightest load",)


def test_losing_what_serves_everything_leaves_nothing_at_once_but_an_answer():
    made = decision(two_chips())
    (loss,) = made.resilience
    assert (loss.kind, loss.name) == ("option", "a")
    assert [each.share for each in loss.served] == [0.0]
    assert loss.extra_usd_per_month == pytest.approx(0.2 * 50 * MONTH_S / 3600)


def test_what_survives_a_loss_serves_everything_at_once():
    case = two_chips()
    case.constraints = Constraints(survive_loss_of="option")
    made = decision(case)
    assert made.split is not None
    assert {site.option for site in made.split.sites} == {"a", "b"}
    assert all(each.share == 1.0 for loss in made.resilience for each in loss.served)
    assert all(loss.replanned_usd_per_month is None for loss in made.resilience)
    assert all(loss.impossible_because == ("survives the loss of any one option",) for loss in made.resilience)
    assert made.single is not None
    assert made.single.conditions == ("does not keep: survives the loss of any one option",)


def test_constraints_say_what_they_cost():
    case = two_chips()
    case.constraints = Constraints(vendors_denied=("a",))
    made = decision(case)
    assert made.split is not None
    (words,) = made.split.binding
    assert words.startswith("vendors: not a: $7,3")


def test_nothing_to_choose_from_has_a_reason_and_no_plan():
    case = two_chips()
    case.constraints = Constraints(most_usd_per_month=1.0)
    made = decision(case)
    assert made.split is None
    assert made.plan is None
    assert made.verdict.verdict == "none"
    assert made.infeasible is not None
    assert made.single is not None
    assert made.single.conditions == ("does not keep: at most $1.00 a month",)


def test_a_plan_has_spares_at_each_place_and_one_region_to_lose():
    regions = {"eu": 1.0, "us": 1.0, "asia": 1.0}
    plain = Constraints(serve="near")
    lost = Constraints(serve="near", survive_loss_of="region", spare_replicas=2)
    case = Case(classes=[traffic(per_s=60.0, regions=regions)], constraints=plain).add("a", rented(1.0), 2.0)
    made = decision(case)
    assert made.plan is not None
    assert [(each.region, each.replicas, each.headroom) for each in made.plan.regions] == [
        ("asia", 10, 0), ("eu", 10, 0), ("us", 10, 0)]  # fmt: skip
    assert made.plan.requests_per_s == pytest.approx(60.0)
    assert made.plan.chips == 30
    safe = decision(replace(case, constraints=lost)).plan
    assert safe is not None
    assert sum(each.replicas for each in safe.regions) - max(each.replicas for each in safe.regions) >= 30
    assert all(each.headroom >= 2 for each in safe.regions)


def test_data_that_stays_in_its_region_needs_an_option_that_is_there():
    case = Case(
        classes=[traffic(per_s=6.0, regions={"eu": 1.0, "us": 2.0})], constraints=Constraints(serve="in region")
    )
    case.add("here", rented(1.0), 2.0, regions=("eu",)).add("there", rented(9.0), 2.0, regions=("us", "eu"))
    made = decision(case)
    assert made.split is not None
    assert {(site.option, site.region): site.usage.replicas_peak for site in made.split.sites} == {
        ("here", "eu"): 1, ("there", "us"): 2}  # fmt: skip


def test_prices_say_their_age():
    case = two_chips()
    case.offers = [msgspec.structs.replace(each, price=msgspec.structs.replace(each.price, as_of="2024-12-23"))
                   for each in case.offers]  # fmt: skip
    used = decision(case).prices[0]
    assert used.old
    assert used.age_days == 700
    assert "more than 90 days old" in used.words
