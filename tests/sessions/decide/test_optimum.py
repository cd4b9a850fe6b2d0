"""The programme against exhaustive search, and every constraint against the strategy it comes to."""

from itertools import product
from math import ceil, inf

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from infertop.engine.sweep.estimate import Estimate
from infertop.profiles.demand import Constraints
from infertop.sessions.decide import milp, question
from infertop.sessions.decide.milp import GAP
from infertop.sessions.decide.optimum import cheapest, lost_pools
from infertop.sessions.decide.question import pools_of, without
from infertop.sessions.decide.splitting import single_vendor
from infertop.sessions.decide.usage import Months

from .small import MONTH_S, Case, api, rented, traffic

HALF = (1.0,) * 12 + (3.0,) * 12
"""Half the day at half the mean rate, the other half at three times as much: 0.5 and 1.5 times the mean."""

FEW = settings(max_examples=25, deadline=None)
prices = st.integers(1, 40).map(lambda tenths: tenths / 10)
rates = st.integers(1, 12).map(float)


def cost(case: Case) -> float:
    of, strategy = case.question.answer()
    return inf if strategy is None else Months(case.question, of, strategy).usd.value


def close(a: float, b: float) -> bool:
    """Within the solver's gap, and the cent that being used costs."""
    return a == b or abs(a - b) <= GAP * max(a, b) + 0.05


@FEW
@given(st.lists(st.tuples(prices, rates), min_size=1, max_size=3), st.integers(1, 10), rates)
def test_one_class_costs_what_exhaustive_search_finds(chips, request_thousandths, per_s):
    """Replicas of every option in every number in both halves of the day; what they do not hold goes to the API."""
    usd_per_request = request_thousandths / 10_000
    case = Case(classes=[traffic(per_s=per_s, hourly=HALF)]).add("api", api(usd_per_request), 1.0)
    for number, (usd, capacity) in enumerate(chips):
        case.add(f"chips {number}", rented(usd), capacity)
    best = inf
    for used in product((False, True), repeat=len(chips)):
        total = 0.0
        for load in (0.5 * per_s, 1.5 * per_s):
            counts = [
                range(1, ceil(load / c) + 1) if use else range(1) for use, (_, c) in zip(used, chips, strict=True)
            ]
            total += min(
                sum(n * usd for n, (usd, _) in zip(ns, chips, strict=True)) * MONTH_S / 3600 / 2
                + max(0.0, load - sum(n * c for n, (_, c) in zip(ns, chips, strict=True)))
                * usd_per_request
                * MONTH_S
                / 2
                for ns in product(*counts)
            )
        best = min(best, total)
    assert close(cost(case), best)


@FEW
@given(prices, rates, rates, st.integers(1, 20), st.integers(1, 20), rates, rates)
def test_two_classes_on_one_kind_of_chips_and_an_api(usd, c_a, c_b, api_a, api_b, rate_a, rate_b):
    """For each number of replicas, the class that saves more of the API's bill a replica goes there first."""
    classes = [traffic("a", rate_a), traffic("b", rate_b)]
    case = Case(classes=classes).add("chips", rented(usd), {"a": c_a, "b": c_b}, least_replicas=0)
    # Prices per token are the same for both, so their prompts' lengths differ.
    case.add("api", api(1e-4), 1.0)
    case.capacities = [
        each if each.option == "chips" else type(each)(
            option="api", class_name=each.class_name, requests_per_s=Estimate.exactly(1.0), source="by hand",
            input_tokens=1000.0 * (api_a if each.class_name == "a" else api_b), output_tokens=100.0)
        for each in case.capacities
    ]  # fmt: skip
    best = inf
    for replicas in range(ceil(rate_a / c_a + rate_b / c_b) + 1):
        left = [(c_a * api_a, c_a, rate_a, api_a), (c_b * api_b, c_b, rate_b, api_b)]
        room, bill = float(replicas), 0.0
        for _, capacity, rate, thousandths in sorted(left, reverse=True):
            served = min(rate, room * capacity)
            room -= served / capacity
            bill += (rate - served) * thousandths * 1e-4 * MONTH_S
        best = min(best, replicas * usd * MONTH_S / 3600 + bill)
    assert close(cost(case), best)


