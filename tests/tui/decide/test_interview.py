"""Questions and answers: what is typed is what a demand says, and what is wrong is said beside the question."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.profiles.demand import Constraints, DemandClass
from infertop.tui.decide import interview
from infertop.tui.decide.day import day_of
from infertop.tui.decide.questions import (
    CLASS_QUESTIONS,
    CONSTRAINT_QUESTIONS,
    AnswerError,
    figure,
    number,
    put,
    said,
)

from .made import DEMAND, DOCUMENT, check

ASKED = {question.key: question for question in CLASS_QUESTIONS}


def begun():
    return interview.begun(DOCUMENT, check)


def at(of, where):
    return interview.moved(of, [line.where for line in interview.lines(of)].index(where) - of.at)


def answered(of, where, text):
    now = interview.erased(at(of, where), check, whole=True)
    for char in text:
        now = interview.typed(now, char, check)
    return now


def test_an_interview_that_nobody_touched_changes_nothing():
    assert begun().demand == DEMAND
    assert not begun().problems


def test_everything_a_demand_says_of_a_class_or_constraint_is_asked():
    """But the seed and what only a file may say of options."""
    assert {each.key for each in CLASS_QUESTIONS} == {each.name for each in msgspec.structs.fields(DemandClass)}
    assert {each.key for each in CONSTRAINT_QUESTIONS} == {each.name for each in msgspec.structs.fields(Constraints)}
    assert all(each.why and each.title for each in (*CLASS_QUESTIONS, *CONSTRAINT_QUESTIONS))


@pytest.mark.parametrize(
    ("where", "text", "value"),
    [
        ("classes[0].requests_per_day", "50k (40k-70k)", ("requests_per_day", (50_000, 40_000, 70_000))),
        ("classes[0].requests_per_day", "2.5M", ("requests_per_day", (2_500_000,) * 3)),
        ("classes[0].ttft_ms", "350", ("ttft_ms", 350)),
        ("classes[0].ttft_ms", "", ("ttft_ms", None)),
        ("classes[0].models", "a, b", ("models", ("a", "b"))),
        ("classes[0].regions", "eu 0.6, us 0.4", ("regions", {"eu": 0.6, "us": 0.4})),
        ("classes[0].hourly", "1 " * 23 + "3", ("hourly", (1.0,) * 23 + (3.0,))),
    ],
)
def test_what_is_typed_is_what_it_says(where, text, value):
    made = answered(begun(), where, text)
    assert made.demand is not None, made.problems
    key, wanted = value
    found = getattr(made.demand.classes[0], key)
    assert ((found.value, found.low, found.high) if key == "requests_per_day" else found) == wanted


@pytest.mark.parametrize(
    ("where", "text", "told"),
    [
        ("classes[0].requests_per_day", "many", "write a number"),
        ("classes[0].requests_per_day", "5 (6-7)", ""),
        ("classes[0].requests_per_day", "-3", "write a number"),
        ("classes[0].quantile", "2", ""),
        ("classes[0].regions", "eu", "with its share"),
        ("classes[0].hourly", "1 2 3", ""),
        ("constraints.availability", "7", ""),
    ],
)
def test_a_mistake_is_told_beside_its_question(where, text, told):
    made = answered(begun(), where, text)
    assert made.demand is None
    assert told in made.problem(made.line)
    assert made.problem(made.line)


def test_choices_turn_and_take_letters():
    of = at(begun(), "classes[0].shape")
    assert interview.turned(of, 1, check).answer(of.line) == "evening"
    assert interview.turned(of, -1, check).answer(of.line) == "flat"
    assert interview.typed(of, "n", check).demand.classes[0].shape == "night"
    assert interview.typed(of, "z", check) == of
    assert interview.erased(of, check) == of
    limits = at(begun(), "classes[0].ttft_ms")
    assert interview.turned(limits, 1, check) == limits


def test_classes_come_and_go():
    of = interview.with_class(begun(), check)
    assert of.line.where == "classes[2].name"
    assert [each.name for each in of.demand.classes] == ["chat", "labels", "class 3"]
    back = interview.without_class(of, check)
    assert back.demand == DEMAND
    first = interview.without_class(begun(), check)
    assert [each.name for each in first.demand.classes] == ["labels"]
    assert interview.without_class(first, check) == first


def test_how_it_is_paid_for_leaves_options_out():
    of = at(begun(), "kinds")
    api = interview.turned(of, 1, check)
    assert [option.name for option in api.demand.options] == ["Groq LPU"]
    none = interview.turned(at(api, "options[0]"), 1, check)
    assert none.demand is None
    assert none.others


def test_groups_are_reached_in_one_step():
    of = interview.to_group(begun(), 1)
    assert of.line.where == "classes[1].name"
    assert interview.to_group(interview.to_group(of, 1), 1).line.where == "kinds"
    assert interview.to_group(interview.to_group(of, -1), -1).at == 0
    assert interview.moved(of, 10_000).at == len(interview.lines(of)) - 1


def test_the_day_follows_what_is_typed():
    day = day_of(begun(), 0)
    assert sum(day.per_hour) == pytest.approx(400_000)
    assert day.peak_per_s == pytest.approx(max(day.per_hour) / 3600 * 1.5)
    assert day_of(answered(begun(), "classes[0].hourly", "1 2 3"), 0) is None
    assert day_of(answered(begun(), "classes[0].requests_per_day", "x"), 0) is None
    twice = answered(begun(), "classes[0].requests_per_day", "800k")
    assert day_of(twice, 0).peak_per_s == pytest.approx(2 * day.peak_per_s)


@given(st.one_of(st.integers(0, 10**12), st.floats(0.001, 1e6).map(lambda value: float(f"{value:g}"))))
def test_a_number_reads_as_it_is_written(value):
    assert number(figure(value)) == value


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_told(text):
    with suppress(AnswerError):
        assert number(text) >= 0


@given(st.sampled_from(CLASS_QUESTIONS), st.text(max_size=30))
def test_any_answer_is_put_or_told(question, text):
    document = {}
    try:
        put(document, question, text)
    except AnswerError:
        return
    assert isinstance(said(document, question), str)
