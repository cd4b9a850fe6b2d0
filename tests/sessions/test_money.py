"""Money in the document and in words: every figure with its denominator."""

import pytest
from msgspec.structs import replace

from infertop.engine.cost import ApiPrice, FormerPrice, OwnedPrice, RentedPrice
from infertop.engine.estimate import BackendEstimate, Estimate
from infertop.engine.frame import BackendFrame
from infertop.sessions.exit_codes import ExitCode, exit_code
from infertop.sessions.money import cost, cost_remarks, estimate_lines, price

from .frames import frame, three

RENTED = RentedPrice(usd_per_chip_hour=3.6, chips=4, utilisation=0.5, as_of="2024-12-23", source="somewhere")
BACKEND = BackendFrame(
    name="a",
    price=RENTED,
    price_old=True,
    input_tokens=2_000_000,
    output_tokens=1_000_000,
    arriving_tokens=1_000_000.0,
    good_tokens=250_000,
    good=5,
    spent_usd=4.0,
)


def test_each_denominator():
    made = cost(BACKEND)
    assert (made.usd_per_m_output, made.usd_per_m_total) == (4.0, pytest.approx(4 / 3, rel=1e-5))
    assert (made.usd_per_m_good, made.usd_per_m_output_utilised, made.utilisation) == (16.0, 8.0, 0.5)
    assert (made.usd_per_hour, made.basis, made.price_old) == (14.4, "rented", True)


def test_without_an_slo_or_a_utilisation_there_is_no_such_figure():
    made = cost(replace(BACKEND, price=replace(RENTED, utilisation=None), good_tokens=None))
    assert made.usd_per_m_good is None
    assert made.usd_per_m_output_utilised is None
    api = cost(replace(BACKEND, price=ApiPrice(usd_per_m_input=1, usd_per_m_output=2, tier="batch")))
    assert (api.price_tier, api.utilisation, api.usd_per_hour) == ("batch", None, None)


def test_in_words():
    (line,) = cost_remarks(BACKEND)
    assert line == (
        "4 × $3.60/h rented (somewhere, 2024-12-23, more than 90 days old: check it); $4.00/M output at this load, "
        "$8.00/M output at 50.0 % utilisation, $1.33/M input and output, "
        "$16.00/M output of requests that met the SLO"
    )


def test_a_price_that_changed_tells_those_before_it():
    former = (
        FormerPrice(price=None, until_ns=4_500_000_000),
        FormerPrice(price=ApiPrice(usd_per_m_input=1, usd_per_m_output=2, source="\x1bb"), until_ns=62_000_000_000),
    )
    changed = replace(BACKEND, former_prices=former)
    (line,) = cost_remarks(changed)
    api = "$1.00/$2.00 per M in/out (\N{REPLACEMENT CHARACTER}b)"
    assert f"check it); before: {api} until 1 m 02 s; before: no price known until 4.5 s; $4.00/M output" in line
    first, second = cost(changed).former_prices
    assert (first.price, first.until_s) == ("", 4.5)
    assert (second.price, second.until_s) == (api, 62.0)


def test_what_may_still_be_billed_is_said():
    api = replace(BACKEND, price=ApiPrice(usd_per_m_input=1, usd_per_m_output=2), at_risk_usd=0.25)
    assert list(cost_remarks(api))[1].startswith("up to $0.25 more may be billed")


@pytest.mark.parametrize(
    ("of", "old", "words"),
    [
        (ApiPrice(usd_per_m_input=0.15, usd_per_m_output=0.6), True, "$0.15/$0.60 per M in/out (undated: check it)"),
        (
            ApiPrice(usd_per_m_input=3, usd_per_m_output=15, usd_per_m_cached=0.3, usd_per_m_cache_write=3.75,
                     tier="flex", as_of="2026-11", source="list"),
            False,
            "$3.00/$15.00 per M in/out, $0.30 cached, $3.75 written to a cache, tier flex (list, 2026-11)",
        ),
        (OwnedPrice(capex_usd=0, ops_usd_per_hour=2, as_of="2026"), False, "$2.00/h owned (2026)"),
    ],
)  # fmt: skip
def test_a_price_in_words(of, old, words):
    assert price(of, old=old) == words


def test_an_estimate_in_words():
    known = BackendEstimate(
        name="Groq", requests=200, input_tokens=1020, output_tokens=128, usd_per_request=0.0003,
        worst_usd_per_request=0.001, usd=0.06, worst_usd=0.2,
    )  # fmt: skip
    assert list(estimate_lines(Estimate(backends=(known,), budget_usd=0.1))) == [
        "Groq: about $0.060 for 200 requests of 1,020 tokens in, 128 out",
        "in all about $0.060, at most $0.20; the budget stops it at $0.10",
    ]
    endless = replace(known, requests=None, usd=None, worst_usd=None)
    (line,) = estimate_lines(Estimate(backends=(endless,), budget_usd=0.3))
    assert line.startswith("Groq: about $0.00030 a request of 1,020 tokens in, 128 out; alone it would reach the bud")
    assert line.endswith("after about 1,000")
    rented = BackendEstimate(name="H200", requests=None, input_tokens=1, output_tokens=1, usd_per_hour=25.24)
    free = BackendEstimate(name="free", requests=None, input_tokens=1, output_tokens=1)
    assert list(estimate_lines(Estimate(backends=(rented, free)))) == ["H200: $25.24 an hour"]


def test_a_backends_own_budget_is_an_exit_code():
    made = three()
    first, *rest = made.backends
    stopped = replace(first, unsent={"budget": 1})
    alive = tuple(replace(each, finished=1) for each in (stopped, *rest))
    assert exit_code(frame(*alive)) is ExitCode.BUDGET
