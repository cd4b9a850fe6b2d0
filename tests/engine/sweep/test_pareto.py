"""Which points nobody would choose."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from infertop.engine.histogram import Histogram
from infertop.engine.sweep.pareto import Choice, choices, dominated, front
from infertop.engine.sweep.reading import tok_s_per_user

from .made import sweep_plan, swept

figures = st.integers(1, 6).map(float)
fields = st.lists(
    st.builds(Choice, st.sampled_from("abc"), figures, figures, st.none() | figures, st.none() | figures), max_size=12
)


@given(fields)
def test_every_point_is_on_the_front_or_dominated(field) -> None:
    kept = front(field)
    assert not any(dominated(one, by) for one in kept for by in field)
    assert all(one in kept or any(dominated(one, by) for by in field) for one in field)


@given(fields)
def test_the_front_begins_with_the_fastest_for_a_user(field) -> None:
    speeds = [choice.tok_s_per_user for choice in front(field)]
    assert speeds == sorted(speeds, reverse=True)


def test_better_in_all_that_both_are_known_by() -> None:
    slow = Choice("a", 8, 20.0, 100.0, 2.0)
    assert dominated(slow, Choice("b", 8, 30.0, 100.0, 1.0))
    assert not dominated(slow, Choice("b", 8, 30.0, 90.0, 1.0))
    assert not dominated(slow, slow)
    assert not dominated(slow, Choice("b", 8, 30.0))  # one figure alone decides nothing


def test_more_load_trades_the_users_speed_for_the_chips() -> None:
    field = choices(swept(sweep_plan("h200/batch=16", high=8)).curves)
    assert len(front(field)) == len(field) >= 4


def test_the_users_speed_alone_is_no_choice_and_an_answer_in_one_read_has_none() -> None:
    curve = swept(sweep_plan("h200/batch=16", high=1)).curves[0]
    unknown = replace(curve, backend=replace(curve.backend, url="http://127.0.0.1:9/v1", price=None))
    assert not choices([unknown])
    at_once = Histogram()
    at_once.add(0)
    (point,) = curve.points
    assert tok_s_per_user(point).value > 0
    counted = replace(point.counted, histograms={"tpot": at_once.state()})
    assert tok_s_per_user(replace(point, counted=counted)) is None
