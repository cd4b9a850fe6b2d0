"""The built-in demand from its file to a checked plan; and a plan for the whole internet."""

import time
from datetime import date

import pytest
from msgspec.structs import replace

from infertop.engine.sweep.estimate import Estimate
from infertop.profiles.demand import Constraints
from infertop.profiles.demand_files import find, load
from infertop.sessions.decide.decide import decide
from infertop.sessions.decide.offers import offers
from infertop.sessions.decide.plan_check import MOST_REPLICAS, checked
from infertop.sessions.decide.simulated import simulated

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def known():
    demand = load(find("chat-and-classification"))
    return demand, tuple(simulated(demand, [(option, of) for of in demand.classes for option in demand.options]))


@pytest.mark.slow
def test_the_built_in_demand_is_decided_in_seconds_and_its_plan_holds(known):
    demand, capacities = known
    known_of = offers(demand)
    began = time.process_time()
    made = decide(demand, capacities, known_of, TODAY)
    took = time.process_time() - began
    assert made.split is not None
    assert made.single is not None
    assert made.split.usd_per_month.value <= made.single.usd_per_month.value * (1 + 2e-4)
    assert {each.class_name for each in made.split.shares} == {"chat", "classification"}
    assert all(len(ranking.options) == 6 for ranking in made.rankings)
    assert {each.option for each in made.lock_in} == {option.name for option in demand.options}
    assert all(each.source for each in made.capacities)
    assert [each.old for each in made.prices if each.option == "TPU v6e"] == [True]
    assert took < 10
    plan = checked(made).plan
    assert plan is not None
    assert plan.checks
    assert all(each.holds and each.scale == 1 for each in plan.checks)
    assert all(abs(each.simulated - each.predicted) < 0.05 for each in plan.checks)


@pytest.mark.slow
def test_ten_billion_requests_a_day_in_three_regions_one_of_which_may_be_lost(known):
    demand, capacities = known
    regions = {"eu": 3.0, "us": 4.0, "asia": 3.0}
    chat = replace(demand.classes[0], requests_per_day=Estimate.exactly(1e10), regions=regions)
    labels = replace(demand.classes[1], requests_per_day=Estimate.exactly(1e9), regions=regions)
    wide = replace(
        demand,
        classes=(chat, labels),
        constraints=Constraints(
            serve="near", survive_loss_of="region", spare_replicas=2, vendors_denied=("Cerebras",)
        ),
    )
    made = decide(wide, capacities, offers(wide), TODAY)
    assert made.plan is not None
    assert made.plan.chips > 10_000
    assert {each.region for each in made.plan.regions} == {"eu", "us", "asia"}
    assert all(each.headroom >= 2 for each in made.plan.regions if each.replicas)
    plan = checked(made).plan
    assert plan is not None
    assert plan.checks
    assert all(each.replicas <= MOST_REPLICAS and each.scale < 1 for each in plan.checks)
    assert all("replicas at the same load each" in each.words for each in plan.checks)
    assert all(each.holds for each in plan.checks)
