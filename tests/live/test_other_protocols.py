"""Anthropic Messages and OpenAI Responses against a real llama.cpp server, whose own counters are the truth."""

import re

import httpx
import pytest

PROMPTS = 20

PROFILE = """
[[backends]]
name = "messages"
url = "{url}"
api = "anthropic"
model = "tiny-random"

[[backends]]
name = "responses"
url = "{url}"
api = "openai-responses"
model = "tiny-random"

[workload]
source = "chat"
max_tokens = 12

[arrivals]
kind = "closed"
concurrency = 2

[run]
requests = {prompts}
seed = 7
"""


def counted(url: str, name: str) -> int:
    """A counter of the server's."""
    text = httpx.get(f"{url}/metrics").text
    return int(float(re.search(rf"^llamacpp:{name} (\S+)", text, re.MULTILINE)[1]))


@pytest.mark.timeout(100)
def test_llama_cpp_through_three_protocols(llamacpp, measured):
    url = llamacpp[1]
    before = counted(url, "tokens_predicted_total")
    code, document = measured(PROFILE.format(url=url, prompts=PROMPTS))
    assert code == 0
    messages, responses = document["backends"]
    for backend in (messages, responses):
        assert backend["requests"]["finished"] == PROMPTS
        assert backend["requests"]["errors"] == {}
        assert backend["tokens"]["source"] == "usage"
        assert backend["ttft_ms"]["n"] == PROMPTS
    output = messages["tokens"]["output"] + responses["tokens"]["output"]
    assert output == counted(url, "tokens_predicted_total") - before
    # Both put the same conversation in the model's template, and count all of it, cached or not.
    assert messages["tokens"]["input"] == responses["tokens"]["input"] > 100 * PROMPTS
