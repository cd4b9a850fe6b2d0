"""What a profile may say of metrics and power, and what is said of mistakes."""

from pathlib import Path

import pytest

from infertop.backends.observe.plan import PowerPlan
from infertop.profiles.load import dump, parse
from infertop.profiles.problems import ProfileError
from infertop.profiles.schema import from_plan, to_plan


def profile(lines):
    return parse(f'[[backends]]\nname = "a"\nurl = "http://gpu1:8000/v1"\n{lines}\n', "p.toml", Path("/"))


def test_metrics_and_power_reach_the_plan_and_come_back():
    made = profile(
        'metrics_url = "http://gpu1:8002/metrics"\nmetrics_every_s = 5\n'
        'power = { source = "dcgm", url = "http://gpu1:9400/metrics", gpus = [0, 1], idle_watts = 120, pue = 1.2 }'
    )
    plan = to_plan(made, "p")
    (backend,) = plan.backends
    assert (backend.metrics_url, backend.metrics_every_s) == ("http://gpu1:8002/metrics", 5)
    assert backend.power == PowerPlan(
        source="dcgm", url="http://gpu1:9400/metrics", gpus=(0, 1), idle_watts=120, pue=1.2
    )
    again = parse(dump(from_plan(plan)), "p.toml", Path("/"))
    assert to_plan(again, "p") == plan


@pytest.mark.parametrize(
    "lines",
    [
        'metrics_url = "off"',
        'power = { source = "nvml" }',
        'power = { source = "nvml", gpus = [3], baseline_s = 5, share = 0.5 }',
        'power = { source = "rapl", every_s = 0.25 }',
        'power = { source = "neuron", max_watts = 175 }',
        'power = { source = "prometheus", url = "http://p:9090", query = "sum(x)", unit = "joules", key = "env:P" }',
        'power = { source = "modelled", idle_watts = 0 }',
        'power = { source = "off" }',
    ],
)
def test_these_are_right(lines):
    profile(lines)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            'metrics_url = "gpu1:8002/metrics"',
            'backends[0].metrics_url: must begin with http:// or https:// or be "off"',
        ),
        ('metrics_url = "http://u:p@h/metrics"', "backends[0].metrics_url: a URL must not hold a user or password"),
        ("metrics_every_s = 0.1", "backends[0].metrics_every_s: must be at least 0.25 s"),
        ('power = { source = "nvlm" }', 'backends[0].power.source: "nvlm" is not one of'),
        ("power = { gpus = [0] }", "backends[0].power.source: is missing"),
        ('power = { source = "nvml", gpu = 0 }', 'backends[0].power.gpu: unknown key; did you mean "gpus"?'),
        ('power = { source = "nvml", gpus = ["0"] }', "backends[0].power.gpus[0]: must be a whole number"),
        ('power = { source = "nvml", gpus = [-1] }', "backends[0].power.gpus: are indices, from 0"),
        (
            'power = { source = "nvml", url = "http://h/metrics" }',
            'backends[0].power.url: source = "nvml" has none; it belongs to "dcgm", "amd", "prometheus"',
        ),
        ('power = { source = "prometheus", query = "x" }', "backends[0].power.url: is missing"),
        ('power = { source = "prometheus", url = "http://p:9090" }', "backends[0].power.query: is missing"),
        ('power = { source = "neuron" }', "backends[0].power.max_watts: is missing"),
        ('power = { source = "rapl", share = 1.5 }', "backends[0].power.share: is a share"),
        ('power = { source = "rapl", pue = 0.9 }', "backends[0].power.pue: is the building's power"),
        ('power = { source = "rapl", every_s = 0 }', "backends[0].power.every_s: must be at least 0.25 s"),
        ('power = { source = "rapl", baseline_s = 600 }', "backends[0].power.baseline_s: must be 0 to 60 s"),
        (
            'power = { source = "rapl", baseline_s = 6, idle_watts = 90 }',
            "backends[0].power.baseline_s: would measure idle_watts, which is given",
        ),
        ('power = { source = "dcgm", url = "ftp://h" }', "backends[0].power.url: must begin with http://"),
        ('power = { source = "dcgm", key = "canary-4711" }', "backends[0].power.key: says where the key is"),
    ],
)
def test_mistakes_are_named(lines, problem):
    with pytest.raises(ProfileError) as caught:
        profile(lines)
    assert problem in str(caught.value)
    assert "canary" not in str(caught.value)
