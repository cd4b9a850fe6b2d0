"""The equations that stand for a scheduler say what the scheduler does."""

from dataclasses import replace
from statistics import median, quantiles

import pytest

from infertop.backends.fleet.calibration.fit import LOAD
from infertop.backends.fleet.calibration.points import Point, points
from infertop.backends.fleet.calibration.predict import _mean_padded, _padded, predict
from infertop.backends.fleet.families import parameters
from infertop.backends.fleet.scheduler import Job
from infertop.backends.fleet.stacks import find_stack

BY_ID = {point.id: point for point in points()}


def modelled(point: Point):
    return predict(point, parameters(point.platform.family), parameters(LOAD))


@pytest.mark.parametrize(
    ("id_", "spec", "batch"),
    [
        ("mle225", "h100x4/llama-3.3-70b/bf16", 32),
        ("mle225", "h100x4/llama-3.3-70b/bf16", 128),
        ("mle480", "h100x2/gpt-oss-120b/mxfp4", 32),
        ("tpu1", "tpu-v6ex8/llama-3.3-70b/bf16", 32),
    ],
)
def test_steady_state_is_what_the_scheduler_settles_to(virtual, id_: str, spec: str, batch: int) -> None:
    lengths = {"input_tokens": 400, "output_tokens": 300}
    expected = modelled(replace(BY_ID[id_], batch=batch, prompts="", **lengths))
    run = virtual.closed_loop(find_stack(spec), batch, requests=5 * batch, **lengths)
    assert median(run.itl_ms) == pytest.approx(expected["itl_p50_ms"], rel=0.06)
    assert run.tok_s == pytest.approx(expected["tok_s"], rel=0.15)  # a run has a beginning and an end
    assert quantiles(run.itl_ms, n=100)[98] == pytest.approx(expected["itl_p99_ms"], rel=0.35)


def test_all_at_once_is_what_the_scheduler_does(virtual) -> None:
    point = replace(BY_ID["ds2"], output_tokens=400)
    jobs = [Job(index, 0, point.input_tokens, 400) for index in range(16)]
    run = virtual.drive(find_stack("h100x8/llama-3.1-405b"), jobs)
    assert run.tok_s == pytest.approx(modelled(point)["tok_s"], rel=0.03)


def test_the_scheduler_under_a_published_load_gives_about_the_published_figures(virtual) -> None:
    """Row tpu1: 64 users, 1,000 tokens in and out, 2,495 tok/s, ITL p50 23.1 ms, p99 40.8 ms."""
    run = virtual.closed_loop(find_stack("tpu-v6e"), 64, requests=256, input_tokens=1000, output_tokens=1000)
    assert run.tok_s == pytest.approx(2495, rel=0.15)
    assert median(run.itl_ms) == pytest.approx(23.1, rel=0.1)
    assert quantiles(run.itl_ms, n=100)[98] == pytest.approx(40.8, rel=0.35)


def test_contexts_are_padded_to_powers_of_two() -> None:
    assert [_padded(context) for context in (1, 2, 3, 128, 129, 4096)] == [1, 2, 4, 128, 256, 4096]
    contexts = range(101, 1001)
    assert _mean_padded(100, 1000) == pytest.approx(sum(map(_padded, contexts)) / len(contexts))
    assert _mean_padded(4096, 8192) == 8192
