"""Which prompt is shown, and what is known of each answer to it."""

from dataclasses import replace

import pytest

from infertop.backends.base import Arrival, Message
from infertop.engine.commands import Follow
from infertop.engine.following import DWELL_NS, EVERY, LINGER_NS, MOST_KEPT, PATIENCE_NS, TAIL, Following
from infertop.engine.likeness import LikenessSums
from infertop.engine.plan import BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.process import EngineProcess
from infertop.engine.prompts import Prompt

NAMES = ["fast", "slow"]
PLAIN = Prompt(
    index=0,
    messages=(),
    max_tokens=10,
    fixed_length=False,
    workload="chat",
    expected_input_tokens=5,
    temperature=0.0,
)


def prompt(index):
    return replace(PLAIN, index=index, messages=(Message("user", f"question {index}"),))


def following(*, on=True, likeness=None):
    made = Following(NAMES, likeness or LikenessSums(NAMES))
    made.want(on=on)
    return made


def say(answer, *texts, reasoning=""):
    taken = []
    take = answer.taking(taken.append)
    for text in texts:
        take(Arrival(at_ns=0, chunks=1, text=text))
    if reasoning:
        take(Arrival(at_ns=0, chunks=1, reasoning=reasoning))
    return taken


def states(shown):
    return {each.backend: each.state for each in shown.answers}


def test_nothing_is_kept_unless_somebody_listens():
    quiet = following(on=False)
    assert quiet.begin(prompt(0), "fast", 0) is None
    assert quiet.frame(0, []) is None


def test_only_some_prompts_are_kept_and_fewer_where_the_slow_are_far_behind():
    made = following()
    assert made.begin(prompt(1), "fast", 0) is None
    for index in range(MOST_KEPT * EVERY * 5):
        if answer := made.begin(prompt(index), "fast", 0):
            answer.end(failed=False)
        assert len(made._kept) <= MOST_KEPT
    assert set(made._kept) <= set(range(0, MOST_KEPT * EVERY * 5, EVERY * 8))
    assert {0, EVERY * 8, EVERY * 16} <= made._kept.keys(), "what the slow one comes to next is still there"


def test_what_all_have_passed_gives_way_first():
    made = following()
    for index in range(MOST_KEPT * EVERY * 5):
        for name in NAMES:
            if answer := made.begin(prompt(index), name, 0):
                answer.end(failed=False)
    assert made._every == EVERY
    assert max(made._kept) == (MOST_KEPT * 5 - 1) * EVERY


@pytest.mark.parametrize(("slowness", "least"), [(3, 0.95), (20, 0.95), (100, 0.3)])
def test_however_unequal_they_are_what_is_shown_is_mostly_said_by_all(slowness, least):
    """Twenty minutes of a closed loop: one answers ten prompts a second, the other `slowness` times fewer."""
    made, seen, next_prompt, answers = following(), [], dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES)
    each_ticks = {"fast": 1, "slow": slowness}
    for tick in range(12_000):
        for name in NAMES:
            if tick % each_ticks[name] == 0:
                if answers[name]:
                    answers[name].end(failed=False)
                answers[name] = made.begin(prompt(next_prompt[name]), name, 0)
                if answers[name]:
                    say(answers[name], f"{name} says")
                next_prompt[name] += 1
        shown = made.frame(tick * 100_000_000, [])
        if tick > 3000:
            seen.append(all(answer.text for answer in shown.answers))
    assert sum(seen) / len(seen) > least


def test_what_is_said_reaches_the_meter_and_the_watcher():
    made = following()
    answer = made.begin(prompt(0), "fast", 0)
    assert [arrival.text for arrival in say(answer, "hello ", "world")] == ["hello ", "world"]
    shown = made.frame(0, [])
    assert (shown.index, shown.prompt) == (0, "question 0")
    assert [(each.text, each.state) for each in shown.answers] == [("hello world", "writing"), ("", "waiting")]
    answer.end(failed=False)
    assert states(made.frame(1, [])) == {"fast": "done", "slow": "waiting"}


def test_how_long_each_took_is_told_as_backends_answer_at_different_times():
    made = following()
    for name, began_ns, came_ns in (("fast", 5, 900), ("slow", 7_000_000, 9_000_000)):
        answer = made.begin(prompt(0), name, began_ns)
        assert {each.took_ns for each in made.frame(0, []).answers if each.backend == name} == {0}
        answer.taking(lambda arrival: None)(Arrival(at_ns=came_ns, chunks=1, text="yes"))
    assert [each.took_ns for each in made.frame(0, []).answers] == [895, 2_000_000]


def test_reasoning_is_shown_until_an_answer_comes():
    made = following()
    answer = made.begin(prompt(0), "fast", 0)
    say(answer, reasoning="let me think")
    assert made.frame(0, []).answers[0].reasoning
    say(answer, "42")
    assert (made.frame(0, []).answers[0].text, made.frame(0, []).answers[0].reasoning) == ("42", False)


