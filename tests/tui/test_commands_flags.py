"""Flags over a profile's plan."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan, WorkloadPlan
from infertop.tui.commands.flags import add_load_flags, add_output_flags, apply_flags
from infertop.tui.usage import UsageError

PROFILE = RunPlan(
    title="p",
    backends=(BackendPlan(name="a", url="http://127.0.0.1:1/v1"),),
    workload=WorkloadPlan(source="code", max_tokens=64, prefix="shared"),
    arrivals=ArrivalsPlan(kind="closed", concurrency=3),
    slo=SloPlan(ttft_ms=900),
    seed=7,
    requests=50,
    warmup=2,
)
OPEN = RunPlan(backends=PROFILE.backends, arrivals=ArrivalsPlan(kind="gamma", rate_per_s=9, cv=2))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(exit_on_error=False)
    add_load_flags(made)
    add_output_flags(made)
    return made


def applied(words: str, plan: RunPlan = PROFILE) -> RunPlan:
    return apply_flags(plan, parser().parse_args(words.split()))


def test_no_flag_changes_nothing() -> None:
    assert applied("") == PROFILE
    assert applied("", OPEN) == OPEN
    assert applied("--headless --json") == PROFILE


def test_every_flag_changes_its_value_and_nothing_else() -> None:
    plan = applied(
        "--workload chat --concurrency 5 --max-tokens 9 --fixed-length --requests 4 --duration 1m30s --warmup 0 "
        "--seed 2 --timeout 500ms --budget 0.5 --workers 2 --ray ray://head:10001 --slo tpot=50,attainment=0.9"
    )
    assert plan == RunPlan(
        title="p",
        backends=PROFILE.backends,
        workload=WorkloadPlan(source="chat", max_tokens=9, fixed_length=True, prefix="shared"),
        arrivals=ArrivalsPlan(kind="closed", concurrency=5),
        slo=SloPlan(ttft_ms=900, tpot_ms=50, attainment=0.9),
        seed=2,
        requests=4,
        duration_s=90.0,
        warmup=0,
        timeout_s=0.5,
        budget_usd=0.5,
        workers=2,
        ray="ray://head:10001",
    )


@pytest.mark.parametrize(
    ("words", "plan", "arrivals"),
    [
        ("--rate 20", PROFILE, ArrivalsPlan(kind="poisson", concurrency=3, rate_per_s=20)),
        ("--rate 20", OPEN, ArrivalsPlan(kind="gamma", rate_per_s=20, cv=2)),
        ("--arrivals constant", OPEN, ArrivalsPlan(kind="constant", rate_per_s=9, cv=2)),
        ("--rate 2 --arrivals gamma:3", PROFILE, ArrivalsPlan(kind="gamma", concurrency=3, rate_per_s=2, cv=3)),
        (
            "--rate 2 --arrivals ramp:40/1m",
            PROFILE,
            ArrivalsPlan(kind="ramp", concurrency=3, rate_per_s=2, ramp_to_per_s=40, ramp_s=60),
        ),
        ("--concurrency 4", OPEN, ArrivalsPlan(kind="closed", concurrency=4, rate_per_s=9, cv=2)),
    ],
)
def test_a_rate_opens_the_loop_and_a_concurrency_closes_it(words: str, plan: RunPlan, arrivals: ArrivalsPlan) -> None:
    assert applied(words, plan).arrivals == arrivals


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--arrivals constant", "--arrivals needs --rate"),
        ("--concurrency 2 --arrivals constant", "not with --concurrency"),
        ("--rate 0", "--rate: must be above 0"),
        ("--rate nan", "--rate: must be above 0"),
        ("--rate 1 --arrivals gamma:-1", "--arrivals gamma:CV: must be above 0"),
        ("--concurrency 0", "--concurrency: must be 1 or more"),
        ("--max-tokens 0", "--max-tokens: must be 1 or more"),
        ("--requests -1", "--requests: must be 1 or more"),
        ("--warmup -1", "--warmup: must not be negative"),
        ("--seed -1", "--seed: must not be negative"),
        ("--budget inf", "--budget: must be above 0"),
        ("--workers 0", "--workers: must be 1 or more"),
        ("--ray head", '--ray: "head" names no Ray cluster; write HOST:6379'),
        ("--workers 4", "--workers: 4 workers cannot share a concurrency of 3"),
        ("--slo ttft=0", "--slo ttft: must be above 0"),
        ("--slo attainment=99", "--slo attainment: is a share"),
        ("--workload chatt", 'did you mean "chat"'),
        ("--workload nowhere.jsonl", "--workload: no such file"),
    ],
)
def test_nonsense_names_the_flag(words: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        applied(words)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--duration 5x", "is not a duration"),
        ("--timeout 0", "must be above 0"),
        ("--rate fast", "fast"),
        ("--arrivals pareto", "poisson, constant, gamma:CV (gamma:2) or ramp:TO/SECONDS"),
        ("--arrivals gamma", "gamma:CV"),
        ("--arrivals ramp:4", "ramp:TO/SECONDS"),
        ("--arrivals constant:3", "no arrival process"),
        ("--slo p95=4", "ttft=MS"),
        ("--slo ttft=fast", "is not a number"),
        ("--rate 1 --concurrency 1", "not allowed with"),
        ("--json --once", "not allowed with"),
    ],
)
def test_what_cannot_be_read_names_the_flag(words: str, told: str) -> None:
    with pytest.raises(argparse.ArgumentError) as error:
        parser().parse_args(words.split())
    assert told in str(error.value)
    assert str(error.value).startswith("argument --")


def test_without_a_limit_an_attainment_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a limit to attain"):
        applied("--slo attainment=0.9", OPEN)


@given(st.floats(0.001, 1e6), st.floats(0.001, 1e4))
def test_any_ramp_is_taken_as_written(target: float, seconds: float) -> None:
    seconds = round(seconds, 3)
    plan = applied(f"--rate 1 --arrivals ramp:{target!r}/{seconds:.3f}")
    assert (plan.arrivals.ramp_to_per_s, plan.arrivals.ramp_s) == (target, pytest.approx(seconds))
