"""The simulated fleet beside an endpoint where nobody answers: the others keep their figures."""

import pytest

PROFILE = """
[[backends]]
name = "H200"
sim = "h200"

[[backends]]
name = "nobody"
url = "{refusing}"
model = "any"

[[backends]]
name = "Groq"
sim = "groq"

[workload]
source = "chat"
max_tokens = 16

[arrivals]
kind = "closed"
concurrency = 4

[run]
requests = 30
"""


def test_one_dead_backend_harms_no_other(measured, refusing_url):
    code, document = measured(PROFILE.format(refusing=refusing_url))
    assert code == 1  # a backend answered nothing
    h200, nobody, groq = document["backends"]
    for backend in (h200, groq):
        assert backend["label"] == "SIM"
        assert backend["requests"]["finished"] == backend["requests"]["scheduled"] == 30
        assert backend["requests"]["errors"] == {}
        assert backend["tok_s"] > 0
        assert backend["ttft_ms"]["p50"] > 0
    requests = nobody["requests"]
    assert requests["finished"] == 0
    assert set(requests["errors"]) == {"connect"}
    assert requests["scheduled"] == requests["failed"] + requests["not_sent"] == 30
    assert nobody["ttft_ms"] is None


def test_the_simulated_fleet_is_never_taken_for_real(measured, infertop):
    """A stack addressed by plain URL is still labelled SIM, by what its server says."""
    from infertop.backends.fleet.process import start_fleet

    with start_fleet(["cerebras"]) as fleet:
        profile = f"""
        [[backends]]
        name = "looks real"
        url = "{fleet.url("cerebras")}"
        [workload]
        max_tokens = 8
        [run]
        requests = 4
        """
        code, document = measured(profile)
    assert code == 0
    assert document["backends"][0]["label"] == "SIM"


def test_open_loop_reports_offered_and_achieved(measured):
    profile = """
    [[backends]]
    name = "a"
    sim = "cerebras"
    [[backends]]
    name = "b"
    sim = "groq"
    [workload]
    max_tokens = 8
    [arrivals]
    kind = "poisson"
    rate_per_s = 20
    [run]
    duration = "4s"
    seed = 3
    """
    code, document = measured(profile)
    assert code == 0
    assert document["run"]["offered_per_s"] == pytest.approx(20)
    assert document["run"]["achieved_per_s"] == pytest.approx(20, rel=0.35)
    a, b = (backend["requests"] for backend in document["backends"])
    assert a["scheduled"] == b["scheduled"] == a["finished"] == b["finished"]
    assert 50 < a["scheduled"] < 110


def test_a_budget_ends_the_run_before_it_is_passed(measured):
    profile = """
    [[backends]]
    name = "a"
    sim = "cerebras"
    price = { basis = "api", usd_per_m_input = 1000.0, usd_per_m_output = 1000.0 }
    [workload]
    source = "classification"
    [arrivals]
    concurrency = 2
    [run]
    budget_usd = 20.0
    """
    code, document = measured(profile)
    assert code == 4
    (backend,) = document["backends"]
    assert 5.0 < backend["cost"]["spent_usd"] <= 20.0
    requests = backend["requests"]
    assert requests["scheduled"] == requests["finished"] + requests["failed"] + requests["not_sent"]


def test_a_missed_slo_gate_is_exit_code_3(measured):
    profile = """
    [[backends]]
    name = "a"
    sim = "h200"
    [workload]
    max_tokens = 4
    [slo]
    ttft_ms = 0.001
    attainment = 0.9
    [run]
    requests = 6
    """
    code, document = measured(profile)
    assert code == 3
    assert document["backends"][0]["slo"]["attainment"] == 0.0
