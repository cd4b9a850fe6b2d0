"""A price that changes while a run goes on: what is spent is the sum over its pieces, whenever it changes."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from infertop.engine import figures
from infertop.engine.commands import SetPrice
from infertop.engine.cost import ApiPrice, FormerPrice, OwnedPrice, Price, RentedPrice, api_usd, usd_per_hour
from infertop.engine.frame import BackendFrame
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan
from infertop.engine.share import Share
from infertop.engine.window import since

from .virtual import OPENED_NS, ScriptedBackend, drive

DURATION_S = 8.0
USD = st.floats(0.01, 100)
PRICES = st.one_of(
    st.builds(ApiPrice, usd_per_m_input=USD, usd_per_m_output=USD),
    st.builds(RentedPrice, usd_per_chip_hour=USD, chips=st.integers(1, 8)),
    st.builds(OwnedPrice, capex_usd=st.floats(1, 50_000)),
)
MOMENTS_NS = st.integers(1, 7000).map(lambda ms: ms * 1_000_000 + 500_000)
"""Between the milliseconds at which answers end."""

CHANGES = st.lists(st.tuples(MOMENTS_NS, PRICES), max_size=4, unique_by=lambda change: change[0]).map(
    lambda changes: sorted(changes, key=lambda change: change[0])
)


def run(first: Price | None, changes: list[tuple[int, Price]]):
    """The backend's last frame, and when each of its answers ended with which usage."""
    ended = []

    class Watched(ScriptedBackend):
        async def _arrivals(self, index, sent_ns):
            async for arrival in super()._arrivals(index, sent_ns):
                if arrival.usage:
                    ended.append((arrival.at_ns - OPENED_NS, arrival.usage))
                yield arrival

    plan = RunPlan(
        backends=(BackendPlan(name="a", url="1", price=first),),
        arrivals=ArrivalsPlan(concurrency=3),
        duration_s=DURATION_S,
    )
    commands = [(at_ns / 1e9, SetPrice("a", price)) for at_ns, price in changes]
    return drive(plan, Share(), commands, Watched).backends[0], ended


@settings(max_examples=25, deadline=None)
@given(st.none() | PRICES, CHANGES)
def test_spend_is_the_sum_over_the_pieces(first: Price | None, changes: list[tuple[int, Price]]) -> None:
    """Chips are paid by the piece of time, tokens when their answer ends."""
    frame, ended = run(first, changes)
    over_ns = frame.first_sent_ns + frame.active_ns
    expected = 0.0
    for (from_ns, price), (to_ns, _) in pairwise([(0, first), *changes, (1 << 62, None)]):
        if isinstance(price, ApiPrice):
            expected += sum(api_usd(price, usage) for at_ns, usage in ended if from_ns <= at_ns < to_ns)
        elif price is not None:
            paid_ns = max(0, min(to_ns, over_ns) - max(from_ns, frame.first_sent_ns))
            expected += usd_per_hour(price) * paid_ns / 3.6e12
    assert (frame.spent_usd or 0.0) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    prices = [first, *(price for _, price in changes)]
    assert len(frame.former_prices) == sum(former != price for former, price in pairwise(prices))


def totals(**counts: float) -> BackendFrame:
    return BackendFrame(name="a", **counts)


RENTED = RentedPrice(usd_per_chip_hour=3.6)
BEFORE = totals(input_tokens=4_000, output_tokens=1_000, arriving_tokens=1_100.0, good_tokens=900, characters=5_000)
UNPRICED = FormerPrice(price=None, until_ns=10, input_tokens=5_000, output_tokens=2_000, arriving_tokens=2_200.0)
NOW = totals(
    price=RENTED, former_prices=(UNPRICED,), spent_usd=0.5,
    input_tokens=9_000, output_tokens=4_000, arriving_tokens=4_200.0, good_tokens=3_000, characters=20_000,
)  # fmt: skip


def test_what_came_before_a_price_was_known_makes_a_million_no_cheaper():
    for frame in (NOW, since(NOW, BEFORE)):
        assert figures.usd_per_m_output(frame) == pytest.approx(0.5 / 2_000 * 1e6)
        assert figures.usd_per_m_total(frame) == pytest.approx(0.5 / 6_000 * 1e6)
        assert figures.usd_per_m_good(frame) is None
        assert figures.usd_per_m_characters(frame) is None


def test_a_window_after_the_change_has_the_price_all_the_time():
    base = replace(NOW, spent_usd=0.2, arriving_tokens=3_200.0, good_tokens=2_000, characters=10_000)
    window = since(NOW, base)
    assert window.former_prices == ()
    assert figures.usd_per_m_output(window) == pytest.approx(0.3 / 1_000 * 1e6)
    assert figures.usd_per_m_good(window) == pytest.approx(0.3 / 1_000 * 1e6)


def test_without_a_price_no_token_is_billed():
    assert figures.billed_output_tokens(BEFORE) == 0