def test_only_the_end_of_an_answer_is_kept():
    made = following()
    say(made.begin(prompt(0), "fast", 0), *["x" * 500] * 9, "end")
    text = made.frame(0, []).answers[0].text
    assert len(text) == TAIL
    assert text.endswith("xend")


def test_the_prompt_that_most_are_on_is_shown_and_the_fast_ones_answer_is_still_there():
    made = following()
    for index in (0, EVERY, 2 * EVERY):
        answer = made.begin(prompt(index), "fast", 0)
        say(answer, f"answer {index}")
        answer.end(failed=False)
    made.begin(prompt(3 * EVERY), "fast", 0)
    made.begin(prompt(EVERY), "slow", 0)
    shown = made.frame(0, [])
    assert shown.index == EVERY
    assert [each.text for each in shown.answers] == [f"answer {EVERY}", ""]
    assert states(shown) == {"fast": "done", "slow": "writing"}


def test_answers_can_be_read_before_the_next_prompt_is_shown():
    made = following()
    answers = [made.begin(prompt(0), name, 0) for name in NAMES]
    assert made.frame(0, []).index == 0
    assert made.frame(60_000_000_000, []).index == 0
    for number, answer in enumerate(answers):
        answer.end(failed=number == 1)
    for name in NAMES:
        made.begin(prompt(EVERY), name, 0)
    assert states(made.frame(60_000_000_000 + DWELL_NS - 1, [])) == {"fast": "done", "slow": "failed"}
    assert made.frame(60_000_000_000 + DWELL_NS, []).index == EVERY


def test_what_all_have_said_stays_longer_than_it_takes_to_read_where_the_next_is_said_by_fewer():
    made = following()
    for name in NAMES:
        made.begin(prompt(0), name, 0).end(failed=False)
    assert made.frame(0, []).index == 0
    made.begin(prompt(EVERY), "fast", 0)
    assert made.frame(LINGER_NS - 1, []).index == 0
    assert made.frame(LINGER_NS, []).index == EVERY


def test_a_prompt_that_nobody_comes_to_is_given_up():
    made = following()
    made.begin(prompt(10 * EVERY), "fast", 0).end(failed=False)
    assert states(made.frame(0, [])) == {"fast": "done", "slow": "waiting"}
    made.begin(prompt(11 * EVERY), "fast", 0)
    assert made.frame(PATIENCE_NS - 1, []).index == 10 * EVERY
    assert made.frame(PATIENCE_NS, []).index == 11 * EVERY


def test_nobody_waits_for_a_backend_that_is_down():
    made = following()
    made.begin(prompt(0), "fast", 0).end(failed=False)
    made.frame(0, ["slow"])
    made.begin(prompt(EVERY), "fast", 0)
    assert made.frame(DWELL_NS, ["slow"]).index == EVERY


def test_a_prompt_that_more_are_on_is_shown_once_the_other_could_be_read():
    made = following()
    made.begin(prompt(10 * EVERY), "fast", 0)
    assert made.frame(0, []).index == 10 * EVERY
    made.begin(prompt(EVERY), "fast", 0).end(failed=False)
    made.begin(prompt(EVERY), "slow", 0)
    assert made.frame(DWELL_NS - 1, []).index == 10 * EVERY
    assert made.frame(DWELL_NS, []).index == EVERY


def test_who_has_passed_a_prompt_before_anybody_listened_is_not_waited_for():
    made = following(on=False)
    made.begin(prompt(10 * EVERY), "fast", 0)
    made.want(on=True)
    made.begin(prompt(EVERY), "slow", 0)
    assert states(made.frame(0, [])) == {"fast": "missed", "slow": "writing"}


def test_what_was_said_before_anybody_listened_is_known_by_its_beginning():
    likeness = LikenessSums(NAMES)
    likeness.add(0, "fast", "an early answer")
    made = following(likeness=likeness)
    made.begin(prompt(0), "slow", 0)
    shown = made.frame(0, [])
    assert [(each.text, each.state) for each in shown.answers] == [("an early answer …", "done"), ("", "writing")]
    likeness.add(0, "slow", "a late answer")
    assert made.frame(0, []).answers[0].text == "an early answer …"


@pytest.mark.slow
async def test_frames_of_a_run_carry_answers_only_while_somebody_listens():
    plan = RunPlan(
        title="follow",
        backends=(BackendPlan(name="a", url="sim:h200"), BackendPlan(name="b", url="sim:groq")),
        workload=WorkloadPlan(source="chat"),
        duration_s=8,
    )
    engine = await EngineProcess.start(plan)
    seen, asked = [], 0
    try:
        async for frame in engine.frames():
            if frame.phase == "running" and asked < 2 and frame.at_ns > (asked * 4 + 0.5) * 1e9:
                engine.send(Follow(on=asked == 0))
                asked += 1
            seen.append(frame)
    finally:
        await engine.stop()
    assert all(frame.followed is None for frame in seen if frame.at_ns < 0.5e9 or frame.at_ns > 5.5e9)
    followed = [frame.followed for frame in seen if frame.followed]
    assert {answer.backend for each in followed for answer in each.answers if answer.text} == {"a", "b"}
    assert not seen[-1].markers
