"""Energy and the server's view in the document, the table and the remarks."""

import json

import pytest
from msgspec.structs import replace

from infertop.engine.frame import PowerFrame, ServerFrame
from infertop.sessions.summary import document, to_json
from infertop.sessions.table import render

from .frames import backend, frame, latencies

POWER = PowerFrame(
    source="NVML",
    detail="2 × NVIDIA H100",
    measured=True,
    watts=900.0,
    joules=9000.0,
    idle_watts=200.0,
    idle_joules=2000.0,
    pue=1.25,
)
SERVER = ServerFrame(
    source="vLLM /metrics",
    running=8.0,
    samples=10,
    running_sum=70.0,
    waiting_sum=5.0,
    prefix_hits=20.0,
    prefix_queries=80.0,
    preemptions=1.0,
)


def of(**observed):
    return frame(backend("H100", ttft_ms=latencies(100, 100), tpot_ms=latencies(5, 100), **observed))


def written(made):
    return json.loads(to_json(document(made)))["backends"][0]


def test_the_document_has_energy_gross_net_and_at_the_meter():
    energy = written(of(power=POWER, server=SERVER))["energy"]
    assert energy["joules"] == 9000
    assert energy["mean_watts"] == 900
    assert energy["j_per_output_token"] == pytest.approx(0.9)
    assert energy["j_per_request"] == pytest.approx(90)
    assert energy["j_per_batch"] == pytest.approx(630)
    assert (energy["net_joules"], energy["net_j_per_output_token"]) == (7000, pytest.approx(0.7))
    assert (energy["pue"], energy["facility_joules"]) == (1.25, 11_250)
    assert (energy["source"], energy["measured"], energy["host_level"]) == ("NVML", True, False)


def test_the_document_has_the_servers_view():
    server = written(of(server=SERVER))["server"]
    assert (server["source"], server["samples"], server["running"], server["waiting"]) == (
        "vLLM /metrics",
        10,
        7,
        0.5,
    )
    assert (server["prefix_hit_share"], server["preemptions"], server["kv_cache_share"]) == (0.25, 1, None)
    assert written(of())["server"] is None


def test_unknown_energy_is_null_with_its_reason():
    nothing = written(of())["energy"]
    assert (nothing["joules"], nothing["source"], nothing["error"]) == (None, "n/a", "")
    broken = written(of(power=PowerFrame(source="NVML", error="no driver")))["energy"]
    assert (broken["joules"], broken["source"], broken["error"]) == (None, "n/a", "no driver")


def test_the_table_names_the_source_beside_the_figure():
    text = render(of(power=POWER), 160)
    assert "J/tok" in text
    assert "0.90 NVML" in text
    assert "H100: energy measured, NVML (2 × NVIDIA H100)." in text
    assert "0.90 NVML" in render(of(power=POWER), 40)
    assert "J/tok" not in render(of(), 160)


@pytest.mark.parametrize(
    ("power", "remark"),
    [
        (
            replace(POWER, source="modelled", measured=False, detail="4 × H200 SXM, 700 W TDP"),
            "energy modelled, not measured (4 × H200 SXM, 700 W TDP)",
        ),
        (
            replace(POWER, source="Neuron", measured=False, detail=""),
            "energy modelled from Neuron, not measured.",
        ),
        (replace(POWER, source="RAPL", host_level=True, detail="package-0"), "others on the machine draw from it"),
        (
            PowerFrame(source="NVML", error="no driver \x1b[31m"),
            "no energy from NVML: no driver \N{REPLACEMENT CHARACTER}",
        ),
    ],
)
def test_what_energy_rests_on_is_said(power, remark):
    text = " ".join(render(of(power=power), 400).split())
    assert remark in text
    assert "\x1b" not in text
