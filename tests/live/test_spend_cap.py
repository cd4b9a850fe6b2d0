"""A spend cap against a priced endpoint that counts for itself what it would bill."""

import re
import urllib.request

import pytest

from infertop.backends.fleet.process import start_fleet

IN_USD, OUT_USD = 0.15, 0.60  # per million tokens

PROFILE = """
[[backends]]
name = "priced"
url = "{url}"
price = {{ basis = "api", usd_per_m_input = {inp}, usd_per_m_output = {out}, as_of = "2026-11", source = "test" }}

[workload]
source = "chat"
max_tokens = 64

[arrivals]
kind = "closed"
concurrency = 16

[run]
requests = 10000
warmup = 8
"""


def billed_usd(fleet, stack):
    """What the server's own counters say, warm-up included."""
    with urllib.request.urlopen(fleet.url(stack).removesuffix("/v1") + "/metrics") as page:
        text = page.read().decode()
    prompt, generation, success = (
        sum(float(value) for value in re.findall(rf"^vllm:{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))
        for name in ("prompt_tokens_total", "generation_tokens_total", "request_success_total")
    )
    return (prompt * IN_USD + generation * OUT_USD) / 1e6, success


@pytest.mark.parametrize("workers", [1, 2])
def test_ten_thousand_prompts_end_below_five_cents(measured, workers):
    with start_fleet(["cerebras"]) as fleet:
        profile = PROFILE.format(url=fleet.url("cerebras"), inp=IN_USD, out=OUT_USD)
        code, document = measured(profile, "--budget", "0.05", "--workers", workers)
        billed, answered = billed_usd(fleet, "cerebras")
    assert code == 4
    assert document["run"]["stop_reason"] == "budget"
    requests, cost = (document["backends"][0][name] for name in ("requests", "cost"))
    assert 0.03 < billed <= 0.05
    assert cost["spent_usd"] + cost["warmup_usd"] == pytest.approx(billed, rel=1e-4)
    assert cost["at_risk_usd"] == 0.0
    assert requests["scheduled"] == sum(requests[name] for name in ("finished", "failed", "in_flight", "not_sent"))
    assert requests["unsent"].get("budget", 0) == requests["not_sent"] <= workers
    assert answered == requests["finished"] + 8
