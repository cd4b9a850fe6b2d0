"""Hosted protocols against `@copilotkit/aimock`, somebody else's imitation of their servers (needs node)."""

import json
import re
import shutil
import subprocess
from itertools import pairwise

import pytest

from infertop.backends.adapters.registry import open_backend
from infertop.backends.base import Arrival, Message, Request, Usage
from infertop.backends.errors import BackendError, ErrorKind

TEXT = "Hello wörld, this is a reply."
REASONING = "Let me think."
ARGUMENTS = {"city": "Zürich"}
USAGE = {"input_tokens": 31, "output_tokens": 17, "promptTokenCount": 31, "candidatesTokenCount": 17}
FIXTURES = [
    {"match": {"userMessage": "tool"}, "response": {"toolCalls": [{"name": "weather", "arguments": ARGUMENTS}]}},
    {
        "match": {"userMessage": "limited"},
        "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429},
    },
    {"match": {"userMessage": "cut"}, "response": {"content": TEXT}, "truncateAfterChunks": 2},
    {"match": {"userMessage": "slow"}, "response": {"content": TEXT}, "latency": 40},
    {"match": {}, "response": {"content": TEXT, "reasoning": REASONING, "usage": USAGE}},
]
APIS = ("anthropic", "openai-responses", "gemini", "vertex", "bedrock")
every = pytest.mark.parametrize("api", APIS)


@pytest.fixture(scope="module")
def aimock(tmp_path_factory):
    """The URL of a server."""
    program = shutil.which("llmock")
    if program is None or shutil.which("node") is None:
        pytest.skip("needs node and aimock: npm install --global @copilotkit/aimock@1.43.0")
    path = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    path.write_text(json.dumps({"fixtures": FIXTURES}), encoding="utf-8")
    command = [program, "--port", "0", "--fixtures", str(path), "--chunk-size", "6", "--log-level", "info"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said = ""
        while not (found := re.search(r"listening on (\S+)", said)):
            line = process.stdout.readline()
            assert line, f"aimock did not start: {said}"
            said += line
        yield found[1]
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(10)


@pytest.fixture
def ask(aimock, monkeypatch):
    """Sends one prompt; what arrived is in the list given, if one is."""
    monkeypatch.setenv("SOME_KEY", "key-of-nobody")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "nobody")

    async def send(api: str, prompt: str, arrivals: list[Arrival] | None = None) -> list[Arrival]:
        arrivals = [] if arrivals is None else arrivals
        backend = open_backend(api, url=aimock, model="some.model-v1:0", key="env:SOME_KEY")
        try:
            async with backend.send(Request(0, (Message("user", prompt),), max_tokens=32, timeout_s=20)) as answer:
                await answer.deliver(arrivals.append)
        finally:
            await backend.aclose()
        return arrivals

    return send


def joined(arrivals: list[Arrival], what: str) -> str:
    return "".join(getattr(each, what) for each in arrivals)


@every
async def test_answer(ask, api):
    arrivals = await ask(api, "hi")
    assert joined(arrivals, "text") == TEXT
    assert joined(arrivals, "reasoning") == REASONING
    assert sum(each.answer_chunks for each in arrivals) == 5
    assert sum(each.chunks for each in arrivals) == 8
    (usage,) = [each.usage for each in arrivals if each.usage]
    assert usage == Usage(31, 17)
    assert [each.finish_reason for each in arrivals if each.finish_reason]


@every
async def test_tool_call(ask, api):
    arrivals = await ask(api, "tool")
    assert json.loads(joined(arrivals, "tool_arguments")) == ARGUMENTS
    assert joined(arrivals, "text") == ""


@every
async def test_arrivals_are_as_far_apart_as_they_were_sent(ask, api):
    arrivals = [each for each in await ask(api, "slow") if each.chunks]
    assert [each.chunks for each in arrivals] == [1] * 5
    gaps_ms = [(later.at_ns - earlier.at_ns) / 1e6 for earlier, later in pairwise(arrivals)]
    assert all(gap > 30 for gap in gaps_ms), gaps_ms


@every
async def test_refusal(ask, api):
    with pytest.raises(BackendError) as caught:
        await ask(api, "limited")
    assert (caught.value.kind, caught.value.message, caught.value.status) == (ErrorKind.RATE_LIMIT, "slow down", 429)


@every
async def test_cut(ask, api):
    arrivals: list[Arrival] = []
    with pytest.raises(BackendError) as caught:
        await ask(api, "cut", arrivals)
    assert caught.value.kind is ErrorKind.CUT
    assert TEXT.startswith(joined(arrivals, "text"))