@FEW
@given(st.lists(st.tuples(prices, rates, rates), min_size=1, max_size=3), rates, rates)
def test_undivided_classes_cost_what_the_best_assignment_does(chips, rate_a, rate_b):
    case = Case(classes=[traffic("a", rate_a), traffic("b", rate_b)], constraints=Constraints(divide_classes=False))
    for number, (usd, c_a, c_b) in enumerate(chips):
        case.add(f"chips {number}", rented(usd), {"a": c_a, "b": c_b})
    best = min(
        sum(
            ceil((rate_a / c_a if at_a == n else 0) + (rate_b / c_b if at_b == n else 0) - 1e-9) * usd
            for n, (usd, c_a, c_b) in enumerate(chips)
        )
        for at_a, at_b in product(range(len(chips)), repeat=2)
    )
    assert close(cost(case), best * MONTH_S / 3600)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Up to four options of up to three vendors, two classes, constraints of every kind."""
    deferrable = draw(st.booleans())
    classes = [
        traffic("a", draw(rates), hourly=HALF, regions=draw(st.sampled_from([{}, {"eu": 1.0, "us": 2.0}]))),
        traffic("b", draw(rates), shape="night", deferrable=deferrable),
    ]
    constraints = Constraints(
        split_by_class=draw(st.booleans()),
        divide_classes=draw(st.booleans()),
        most_vendors=draw(st.sampled_from([None, 1, 2])),
        serve=draw(st.sampled_from(["anywhere", "near"])),
        survive_loss_of=draw(st.sampled_from(["nothing", "option", "vendor"])),
        spare_replicas=draw(st.integers(0, 1)),
        availability=draw(st.sampled_from([None, 0.98])),
    )
    case = Case(classes=classes, constraints=constraints)
    for number in range(draw(st.integers(1, 3))):
        per_s = {"a": draw(rates), "b": draw(rates)}
        vendor = draw(st.sampled_from(["x", "y"]))
        billing = draw(st.sampled_from(["hourly", "reserved"]))
        case.add(f"chips {number}", rented(draw(prices)), per_s, vendor=vendor, billing=billing, availability=0.99)
    if draw(st.booleans()):
        case.add("api", api(draw(st.integers(1, 20)) / 1e4), 1.0, vendor="z", availability=0.999)
    return case


@FEW
@given(cases())
def test_every_constraint_is_respected(case):
    of = case.question.instance()
    strategy = cheapest(of)
    assume(strategy is not None)
    assert strategy is not None
    constraints = case.constraints
    flows, losses = strategy.flows[0], strategy.flows[1:]
    assert not flows[~of.allowed].any()
    for k in range(len(of.flow_class)):
        served, asked = flows[k].sum(axis=0), of.rate[k]
        if of.deferrable[k]:
            for kind in (of.weekend, ~of.weekend):
                assert (served * of.hours)[kind].sum() == pytest.approx((asked * of.hours)[kind].sum(), rel=1e-4)
            assert not served[asked == 0].any()
        else:
            assert served == pytest.approx(asked, rel=1e-4)
            for after, lost in zip(losses, lost_pools(of), strict=True):
                assert after[k].sum(axis=0) == pytest.approx(asked, rel=1e-4)
                assert not after[k][lost].any()
    done = Months(case.question, of, strategy).expected
    with np.errstate(invalid="ignore"):
        for number, each in enumerate((flows, *losses)):
            load = np.where(np.isfinite(of.capacity[:, :, None]), each / of.capacity[:, :, None], 0.0).sum(axis=0)
            spare = constraints.spare_replicas if number == 0 else 0
            for g in np.flatnonzero(strategy.used & ~of.per_token):
                assert (load[of.pool_site == g].sum(axis=0) <= done.replicas[0, g] - spare + 1e-4).all()
    vendors = {of.vendors[o] for o in of.site_option[strategy.used]}
    assert constraints.most_vendors is None or len(vendors) <= constraints.most_vendors
    share = np.zeros((2, len(case.options)))
    for k, c in enumerate(of.flow_class):
        for j, o in enumerate(of.pool_option):
            share[c, o] += (flows[k, j] * of.hours).sum()
    if not constraints.divide_classes:
        assert ((share > 0).sum(axis=1) <= 1).all()
    if not constraints.split_by_class and not case.classes[0].regions:
        assert (share[0] > 0).tolist() == (share[1] > 0).tolist()
    if constraints.survive_loss_of == "vendor":
        assert len(vendors) >= 2


@settings(max_examples=15, deadline=None)
@given(cases(), st.sampled_from(["most_vendors", "survive", "divide_classes", "split_by_class", "serve"]))
def test_a_split_never_costs_more_than_one_vendor_and_dropping_a_constraint_never_costs(case, key):
    asked = case.question
    of, strategy = asked.answer()
    single = single_vendor(asked)
    assume(strategy is not None)
    both = Months(asked, of, strategy).cost
    if single is not None and not single.conditions:
        assert both <= single.usd_per_month.value
    of, strategy = asked.answer((key,))
    assert strategy is not None
    assert Months(asked, of, strategy).cost <= both * (1 + GAP) + 0.05


def test_a_search_that_finds_less_than_one_vendor_is_not_the_answer(monkeypatch):
    """As one that was cut off may: here it finds only that everything goes to the dearest."""
    case = Case(classes=[traffic(per_s=10.0)]).add("cheap", rented(1.0), 5.0).add("dear", rented(3.0), 5.0)
    of = case.question.instance()

    def cut_off(asked):
        if asked.allowed.all():
            return cheapest(without(asked, pools_of(asked, option="cheap")))
        return cheapest(asked)

    monkeypatch.setattr(question, "cheapest", cut_off)
    made = case.question
    assert cut_off(of).used.tolist() == [False, True]
    assert Months(made, *made.answer()).cost == pytest.approx(2 * MONTH_S / 3600)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases())
def test_a_large_programme_is_solved_as_well_from_its_rough_answer(monkeypatch, case):
    """Every programme taken for a large one: first without whole counts, then from there."""
    usual = cost(case)
    with monkeypatch.context() as patched:
        patched.setattr(milp, "_LARGE", 0)
        patched.setattr(milp, "_LARGE_S", 60.0)  # a busy machine is not what is tested
        assert close(cost(case), usual)


@settings(max_examples=15, deadline=None)
@given(cases(), st.floats(1.0, 3.0))
def test_more_traffic_never_costs_less(case, times):
    first = cost(case)
    assume(first < inf)
    case.classes = [
        type(each)(**{**{name: getattr(each, name) for name in each.__struct_fields__},
                      "requests_per_day": each.requests_per_day.times(times)})
        for each in case.classes
    ]  # fmt: skip
    assert cost(case) >= first * (1 - GAP) - 0.05


def test_idle_nights_hold_what_can_wait():
    """Reserved replicas that a day's class needs serve a deferrable class at night for nothing."""
    day = (0.0,) * 12 + (1.0,) * 12
    night = (1.0,) * 12 + (0.0,) * 12
    one = Case(classes=[traffic("day", 4.0, hourly=day)]).add("own", rented(2.0), 2.0, billing="reserved")
    two = Case(classes=[traffic("day", 4.0, hourly=day), traffic("night", 4.0, hourly=night, deferrable=True)])
    two.add("own", rented(2.0), 2.0, billing="reserved")
    assert close(cost(one), cost(two))
    assert close(cost(one), 4 * 2.0 * MONTH_S / 3600)


