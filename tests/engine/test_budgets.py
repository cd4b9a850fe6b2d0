"""A budget holds what the provider bills, by the provider's own books, whatever becomes of the answers."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infertop.backends.base import Message, Usage
from infertop.backends.errors import BackendError, ErrorKind
from infertop.engine.cost import ApiPrice, RentedPrice, api_usd
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.purse import Purse, TokensAsked, may_be_billed, most_tokens, worst_usd
from infertop.engine.share import Share
from infertop.sessions.exit_codes import ExitCode, exit_code

from .provider import run_against

PRICE = ApiPrice(usd_per_m_input=0.15, usd_per_m_output=0.60)
DEARER = ApiPrice(usd_per_m_input=0.35, usd_per_m_output=1.7)
ENDINGS = ("", "", "", "no usage", "cut", "refused", "timeout")


def plan(*, price=PRICE, names=("api",), own_budget=None, **fields):
    fields.setdefault("arrivals", ArrivalsPlan(concurrency=16))
    fields.setdefault("workload", WorkloadPlan(source="chat", max_tokens=64))
    backends = tuple(BackendPlan(name=name, url="x", price=price, budget_usd=own_budget) for name in names)
    return RunPlan(backends=backends, **fields)


def accounted(backend):
    settled = backend.finished + backend.failed + backend.in_flight + backend.not_sent
    return backend.scheduled == settled and sum(backend.unsent.values()) == backend.not_sent


@pytest.mark.parametrize("arrivals", [ArrivalsPlan(concurrency=16), ArrivalsPlan(kind="poisson", rate_per_s=40)])
def test_a_run_of_ten_thousand_ends_below_its_budget(arrivals):
    frame, providers = run_against(plan(requests=10_000, budget_usd=0.05, arrivals=arrivals))
    (backend,) = frame.backends
    assert frame.stop_reason == "budget"
    assert exit_code(frame) is ExitCode.BUDGET
    assert 0.03 < providers["api"].billed_usd(PRICE) <= 0.05
    assert backend.spent_usd == pytest.approx(providers["api"].billed_usd(PRICE))
    assert backend.at_risk_usd == 0.0
    assert accounted(backend)
    assert backend.unsent == {"budget": 1}
    assert len(providers["api"].sent) == backend.finished


@settings(max_examples=40, deadline=None)
@given(
    endings=st.lists(st.sampled_from(ENDINGS), min_size=3, max_size=20),
    budget_usd=st.floats(0.0005, 0.02),
    concurrency=st.integers(2, 40),
    warmup=st.integers(0, 30),
    workers=st.sampled_from([1, 2]),
)
def test_whatever_becomes_of_answers_the_bill_stays_below_the_budget(
    endings, budget_usd, concurrency, warmup, workers
):
    wanted = plan(
        requests=3000,
        budget_usd=budget_usd,
        warmup=warmup,
        arrivals=ArrivalsPlan(concurrency=concurrency),
        names=("a", "b"),
        workers=workers,
    )
    billed = 0.0
    for worker in range(workers):
        frame, providers = run_against(
            wanted, Share(worker, workers), ending=lambda index: endings[index % len(endings)]
        )
        bills = {name: provider.billed_usd(PRICE) for name, provider in providers.items()}
        billed += sum(bills.values())
        for backend in frame.backends:
            assert accounted(backend)
            assert bills[backend.name] <= backend.spent_usd + backend.warmup_usd + backend.at_risk_usd + 1e-12
    assert billed <= budget_usd


def test_a_backend_with_a_budget_of_its_own_stops_alone():
    wanted = RunPlan(
        backends=(
            BackendPlan(name="dear", url="x", price=PRICE, budget_usd=0.002),
            BackendPlan(name="free", url="x"),
        ),
        workload=WorkloadPlan(source="chat", max_tokens=64),
        requests=400,
    )
    frame, providers = run_against(wanted)
    dear, free = frame.backends
    assert providers["dear"].billed_usd(PRICE) <= 0.002
    assert 0 < dear.finished < 400
    assert dear.unsent == {"budget": 1}
    assert free.finished == 400
    assert exit_code(frame) is ExitCode.BUDGET


def test_an_endless_run_ends_when_every_budget_is_used():
    frame, _ = run_against(plan(own_budget=0.002, names=("a", "b")))
    assert frame.stop_reason == "budget"


def test_nothing_is_sent_that_a_budget_does_not_bear():
    frame, providers = run_against(plan(requests=10, budget_usd=0.000001, warmup=3))
    assert providers["api"].sent == []
    assert frame.stop_reason == "budget"


def test_chips_by_the_hour_have_a_budget_too():
    rented = RentedPrice(usd_per_chip_hour=3600.0)
    frame, _ = run_against(plan(price=rented, own_budget=3.0))
    assert 3.0 <= frame.backends[0].spent_usd < 4.0


@dataclass
class Asked:
    messages: tuple
    max_tokens: int


def worst_case(price, prompt, extra):
    return worst_usd(price, most_tokens(prompt, extra))


class TestTheWorstCase:
    @given(st.text(max_size=200), st.integers(1, 4000))
    def test_no_token_is_less_than_a_byte(self, text, max_tokens):
        prompt = Asked((Message("user", text),), max_tokens)
        most = Usage(len(text.encode("utf-8", "replace")) + 100, max_tokens)
        assert api_usd(PRICE, most) <= worst_case(PRICE, prompt, {})

    def test_fields_added_to_the_request_count(self):
        prompt = Asked((Message("user", "hi"),), 10)
        plain = worst_case(PRICE, prompt, {})
        assert worst_case(PRICE, prompt, {"max_tokens": 5, "top_p": 1, "n": 1}) == plain
        more = worst_case(PRICE, prompt, {"max_completion_tokens": 1000, "n": 3})
        assert more - plain == pytest.approx((3000 - 10) * 0.60 / 1e6)

    def test_writing_to_a_cache_may_be_the_dearest(self):
        price = ApiPrice(usd_per_m_input=3.0, usd_per_m_output=0.0, usd_per_m_cache_write=3.75)
        prompt = Asked((Message("user", "x" * 1000),), 1)
        assert worst_case(price, prompt, {}) == pytest.approx(1.25 * worst_case(
            ApiPrice(usd_per_m_input=3.0, usd_per_m_output=0.0), prompt, {}
        ))  # fmt: skip

    def test_what_is_released_leaves_nothing_behind(self):
        purse = Purse(PRICE)
        for index in range(1, 500):
            purse.set_aside(index, TokensAsked(index, 200 + index))
        purse.become(DEARER)
        for index in reversed(range(1, 500)):
            purse.release(index, Usage(3, 1), billed=True)
        assert purse.at_risk_usd == 0.0


@pytest.mark.parametrize(
    ("error", "billed"),
    [
        (BackendError(ErrorKind.CONNECT, "x"), False),
        (BackendError(ErrorKind.RATE_LIMIT, "x", status=429, sent_ns=1), False),
        (BackendError(ErrorKind.SERVER, "x", status=500, sent_ns=1), False),
        (BackendError(ErrorKind.TIMEOUT, "x", sent_ns=1), True),
        (BackendError(ErrorKind.CUT, "x", status=200, sent_ns=1), True),
        (BackendError(ErrorKind.IN_BAND, "x", status=200, sent_ns=1), True),
    ],
)
def test_what_may_be_billed(error, billed):
    assert may_be_billed(error) is billed
