"""Keys of a simulated backend that ask "what if"."""

from pathlib import Path

import pytest

from infertop.backends.fleet.faults import Fault
from infertop.backends.fleet.stacks import find_stack
from infertop.engine.plan import BackendPlan
from infertop.profiles.load import parse
from infertop.profiles.problems import ProfileError
from infertop.profiles.schema import to_plan


def backend(keys: str) -> BackendPlan:
    text = f'[[backends]]\nname = "a"\n{keys}\n'
    return to_plan(parse(text, "a.toml", Path("/nowhere")), "a").backends[0]


@pytest.mark.parametrize(
    ("keys", "stack"),
    [
        ('sim = "h100"', "h100"),
        ('sim = "h100"\nchips = 8', "h100x8"),
        ('sim = "h100"\nmodel = "llama-3.1-8b"\nchips = 1', "h100x1/llama-3.1-8b"),
        ('sim = "h100"\nchips = 8\nprecision = "fp8"', "h100x8/llama-3.3-70b/fp8"),
        ('sim = "h200"\nreplicas = 3\nefficiency = 0.8\nbatch = 64', "h200/replicas=3/batch=64/efficiency=0.8"),
        ('sim = "h100x4/llama-3.3-70b/fp8"', "h100x4/llama-3.3-70b/fp8"),
        (
            'sim = "h100x4/llama-3.3-70b/fp8/replicas=2"\nchips = 8\nreplicas = 1',
            "h100x8/llama-3.3-70b/fp8/replicas=1",
        ),
    ],
)
def test_keys_spell_the_stack_out(keys: str, stack: str) -> None:
    plan = backend(keys)
    assert plan.url == f"sim:{stack}"
    assert plan.model == find_stack(stack).model.name
    assert plan.hardware == find_stack(stack).title


def test_faults_are_part_of_the_plan() -> None:
    plan = backend('sim = "groq"\nfaults = [{ kind = "rate-limit", share = 0.2, after_s = 30, for_s = 20 }]')
    assert plan.faults == (Fault(kind="rate-limit", share=0.2, after_s=30, for_s=20),)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ('url = "http://a"\nchips = 4', 'backends[0].chips: only a simulated stack has it: sim = "h100"'),
        ('url = "http://a"\nfaults = [{ kind = "cut" }]', "backends[0].faults: only a simulated stack has it"),
        ('sim = "h100"\nchips = 1', "does not fit"),
        ('sim = "h100"\nmodel = "llama-9"', "no such model: 'llama-9'"),
        ('sim = "h100"\nreplicas = 0', "replicas=0 must be a whole number"),
        ('sim = "groq"\nfaults = [{ kind = "cold" }]', "backends[0].faults[0]: a cold start needs for_s"),
        ('sim = "groq"\nfaults = [{ kind = "slow" }]', 'backends[0].faults[0].kind: "slow" is not one of'),
    ],
)
def test_what_makes_no_sense_is_named(keys: str, problem: str) -> None:
    with pytest.raises(ProfileError) as caught:
        backend(keys)
    assert problem in str(caught.value)
