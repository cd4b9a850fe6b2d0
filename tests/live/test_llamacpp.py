"""The main job on real input: two real llama.cpp servers compared headless, every request accounted for."""

import re

import httpx
import pytest

PROMPTS = 200

PROFILE = """
[[backends]]
name = "two slots"
url = "{two}/v1"
price = {{ basis = "rented", usd_per_chip_hour = 3.6, as_of = "2026-11-23", source = "test" }}

[[backends]]
name = "four slots"
url = "{four}/v1"
price = {{ basis = "api", usd_per_m_input = 1.0, usd_per_m_output = 10.0, as_of = "2026-11-23", source = "test" }}

[workload]
source = "chat"
max_tokens = 24

[arrivals]
kind = "closed"
concurrency = 4

[run]
requests = {prompts}
seed = 7
"""


def predicted_total(url):
    """Tokens generated so far, by the server's own counter."""
    text = httpx.get(f"{url}/metrics").text
    return int(float(re.search(r"^llamacpp:tokens_predicted_total (\S+)", text, re.MULTILINE).group(1)))


@pytest.mark.timeout(300)
def test_two_real_servers_answer_the_same_chat_prompts(llamacpp, measured):
    two, four = llamacpp
    before = [predicted_total(url) for url in llamacpp]
    code, document = measured(PROFILE.format(two=two, four=four, prompts=PROMPTS), timeout=280)
    assert code == 0
    assert document["run"]["workload"]["source"] == "chat"
    for backend, url, was in zip(document["backends"], llamacpp, before, strict=True):
        requests = backend["requests"]
        assert requests["scheduled"] == requests["finished"] == PROMPTS
        assert requests["failed"] == requests["in_flight"] == requests["not_sent"] == 0
        assert requests["errors"] == {}
        assert backend["label"] == "LIVE"
        assert backend["model"]
        tokens = backend["tokens"]
        assert tokens["source"] == "usage"
        assert tokens["output"] == predicted_total(url) - was  # the server's own count
        assert tokens["input"] > 100 * PROMPTS
        for metric in ("ttft_ms", "tpot_ms", "icl_ms", "e2e_ms"):
            figures = backend[metric]
            least = 0 if metric == "icl_ms" else 1e-9  # chunks of one read share its stamp: gaps of zero
            assert least <= figures["p50"] <= figures["p90"] <= figures["p95"] <= figures["max"], metric
            assert figures["max"] > 0
        assert backend["ttft_ms"]["n"] == backend["e2e_ms"]["n"] == PROMPTS
        assert backend["tok_s"] > 0
    rented, api = (backend["cost"] for backend in document["backends"])
    tokens = document["backends"][1]["tokens"]
    assert api["spent_usd"] == pytest.approx((tokens["input"] * 1.0 + tokens["output"] * 10.0) / 1e6, rel=1e-6)
    assert rented["spent_usd"] > 0
    assert (rented["basis"], api["basis"]) == ("rented", "api")
    assert rented["usd_per_m_output"] > 0
    assert len(document["verdicts"]) >= 1


def test_an_answer_cut_by_max_tokens_is_counted_exactly(llamacpp, measured):
    two, _ = llamacpp
    profile = f"""
    [[backends]]
    name = "one"
    url = "{two}/v1"
    [workload]
    source = "classification"
    max_tokens = 3
    [arrivals]
    concurrency = 2
    [run]
    requests = 10
    warmup = 2
    """
    before = predicted_total(two)
    code, document = measured(profile)
    assert code == 0
    (backend,) = document["backends"]
    warmup_tokens = predicted_total(two) - before - backend["tokens"]["output"]
    assert backend["requests"]["finished"] == 10  # warm-up answers are not counted …
    assert 0 < warmup_tokens <= 6  # … but they were sent
