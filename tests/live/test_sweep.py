"""A sweep of a real server whose batch is known: llama.cpp with four slots."""

import json

import pytest


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_beyond_its_four_slots_a_real_server_makes_requests_wait(four_slots, infertop, tmp_path):
    """Tokens/s are not looked at: beside other work on this machine its core is full before its slots are."""
    prompts = tmp_path / "short.jsonl"
    prompts.write_text("".join(json.dumps({"prompt": f"What of number {at}?"}) + "\n" for at in range(40)))
    load = ("--levels", "1..8", "--target", "p95_ttft<60s", "--workload", prompts, "--max-tokens", 12)
    code, out, err = infertop("sweep", four_slots, *load, "--json", timeout=140)
    assert code == 0, err
    sweep = json.loads(out)
    (curve,) = sweep["curves"]
    assert {point["counted"]["label"] for point in curve["points"]} == {"LIVE"}
    assert curve["best"]["level"] == 8
    waits = {point["level"]: point["figures"]["latencies_ms"]["ttft_sched"][0]["value"] for point in curve["points"]}
    assert waits[8] > 1.5 * waits[4], waits  # for a slot
    assert sum(point["requests"] for point in curve["points"]) == sweep["progress"]["requests_done"] < 1000
