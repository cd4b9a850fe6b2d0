"""Looking again: what changed is named, and whether the choice still stands."""

import json

import pytest
from msgspec.structs import replace

from infertop.engine.cost import RentedPrice
from infertop.engine.sweep.estimate import Estimate
from infertop.sessions.decide.decision import Share
from infertop.sessions.decide.revisit import compared, staying_with, to_json

from .report.made import DECISION, DEMAND, INFEASIBLE, SINGLE, SPLIT, around

DEARER = replace(
    DECISION.prices[1],
    price=RentedPrice(usd_per_chip_hour=7.50, chips=4, as_of="2027-02-01", source="transcript"),
    words="4 × $7.50/h rented (transcript, 2027-02-01)",
)


def with_price(price):
    return replace(DECISION, prices=(DECISION.prices[0], price, DECISION.prices[2]), today="2027-02-10")


def words(made):
    return [each.words for each in made.moved]


def test_nothing_changed():
    made = compared(DECISION, DECISION)
    assert (made.state, made.moved) == ("stands", ())
    assert (
        made.words
        == "The choice stands: $24,700 ($21,900–$29,300) a month, it was $24,700 ($21,900–$29,300) (+0.0 %)."
    )


def test_a_price_that_rose_is_named_and_the_choice_stands():
    made = compared(DECISION, with_price(DEARER))
    assert made.state == "stands"
    (moved,) = made.moved
    assert (moved.kind, moved.whose, moved.before, moved.after) == ("price", "H200", 25.24, 30.0)
    assert "+18.9 %" in moved.words
    assert "2027-02-01" in moved.words


def test_a_price_that_only_aged_is_told_as_that():
    made = compared(DECISION, with_price(replace(DECISION.prices[1], old=True, age_days=143)))
    assert words(made) == ["price of H200: as it was, but 143 days old by now: check it"]


def test_options_that_came_and_went():
    other = replace(DECISION.prices[1], option="B200")
    said = words(compared(DECISION, with_price(other)))
    assert said == ["B200 is new", "H200 is no longer an option"]


def test_a_capacity_measured_anew():
    faster = replace(DECISION.capacities[0], requests_per_s=around(5.0), label="LIVE", source="session 9a1c")
    after = replace(DECISION, capacities=(faster, *DECISION.capacities[1:]))
    (said,) = words(compared(DECISION, after))
    assert said.startswith("H200, chat: 5.0 (4.5–5.5) requests/s a replica, it was 4.2")
    assert said.endswith("(+19.0 %); session 9a1c")
    broken = replace(faster, kept=False, binding="p95 TTFT 500 ms", requests_per_s=Estimate.exactly(0.0))
    after = replace(DECISION, capacities=(broken, *DECISION.capacities[1:]))
    assert words(compared(DECISION, after)) == ["H200, chat: no longer keeps its limits (p95 TTFT 500 ms)"]


def split_with(*shares):
    return replace(SPLIT, shares=tuple(Share(class_name=c, option=o, share=s) for c, o, s in shares))


@pytest.mark.parametrize(
    ("split", "state", "said"),
    [
        (split_with(("chat", "H200", 1.0), ("labels", "MI300X", 0.5), ("labels", "H200", 0.5)), "shares moved",
         "labels: 50 % MI300X and 50 % H200, it was 62 % MI300X and 38 % H200"),
        (split_with(("chat", "Groq LPU", 1.0), ("labels", "MI300X", 0.62), ("labels", "H200", 0.38)), "changed",
         "chat: 100 % Groq LPU, it was 100 % H200"),
        (None, "impossible", "chat: nowhere, it was 100 % H200"),
    ],
)  # fmt: skip
def test_where_traffic_goes(split, state, said):
    made = compared(DECISION, replace(DECISION, split=split), staying=SINGLE if state == "changed" else None)
    assert made.state == state
    assert said in words(made)
    if state == "changed":
        assert "staying with the options of then would be $27,900" in made.words


def test_from_no_answer_to_one_and_none_again():
    assert compared(INFEASIBLE, DECISION).state == "possible"
    assert compared(INFEASIBLE, INFEASIBLE).words == "There is still no answer."


def test_a_demand_that_changed_is_said_first():
    after = replace(DECISION, demand=replace(DEMAND, seed=2))
    assert words(compared(DECISION, after)) == ["what is asked has changed"]


def test_staying_keeps_only_the_options_in_use():
    assert [option.name for option in staying_with(DEMAND, SINGLE).options] == ["H200"]


def test_the_document():
    document = json.loads(to_json(compared(DECISION, with_price(DEARER))))
    assert document["schema"] == "infertop.revisit/1"
    assert document["after"]["schema"] == "infertop.decision/1"
