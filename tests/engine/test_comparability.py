"""What is not like for like is said, and what is like for like is left alone."""

import pytest

from infertop.engine.comparability import all_differences, differences, precision, same_tokenizer
from infertop.engine.frame import BackendFrame, Likeness
from infertop.engine.likeness import CHARACTERS, LikenessSums, alike


def backend(name="a", **more):
    made = {
        "served_model": "openai/gpt-oss-120b", "finished": 100, "input_tokens": 10_000, "output_tokens": 5_000,
        "usage_requests": 100, "prompt_characters": 40_000, "characters": 20_000, "finish_reasons": {"stop": 100},
    }  # fmt: skip
    return BackendFrame(name=name, **{**made, **more})


def aspects(*pair, likeness=None):
    return [difference.aspect for difference in differences(*pair, likeness)]


def test_the_same_model_behaving_the_same_is_like_for_like():
    assert aspects(backend(), backend("b", served_model="gpt-oss-120b")) == []


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        ({"served_model": "llama-3.3-70b"}, ["model"]),
        ({"served_model": "openai/gpt-oss-120b-FP8"}, ["precision"]),
        ({"input_tokens": 12_000}, ["tokenizer"]),
        ({"characters": 26_000}, ["answer length"]),
        ({"finish_reasons": {"stop": 70, "length": 30}}, ["finish reason"]),
        ({"cached_tokens": 4_000}, ["cached prompts"]),
        ({"served_model": "x", "input_tokens": 15_000, "characters": 1}, ["model", "tokenizer", "answer length"]),
    ],
)
def test_each_difference_is_named(b, expected):
    assert aspects(backend(), backend("b", **b)) == expected
    assert aspects(backend("b", **b), backend()) == expected


def test_habits_are_not_judged_on_a_few_answers():
    few = backend("b", finished=19, characters=10, finish_reasons={"length": 19}, input_tokens=99_000)
    assert aspects(backend(), few) == []


def test_unlike_answers_are_said_once_there_are_enough():
    a, b = backend(), backend("b")
    assert aspects(a, b, likeness=Likeness(a="a", b="b", n=10, total=2.0)) == ["answers"]
    assert aspects(a, b, likeness=Likeness(a="a", b="b", n=9, total=0.0)) == []
    assert aspects(a, b, likeness=Likeness(a="a", b="b", n=10, total=9.0)) == []


def test_estimated_tokens_tell_nothing_of_a_tokenizer():
    assert same_tokenizer(backend(), backend("b", estimated_requests=1)) is None
    assert same_tokenizer(backend(), backend("b")) is True


def test_every_pair_is_looked_at():
    three = [backend("a"), backend("b"), backend("c", served_model="other")]
    found = all_differences(three, [Likeness(a="a", b="b", n=20, total=0.0)])
    assert [(d.a, d.b, d.aspect) for d in found] == [("a", "b", "answers"), ("a", "c", "model"), ("b", "c", "model")]
    assert found[1].text == "model: openai/gpt-oss-120b vs other"


@pytest.mark.parametrize(
    ("model", "stated"),
    [
        ("meta-llama/Llama-3.3-70B-Instruct-FP8", "fp8"),
        ("qwen3-32b-awq", "awq"),
        ("llama-3.1-8b.Q4_K_M.gguf", "q4_k_m"),
        ("openai/gpt-oss-120b", ""),
        ("nvidia/Llama-3.1-405B-NVFP4", "nvfp4"),
        ("bertfp8ish", ""),
    ],
)
def test_a_precision_is_read_from_a_models_name(model, stated):
    assert precision(model) == stated


def test_answers_are_alike_as_far_as_they_agree():
    assert alike("the cat sat down", "the cat sat down") == 1
    assert alike("the cat sat down", "the cat stood up") == 0.5
    assert alike("yes", "no") == 0
    assert alike("", "") == 1
    assert alike("yes", "") == 0
    assert alike("one two", "one two three four") == 0.5


def test_sums_are_pairwise_over_the_same_prompts():
    sums = LikenessSums(["a", "b", "c"])
    for name in "cab":
        sums.add(0, name, "same words")
    sums.add(4, "a", "same words")
    sums.add(4, "b", "same thing")
    sums.add(4, "c", "nothing alike" + "x" * CHARACTERS)
    found = {(each.a, each.b): (each.n, each.total) for each in sums.state()}
    assert found == {("a", "b"): (2, 1.5), ("a", "c"): (2, 1.0), ("b", "c"): (2, 1.0)}


def test_answers_whose_partner_never_comes_do_not_pile_up():
    sums = LikenessSums(["a", "b"])
    for index in range(1000):
        sums.add(index, "a", "word")
    assert len(sums._waiting) <= 256
    sums.add(999, "b", "word")
    assert sums.state() == (Likeness(a="a", b="b", n=1, total=1.0),)
