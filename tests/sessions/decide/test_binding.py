"""A demand that cannot be met names the constraint that stands in the way."""

import pytest

from infertop.profiles.demand import Constraints
from infertop.sessions.decide.binding import infeasible

from .small import MONTH_S, Case, api, rented, traffic

FREE = Constraints()


def case(constraints: Constraints = FREE, **of: object) -> Case:
    made = Case(classes=[traffic(per_s=1.0, **of)], constraints=constraints)
    return made.add("chips", rented(2.0), 5.0, regions=("us",)).add("api", api(0.001), 1.0, availability=0.99)


def words(of: Case) -> list[str]:
    assert of.question.answer()[1] is None
    found = infeasible(of.question)
    assert all(each.words in found.words for each in found.binding)
    return [each.words for each in found.binding]


def test_too_little_money():
    made = case(Constraints(most_usd_per_month=1000))
    assert words(made) == ["at most $1,000.00 a month"]
    (only,) = infeasible(made.question).binding
    assert only.alone
    assert only.then_usd_per_month == pytest.approx(2.0 * MONTH_S / 3600)


@pytest.mark.parametrize(
    ("constraints", "said"),
    [
        (Constraints(regions=("eu",)), "data is worked on only in eu"),
        (Constraints(vendors_allowed=("nobody",)), "vendors: only nobody"),
        (Constraints(lock_in="open weights"), "only models with published weights"),
        (Constraints(lock_in="second source"), "only models that someone else sells too"),
        (Constraints(least_vendors=3), "at least 3 vendors"),
        (Constraints(availability=0.999), "available 99.9 % of the time"),
        (Constraints(serve="in region"), "data stays in the region it comes from"),
    ],
)
def test_each_constraint_by_name(constraints, said):
    assert words(case(constraints, regions={"eu": 1.0})) == [said]


def test_a_model_that_nobody_serves():
    assert words(case(models=("another",))) == ["chat: only another"]


def test_limits_that_nobody_keeps():
    made = Case(classes=[traffic(ttft_ms=100.0)]).add("slow", rented(1.0), 0.0, capacity={"at_most_per_s": 4.0})
    assert words(made) == ["chat: p95 TTFT 100 ms"]


def test_losing_one_of_one():
    made = Case(constraints=Constraints(survive_loss_of="option")).add("chips", rented(1.0), 5.0)
    assert words(made) == ["survives the loss of any one option"]


def test_too_few_replicas_and_too_low_a_rate():
    made = Case(classes=[traffic(per_s=5.0)]).add("chips", rented(1.0), 2.0, most_replicas=2)
    assert words(made) == ["at most 2 replicas of chips"]
    made = Case(classes=[traffic(per_s=5.0)]).add("api", api(0.001), 2.0, most_requests_per_s=3.0)
    assert words(made) == ["api takes at most 3 requests/s"]


def test_either_of_two_would_do():
    """Two vendors at most and the loss of two: giving up either is enough, the cheaper first."""
    made = Case(constraints=Constraints(most_vendors=1, survive_loss_of="vendor"))
    made.add("a", rented(1.0), 5.0).add("b", rented(2.0), 5.0)
    assert words(made) == ["survives the loss of any one vendor", "at most 1 vendor"]


def test_two_that_each_stand_in_the_way():
    """Nothing is in eu and nothing is cheap enough: neither given up alone is enough."""
    made = case(Constraints(regions=("eu",), most_usd_per_month=1.0))
    assert words(made) == ["data is worked on only in eu", "at most $1.00 a month"]
    assert not any(each.alone for each in infeasible(made.question).binding)


def test_a_class_of_which_nothing_is_known():
    made = case()
    made.capacities = []
    found = infeasible(made.question)
    assert found.words == "chat cannot be served: nothing is known of any option's speed"
