"""A profile and a plan say the same, through TOML and back."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends.fleet.faults import Fault
from infertop.engine.cost import ApiPrice, OwnedPrice, RentedPrice
from infertop.engine.plan import ArrivalsPlan, BackendPlan, RunPlan, SloPlan, WorkloadPlan
from infertop.profiles.load import dump, parse
from infertop.profiles.schema import BackendEntry, Profile, from_plan, to_plan

ABOVE_ZERO = st.floats(1e-3, 1e6)
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
PRICES = st.one_of(
    st.none(),
    st.builds(
        ApiPrice, usd_per_m_input=ABOVE_ZERO, usd_per_m_output=ABOVE_ZERO, usd_per_m_cached=st.none() | ABOVE_ZERO
    ),
    st.builds(RentedPrice, usd_per_chip_hour=ABOVE_ZERO, chips=st.integers(1, 64), source=LINES),
    st.builds(OwnedPrice, capex_usd=ABOVE_ZERO, kw_per_chip=ABOVE_ZERO, as_of=LINES),
)
BACKENDS = st.builds(
    BackendPlan,
    name=WORDS,
    url=st.sampled_from(["http://127.0.0.1:8000/v1", "https://api.example/v1", "http://[::1]:1234"]),
    model=LINES,
    key=st.sampled_from(["", "env:SOME_KEY", "file:~/key"]),
    hardware=LINES,
    engine=LINES,
    price=PRICES,
    extra=st.dictionaries(WORDS, st.booleans() | st.integers(-5, 5) | LINES, max_size=2),
) | st.builds(
    BackendPlan,
    name=WORDS,
    url=st.sampled_from(["sim:h200", "sim:groq", "sim:h100x8/llama-3.3-70b/fp8/replicas=2"]),
    model=st.just("llama-3.3-70b"),
    faults=st.sampled_from([(), (Fault(kind="stall", share=0.5, after_s=3, for_s=4.5, after_tokens=2),)]),
    hardware=WORDS,
    engine=WORDS,
    price=PRICES,
)
ARRIVALS = st.one_of(
    st.builds(ArrivalsPlan, concurrency=st.integers(1, 500)),
    st.builds(ArrivalsPlan, kind=st.sampled_from(["constant", "poisson"]), rate_per_s=ABOVE_ZERO),
    st.builds(ArrivalsPlan, kind=st.just("gamma"), rate_per_s=ABOVE_ZERO, cv=ABOVE_ZERO),
    st.builds(ArrivalsPlan, kind=st.just("ramp"), rate_per_s=ABOVE_ZERO, ramp_to_per_s=ABOVE_ZERO, ramp_s=ABOVE_ZERO),
)
PLANS = st.builds(
    RunPlan,
    title=WORDS,
    backends=st.lists(BACKENDS, min_size=1, max_size=4, unique_by=lambda backend: backend.name).map(tuple),
    workload=st.builds(
        WorkloadPlan,
        source=st.sampled_from(["chat", "rag"]),
        max_tokens=st.none() | st.integers(1, 9999),
        fixed_length=st.booleans(),
        prefix=st.sampled_from(["unique", "shared"]),
        temperature=st.floats(0, 2),
    ),
    arrivals=ARRIVALS,
    slo=st.builds(SloPlan, ttft_ms=ABOVE_ZERO, attainment=st.none() | st.floats(0.01, 1)) | st.just(SloPlan()),
    seed=st.integers(0, 2**60),
    requests=st.none() | st.integers(1, 10**9),
    duration_s=st.none() | ABOVE_ZERO,
    warmup=st.integers(0, 100),
    timeout_s=ABOVE_ZERO,
    budget_usd=st.none() | ABOVE_ZERO,
)


@given(PLANS)
def test_a_plan_survives_becoming_a_profile_in_a_file(plan: RunPlan) -> None:
    profile = from_plan(plan)
    read_back = parse(dump(profile), "saved.toml", Path("/nowhere"))
    assert read_back == profile
    assert to_plan(read_back, "other") == plan


def test_what_is_left_out_takes_the_plans_default() -> None:
    plan = to_plan(parse('[[backends]]\nname = "a"\nurl = "http://a"', "a.toml", Path("/nowhere")), "a")
    assert plan == RunPlan(title="a", backends=(BackendPlan(name="a", url="http://a"),))


def test_a_simulated_stack_knows_its_model_and_hardware() -> None:
    entry = BackendEntry(name="a", sim="h200")
    (backend,) = to_plan(Profile(backends=(entry,)), "a").backends
    assert backend == BackendPlan(name="a", url="sim:h200", model="llama-3.3-70b", hardware="H200 ×4", engine="vLLM")
    (named,) = to_plan(Profile(backends=(msgspec.structs.replace(entry, hardware="mine"),)), "a").backends
    assert named.hardware == "mine"


def test_an_open_loop_as_written_becomes_the_plan() -> None:
    text = """
        [[backends]]
        name = "a"
        url = "http://a"
        [arrivals]
        kind = "ramp"
        rate_per_s = 1
        ramp_to_per_s = 20
        ramp_over = "1m30s"
        [run]
        duration = "5m"
        timeout = 30
    """
    plan = to_plan(parse(text, "a.toml", Path("/nowhere")), "a")
    assert plan.arrivals == ArrivalsPlan(kind="ramp", rate_per_s=1, ramp_to_per_s=20, ramp_s=90)
    assert (plan.duration_s, plan.timeout_s) == (300, 30)


def test_workers_survive_becoming_a_profile_and_an_open_loop_takes_any_number() -> None:
    plan = RunPlan(
        title="a",
        backends=(BackendPlan(name="a", url="http://a"),),
        arrivals=ArrivalsPlan(kind="poisson", rate_per_s=9),
        workers=40,
    )
    assert to_plan(parse(dump(from_plan(plan)), "a.toml", Path("/nowhere")), "a") == plan


def test_a_file_of_prompts_is_found_from_wherever_the_profile_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = RunPlan(backends=(BackendPlan(name="a", url="http://a"),), workload=WorkloadPlan(source="mine.jsonl"))
    assert from_plan(plan).workload.source == str(tmp_path / "mine.jsonl")
