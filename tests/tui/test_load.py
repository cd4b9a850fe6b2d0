"""More and less load: predictable steps, and there and back again."""

from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.commands import SetConcurrency, SetRate
from infertop.engine.plan import ArrivalsPlan
from infertop.tui.load import Asked, changed_load, stepped_count


def climb(value, by, times):
    made = [value]
    for _ in range(times):
        made.append(stepped_count(made[-1], by))
    return made


def test_concurrency_climbs_by_about_a_quarter():
    assert climb(1, 1, 15) == [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 32, 40, 50, 64]


def test_concurrency_descends_the_same_steps_to_one():
    assert climb(64, -1, 16) == [64, 50, 40, 32, 25, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 1, 1]


@given(st.integers(1, 5000), st.sampled_from([1, -1]))
def test_a_step_goes_the_way_it_should(concurrency, by):
    command = changed_load(ArrivalsPlan(concurrency=concurrency), by)
    assert isinstance(command, SetConcurrency)
    assert (command.concurrency - concurrency) * by > 0 or command.concurrency == concurrency == 1


@given(st.floats(0.01, 1e4), st.sampled_from([1, -1]))
def test_a_rate_steps_by_at_most_a_third(rate, by):
    command = changed_load(ArrivalsPlan(kind="poisson", rate_per_s=rate), by)
    assert isinstance(command, SetRate)
    assert 1 / 1.35 < command.rate_per_s / rate < 1.35
    assert (command.rate_per_s - rate) * by > 0 or command.rate_per_s == 0.01


def test_what_was_asked_counts_until_its_frame_can_have_come():
    now = [0.0]
    asked = Asked(lambda: now[0])
    assert asked.or_shown(8) == 8
    asked.ask(10)
    assert asked.or_shown(8) == 10
    now[0] = 2.1
    assert asked.or_shown(8) == 8