def test_what_can_wait_does_not_wait_for_the_weekend():
    """Replicas that idle at the weekend are no use for what a weekday's night asks."""
    day = (0.0,) * 12 + (1.0,) * 12
    case = Case(classes=[traffic("day", 20.0, hourly=day, weekend=0.0), traffic("later", 40.0, deferrable=True)])
    case.add("own", rented(1.0), 2.0, billing="reserved")
    assert close(cost(case), 30 * MONTH_S / 3600)  # for 60 requests a second in the mean of a weekday; 28 of the week


def test_classes_share_a_replica_only_as_far_as_the_strictest_bears():
    """The strict class may fill half of a replica; whoever shares it gets no more of it than is left of that half."""
    strict = {"at_most_per_s": 10.0}
    case = Case(classes=[traffic("strict", 2.5), traffic("free", 2.5)])
    case.add("chips", rented(1.0), {"strict": 5.0, "free": 10.0}, capacity=strict)
    of, strategy = case.question.answer()
    assert strategy is not None
    done = Months(case.question, of, strategy).expected
    assert sorted(of.capacity[1].tolist()) == [5.0, 10.0]
    assert done.replicas.max() == 1  # 2.5 of 5 and 2.5 of 5: a whole replica at half its load
    case.classes = [traffic("strict", 2.5), traffic("free", 5.0)]
    assert cost(case) == pytest.approx(2 * MONTH_S / 3600)


def test_ten_billion_requests_a_day_are_planned_in_seconds():
    case = Case(
        classes=[traffic("a", 1e10 / 86_400, shape="office"), traffic("b", 1e4, shape="night", deferrable=True)]
    )
    for number in range(4):
        case.add(f"chips {number}", rented(1.0 + number / 7), {"a": 3.0 + number, "b": 20.0})
    case.add("api", api(5e-4), 1.0)
    of, strategy = case.question.answer()
    assert strategy is not None
    assert Months(case.question, of, strategy).expected.replicas.max() > 10_000
