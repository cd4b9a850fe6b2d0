"""Schedules are pure in (plan, seed, index) and have the rate and the burstiness that was asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.arrivals import ArrivalsError, schedule
from infertop.engine.plan import ArrivalsPlan

PLANS = [
    ArrivalsPlan(kind="constant", rate_per_s=12.5),
    ArrivalsPlan(kind="poisson", rate_per_s=12.5),
    ArrivalsPlan(kind="gamma", rate_per_s=12.5, cv=0.5),
    ArrivalsPlan(kind="gamma", rate_per_s=12.5, cv=3.0),
    ArrivalsPlan(kind="ramp", rate_per_s=2.0, ramp_to_per_s=40.0, ramp_s=30.0),
    ArrivalsPlan(kind="ramp", rate_per_s=40.0, ramp_to_per_s=2.0, ramp_s=30.0),
]


def times(plan: ArrivalsPlan, count: int, seed: int = 1, first_index: int = 0) -> np.ndarray:
    stage = schedule(plan, seed, first_index)
    return np.array([stage.at_s(first_index + number) for number in range(count)])


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.kind}-{plan.cv}-{plan.ramp_to_per_s}")
@pytest.mark.parametrize("first_index", [0, 5000])
def test_the_order_of_asking_does_not_matter(plan: ArrivalsPlan, first_index: int) -> None:
    forwards = times(plan, 9000, first_index=first_index)
    stage = schedule(plan, 1, first_index)
    backwards = [stage.at_s(first_index + number) for number in range(8999, -1, -1)]
    assert (forwards == backwards[::-1]).all()
    assert forwards[0] >= 0
    assert (np.diff(forwards) >= 0).all()


@pytest.mark.parametrize("plan", PLANS[:4], ids=lambda plan: f"{plan.kind}-{plan.cv}")
def test_two_workers_and_a_later_stage_agree_on_the_gaps(plan: ArrivalsPlan) -> None:
    """A gap belongs to its index: a stage that begins elsewhere has the same gaps from there on."""
    whole = times(plan, 6000)
    later = times(plan, 1000, first_index=5000)
    assert np.diff(later) == pytest.approx(np.diff(whole[5000:]), abs=1e-9)


@pytest.mark.parametrize(("kind", "cv"), [("poisson", 1.0), ("gamma", 0.3), ("gamma", 1.0), ("gamma", 2.5)])
@pytest.mark.parametrize("seed", [1, 2])
def test_random_gaps_have_the_rate_and_the_variability_asked_for(kind: str, cv: float, seed: int) -> None:
    plan = ArrivalsPlan(kind=kind, rate_per_s=8.0, cv=cv)
    gaps = np.diff(times(plan, 100_000, seed))
    assert 1 / gaps.mean() == pytest.approx(8.0, rel=0.02)
    assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.05)
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 0.02


def test_gamma_gaps_have_the_shape_of_a_gamma_distribution() -> None:
    """Quantiles of an Erlang-4 distribution (cv 1/2) of mean 1, from its closed form."""
    gaps = np.sort(np.diff(times(ArrivalsPlan(kind="gamma", rate_per_s=1.0, cv=0.5), 50_000)))
    for at in (0.3, 0.7, 1.0, 1.5, 2.5):
        erlang = 1 - np.exp(-4 * at) * (1 + 4 * at + (4 * at) ** 2 / 2 + (4 * at) ** 3 / 6)
        assert np.searchsorted(gaps, at) / gaps.size == pytest.approx(erlang, abs=0.01)


def test_another_seed_gives_other_times() -> None:
    plan = ArrivalsPlan(kind="poisson", rate_per_s=8.0)
    assert (times(plan, 100, seed=1) != times(plan, 100, seed=2)).all()


def test_constant_gaps_are_constant_from_the_start_of_the_stage() -> None:
    stage = schedule(ArrivalsPlan(kind="constant", rate_per_s=4.0), 1, first_index=100)
    assert [stage.at_s(index) for index in (100, 101, 104)] == [0.0, 0.25, 1.0]
    assert stage.offered_per_s(3.0) == 4.0


@given(
    from_per_s=st.floats(0, 100),
    to_per_s=st.floats(0.1, 100),
    ramp_s=st.floats(1, 600),
    count=st.integers(0, 20_000),
)
def test_a_ramp_sends_request_k_when_the_integrated_rate_reaches_k(
    from_per_s: float, to_per_s: float, ramp_s: float, count: int
) -> None:
    plan = ArrivalsPlan(kind="ramp", rate_per_s=from_per_s, ramp_to_per_s=to_per_s, ramp_s=ramp_s)
    stage = schedule(plan, 1, first_index=7)
    at_s = stage.at_s(7 + count)
    ramping = min(at_s, ramp_s)
    integrated = from_per_s * ramping + (to_per_s - from_per_s) * ramping**2 / (2 * ramp_s)
    integrated += to_per_s * max(at_s - ramp_s, 0)
    assert integrated == pytest.approx(count, rel=1e-6, abs=1e-6)
    assert stage.at_s(7 + count + 1) >= at_s


def test_a_ramp_says_its_rate_and_stays_at_the_end() -> None:
    stage = schedule(PLANS[4], 1)
    assert [stage.offered_per_s(t_s) for t_s in (0, 15, 30, 1000)] == [2.0, 21.0, 40.0, 40.0]


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (ArrivalsPlan(), "a closed loop has no schedule"),
        (ArrivalsPlan(kind="constant", rate_per_s=0), "rate_per_s must be above 0"),
        (ArrivalsPlan(kind="poisson", rate_per_s=float("nan")), "rate_per_s must be above 0"),
        (ArrivalsPlan(kind="gamma", cv=0), "cv must be above 0"),
        (ArrivalsPlan(kind="ramp"), "ramp_to_per_s must be above 0"),
        (ArrivalsPlan(kind="ramp", ramp_to_per_s=1, ramp_s=0), "ramp_s must be above 0"),
        (ArrivalsPlan(kind="ramp", rate_per_s=-1, ramp_to_per_s=1), "rate_per_s of a ramp must not be negative"),
    ],
)
def test_what_gives_no_schedule_is_refused(plan: ArrivalsPlan, text: str) -> None:
    with pytest.raises(ArrivalsError, match=text):
        schedule(plan, 1)
