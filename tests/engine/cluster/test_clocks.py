"""Another machine's clock from questions and answers: never further off than is said."""

from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.cluster.clocks import Exchange, offset

DELAYS_NS = st.integers(0, 10**9)


@given(
    st.integers(-(10**18), 10**18),
    st.lists(st.tuples(st.integers(0, 10**15), DELAYS_NS, DELAYS_NS), min_size=1, max_size=20),
)
def test_the_truth_is_within_the_stated_error(ahead_ns, asked):
    exchanges = [Exchange(at, at + there + ahead_ns, at + there + back) for at, there, back in asked]
    found = offset(exchanges)
    assert abs(found.ahead_ns - ahead_ns) <= found.error_ns
    assert found.round_trip_ns == min(there + back for _, there, back in asked)
    assert found.error_ns <= found.round_trip_ns / 2 + 1


def test_the_quickest_answer_counts():
    slow, quick = Exchange(0, 5_000, 9_000), Exchange(10_000, 10_300, 10_400)
    assert offset([slow, quick]) == offset([quick, slow]) == (100, 200, 400)
