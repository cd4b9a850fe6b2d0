"""Demands: as written, as checked, and the built-in ones."""

from pathlib import Path

import pytest

from infertop.engine.sweep.estimate import Estimate
from infertop.profiles.demand import DAYS_A_MONTH, SHAPES, Demand
from infertop.profiles.demand_files import dump, find, load, names, parse
from infertop.profiles.problems import ProfileError

HERE = Path(__file__).parent

SMALL = """
[[classes]]
name = "chat"
requests_per_day = { value = 10_000, low = 8_000, high = 15_000 }
ttft_ms = 500

[[options]]
name = "A"
sim = "h200"
price = { basis = "rented", usd_per_chip_hour = 2.5, chips = 4 }
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        parse(text, "mine.toml", HERE)
    assert str(caught.value).startswith("mine.toml: ")
    return [str(each) for each in caught.value.problems]


@pytest.mark.parametrize("name", names())
def test_every_built_in_demand_loads_and_is_the_same_when_written_and_read(name):
    demand = load(find(name))
    assert demand.title
    assert demand.description
    assert parse(dump(demand), name, find(name).parent) == demand


def test_a_plain_number_is_certain_and_a_table_is_not():
    made = parse(SMALL + "price_factor = 0.9\nrequests_per_s = { chat = { value = 3, high = 4 } }\n", "x", HERE)
    assert made.classes[0].requests_per_day == Estimate(value=10_000, low=8_000, high=15_000)
    assert made.options[0].price_factor == Estimate.exactly(0.9)
    assert made.options[0].requests_per_s == {"chat": Estimate(value=3, low=3, high=4)}


def test_the_hours_of_a_day_sum_to_one_whatever_the_shape():
    for shape in SHAPES:
        made = parse(SMALL.replace("ttft_ms = 500", f'shape = "{shape}"'), "x", HERE)
        assert sum(made.classes[0].weights) == pytest.approx(1)
    made = parse(SMALL.replace("ttft_ms = 500", f"hourly = {[1] * 23 + [3]}"), "x", HERE)
    assert made.classes[0].weights[-1] == pytest.approx(3 / 26)


def test_regions_are_shares_and_none_is_one_place():
    made = parse(SMALL.replace("ttft_ms = 500", "regions = { eu = 1, us = 3 }"), "x", HERE).classes[0]
    assert made.places == {"eu": 0.25, "us": 0.75}
    assert parse(SMALL, "x", HERE).classes[0].places == {"": 1.0}


def test_a_weekend_without_requests_leaves_five_days_in_seven():
    made = parse(SMALL.replace("ttft_ms = 500", "weekend = 0.0"), "x", HERE).classes[0]
    assert made.days_a_month == pytest.approx(DAYS_A_MONTH * 5 / 7)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ttft_ms = 500", "ttft_ms = -1", "classes[0].ttft_ms: must be above 0"),
        ("ttft_ms = 500", "ttft = 5", 'classes[0].ttft: unknown key; did you mean "ttft_ms"?'),
        (
            "ttft_ms = 500",
            "quantile = 95",
            "classes[0].quantile: is a share of the requests: above 0, below 1 (0.95)",
        ),
        ("ttft_ms = 500", "hourly = [1]", "classes[0].hourly: must have 24 numbers, one an hour, and has 1"),
        ("ttft_ms = 500", "peak_factor = 0.5", "classes[0].peak_factor: must be at least 1, and so must its low end"),
        ("ttft_ms = 500", "regions = { eu = 0 }", "classes[0].regions.eu: is a share: above 0"),
        ("low = 8_000", "low = 11_000", "classes[0].requests_per_day: its value must lie between low and high"),
        ("low = 8_000", "lowest = 8_000",
         "classes[0].requests_per_day: must be a number, or { value = 5, low = 4, high = 7 }"),
        ("{ value = 10_000, low = 8_000, high = 15_000 }", '"many"',
         "classes[0].requests_per_day: must be a number, or { value = 5, low = 4, high = 7 }"),
        ("chips = 4", "chips = 8", "options[0].price.chips: is 8, but a replica of H200 ×4 has 4"),
        ("usd_per_chip_hour = 2.5", "usd_per_chip_hour = -2",
         "options[0].price.usd_per_chip_hour: must not be negative"),
        ('sim = "h200"', 'sim = "h200"\navailability = 99',
         "options[0].availability: is a share of the time: above 0, at most 1 (0.999)"),
        ('sim = "h200"', 'sim = "h200"\nmost_replicas = 0',
         "options[0].most_replicas: must be 1 or more, and no less than least_replicas"),
        ('sim = "h200"', 'sim = "h200"\nrequests_per_s = { chatt = 4 }',
         'options[0].requests_per_s: no class is called "chatt"; did you mean "chat"?'),
    ],
)  # fmt: skip
def test_mistakes_are_named(old, new, said):
    assert problems(SMALL.replace(old, new)) == [said]


def test_a_workload_that_there_is_not_is_named_by_its_key():
    (said,) = problems(SMALL.replace("ttft_ms = 500", 'workload = "chit-chat"'))
    assert said.startswith("classes[0].workload: no such workload")


def test_a_region_cannot_be_lost_by_data_that_must_stay_there():
    text = SMALL.replace("ttft_ms = 500", "regions = { eu = 1, us = 1 }")
    said = problems(text + '[constraints]\nsurvive_loss_of = "region"\nserve = "in region"\n')
    (only,) = said
    assert only.startswith(
        "constraints.survive_loss_of: data that must stay in its region cannot be served elsewhere"
    )
    assert only.endswith('write serve = "near"')


def test_an_empty_demand_lacks_everything():
    assert [each.split(":")[0] for each in problems("")] == ["classes", "options"]
    assert Demand().classes == ()


def test_two_of_one_name_and_a_billing_of_tokens():
    text = SMALL + '[[options]]\nname = "A"\nprice = { basis = "api", usd_per_m_input = 1, usd_per_m_output = 1 }\n'
    assert problems(text + 'billing = "hourly"\n') == [
        'options[1].name: "A" is the name of options[0] too',
        "options[1].billing: is of chips paid by the hour; a price per token has none",
    ]
