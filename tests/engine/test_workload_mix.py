"""Mixes of workloads and spread of prompt lengths: both pure, both as asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.histogram import Histogram
from infertop.engine.plan import BackendPlan, RunPlan, WorkloadPlan
from infertop.engine.prompts import PromptStream
from infertop.engine.virtual import simulate
from infertop.engine.virtual.orders import Orders
from infertop.engine.workloads import WorkloadError
from infertop.engine.workloads.builtin import BUILTIN
from infertop.engine.workloads.lengths import MOST_CV, Empirical, Lengths, Lognormal, mean_and_cv, with_cv
from infertop.engine.workloads.mix import in_short, parts, renamed

NAMES = st.sampled_from(list(BUILTIN))
CVS = st.floats(0, MOST_CV)
SHARES = st.floats(0, 1, exclude_min=True, exclude_max=True)


def stream(source: str, **plan: object) -> PromptStream:
    return PromptStream(1, WorkloadPlan(source=source, **plan))


@st.composite
def varied(draw: st.DrawFn) -> Lengths:
    """Distributions whose lengths differ."""
    median = draw(st.integers(200, 5000))
    if draw(st.booleans()):
        return Lognormal(median=median, sigma=draw(st.floats(0.1, 1.2)), low=20, high=20 * median)
    return Empirical((0, 0.5, 0.9, 1), (median // 8, median, median * 2, median * 5))


@given(st.one_of(varied(), st.sampled_from([workload.input_tokens for workload in BUILTIN.values()])), CVS)
def test_the_spread_is_what_was_asked_for_and_the_mean_stays(lengths: Lengths, cv: float) -> None:
    mean, _ = mean_and_cv(lengths)
    new_mean, new_cv = mean_and_cv(with_cv(lengths, cv))
    assert new_mean == pytest.approx(mean, abs=0.6, rel=0.002)
    assert new_cv == pytest.approx(cv, abs=0.01)


@given(NAMES, CVS, SHARES, SHARES)
def test_the_longer_prompt_stays_the_longer_one(name: str, cv: float, one: float, other: float) -> None:
    lengths = with_cv(BUILTIN[name].input_tokens, cv)
    low, high = sorted((one, other))
    assert 1 <= lengths.tokens(low) <= lengths.tokens(high)


@pytest.mark.parametrize("source", BUILTIN)
@pytest.mark.parametrize("cv", [0.0, 0.5, 1.0, 2.0])
def test_prompts_as_written_have_the_spread_and_the_mean(source: str, cv: float) -> None:
    """The text is up to a few per cent off its wanted length, and a question cannot be of one token."""
    tokens = np.array([stream(source, prompt_cv=cv).prompt(index).expected_input_tokens for index in range(800)])
    sampling = 4 * cv / np.sqrt(800)
    assert tokens.mean() == pytest.approx(mean_and_cv(BUILTIN[source].input_tokens)[0], rel=0.06 + sampling)
    assert tokens.std() / tokens.mean() == pytest.approx(cv, abs=0.02 + 0.12 * cv)


def test_the_answers_stay_as_they_were() -> None:
    for index in range(50):
        assert stream("chat", prompt_cv=0).prompt(index).max_tokens == stream("chat").prompt(index).max_tokens


@given(st.lists(st.tuples(NAMES, st.integers(1, 9)), min_size=2, max_size=4), st.integers(0, 2**40))
def test_a_prompt_of_a_mix_is_the_one_its_class_alone_has_there(mix: list[tuple[str, int]], index: int) -> None:
    prompt = stream("+".join(f"{name}:{weight}" for name, weight in mix)).prompt(index)
    assert prompt.workload in {name for name, _ in mix}
    assert prompt == stream(prompt.workload).prompt(index)


def test_shares_of_requests_are_the_weights() -> None:
    mixed = stream("chat:6+classification:3+code:1")
    classes = [mixed.made(index).name for index in range(4000)]
    for name, share in {"chat": 0.6, "classification": 0.3, "code": 0.1}.items():
        assert classes.count(name) / 4000 == pytest.approx(share, abs=4 * (share * (1 - share) / 4000) ** 0.5)


def test_files_take_part_and_keep_their_own_lengths(tmp_path) -> None:
    path = tmp_path / "own+my.jsonl"
    path.write_text('{"prompt": "one"}\n{"prompt": "two", "max_tokens": 7}\n')
    file = tmp_path / "own.jsonl"
    file.write_text(path.read_text())
    assert stream(str(path)).prompt(0).workload == "own+my.jsonl"  # a plus in a name alone makes no mix
    mixed = stream(f"{file}:0.5+chat:0.5")
    prompts = [mixed.prompt(index) for index in range(40)]
    assert {prompt.workload for prompt in prompts} == {"own.jsonl", "chat"}
    assert {index: mixed.made(index) is None for index in range(40)} == {
        prompt.index: prompt.workload == "own.jsonl" for prompt in prompts
    }
    with pytest.raises(WorkloadError, match="sent as they stand; prompt_cv is for the built-in workloads"):
        stream(f"{file}:0.5+chat:0.5", prompt_cv=0.5)


@pytest.mark.parametrize(
    "source", ["chat:0.7+code", "chat:0+code:1", "chat:1e999+code:1", "chat:1-1+code:1", "+chat:1"]
)
def test_a_weight_that_cannot_be_is_said_so(source: str) -> None:
    with pytest.raises(WorkloadError, match="needs a weight above 0: a mix is written"):
        stream(source)


def test_names_change_and_weights_stay_as_written() -> None:
    assert renamed("a/b.jsonl:0.70+chat:3e-1", str.upper) == "A/B.JSONL:0.70+CHAT:3e-1"
    assert in_short(WorkloadPlan(source="/x/y.txt:1+chat:2", prompt_cv=0.5)) == "y.txt:1+chat:2, prompt cv 0.5"
    assert [part.share for part in parts("chat:3+code:1")] == [0.75, 0.25]


def test_virtual_time_draws_the_same_classes_and_lengths() -> None:
    plan = WorkloadPlan(source="chat:0.5+classification:0.5", prompt_cv=0.4)
    written = Orders(1, plan, lengths_only=False).block(0)[:300]
    drawn = Orders(1, plan, lengths_only=True).block(0)[:300]
    assert [order.most_tokens for order in written] == [order.most_tokens for order in drawn]
    read = [order.input_tokens for order in written], [order.input_tokens for order in drawn]
    assert np.mean(read[0]) == pytest.approx(np.mean(read[1]), rel=0.05)


def test_a_simulated_backend_feels_the_spread() -> None:
    """Same mean, same answers: with long prompts among the short ones the tail of the time to first token grows."""
    backend = BackendPlan(name="H200", url="sim:h200")
    p95 = {}
    for cv in (0.0, 1.5):
        plan = RunPlan(
            backends=(backend,), workload=WorkloadPlan(source="classification", prompt_cv=cv), requests=1500
        )
        *_, last = simulate(plan, lengths_only=True)
        assert last.backends[0].failed == 0
        p95[cv] = Histogram.of(last.backends[0].histograms["ttft"]).quantile_ns(0.95) or 0.0
    assert p95[1.5] > 1.3 * p95[0.0]
