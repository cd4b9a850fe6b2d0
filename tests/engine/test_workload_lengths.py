"""Length distributions are monotone quantile functions within their bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.workloads.builtin import BUILTIN
from infertop.engine.workloads.lengths import Empirical, Fixed, Lengths, Lognormal, spread

DISTRIBUTIONS = [
    Fixed(8),
    Lognormal(median=700, sigma=0.6, low=60, high=6000),
    *(workload.input_tokens for workload in BUILTIN.values()),
    *(workload.output_tokens for workload in BUILTIN.values()),
]
SHARES = st.floats(0, 1, exclude_min=True, exclude_max=True)


@given(st.sampled_from(DISTRIBUTIONS), SHARES, SHARES)
def test_quantiles_never_fall(lengths: Lengths, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 1 <= lengths.tokens(low) <= lengths.tokens(high)


def test_a_lognormal_has_its_median_and_spread_and_is_clipped() -> None:
    lengths = Lognormal(median=1000, sigma=0.5, low=500, high=2000)
    assert lengths.tokens(0.5) == 1000
    assert lengths.tokens(0.8413447) == pytest.approx(1000 * 2.718281828**0.5, abs=1)
    assert (lengths.tokens(1e-6), lengths.tokens(1 - 1e-6)) == (500, 2000)


def test_an_empirical_distribution_meets_its_quantiles_and_is_log_linear_between() -> None:
    lengths = Empirical((0, 0.5, 1), (10, 100, 10_000))
    assert [lengths.tokens(share) for share in (1e-9, 0.25, 0.5, 0.75, 1 - 1e-9)] == [10, 32, 100, 1000, 10_000]


def test_variability_is_said_in_words() -> None:
    assert spread(Fixed(1008)) == "always 1,008"
    assert spread(BUILTIN["chat"].input_tokens) == "p50 1,020 · p90 2,734 · p99 4,142"
