"""What answers at a URL is recognised, over real sockets; servers nobody runs here say what theirs say."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends import recognition
from infertop.backends.dialects import DIALECTS, hosted_at
from infertop.backends.errors import ErrorKind
from infertop.backends.models import ServedModel
from infertop.backends.recognition import Evidence, judge, recognise

pytestmark = pytest.mark.usefixtures("no_leaks")


def listing(owner, *names):
    models = ",".join(f'{{"id":"{name}","object":"model","owned_by":"{owner}"}}' for name in names)
    return f'{{"object":"list","data":[{models}]}}'


SERVERS = {
    "vllm": {
        "/v1/models": listing("vllm", "m", "n"),
        "/version": '{"version":"0.11.2"}',
        "/metrics": "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 0\n",
    },
    "vllm behind a key": {"/metrics": "# HELP x\nvllm:num_requests_running 0\n", "/version": '{"version":"0.11.2"}'},
    "sglang": {"/v1/models": listing("sglang", "m")},
    "tensorrt-llm": {"/v1/models": listing("tensorrt_llm", "m"), "/version": '{"version":"1.2.0"}'},
    "lm studio": {"/v1/models": listing("organization_owner", "m")},
    "ollama": {
        "/v1/models": listing("library", "llama3.2:latest"),
        "/api/tags": '{"models":[{"name":"llama3.2:latest"}]}',
        "/api/version": '{"version":"0.13.0"}',
    },
    "old ollama": {
        "/api/tags": '{"models":[{"name":"llama2:latest"},{"name":"phi"}]}',
        "/api/version": '{"version":"0.1.14"}',
    },
    "tgi": {
        "/info": '{"model_id":"org/m","version":"3.3.5","router":"text-generation-router"}',
        "/metrics": "tgi_queue_size 0\n",
    },
    "tgi with a list": {
        "/info": '{"model_id":"org/m","version":"3.3.5"}',
        "/v1/models": listing("org/m", "org/m"),
    },
    "triton": {
        "/v2": '{"name":"triton","version":"2.61.0","extensions":["generate"]}',
        "/v2/repository/index": '[{"name":"ensemble","version":"1","state":"READY"},{"name":"tensorrt_llm"}]',
    },
    "somebody's gateway": {"/v1/models": listing("me", "m")},
    "hostile": {
        "/v1/models": listing("vllm", "m"),
        "/version": '{"version":"\\u001b[31m' + "x" * 999 + '"}',
        "/info": "[" * 5000,
        "/v2": '{"name":["triton"]}',
        "/api/tags": '{"models":7}',
        "/metrics": "\0\xff",
    },
}


def serving(documents):
    """Answers what `documents` has, by path, and 404 to all else."""

    async def script(peer):
        while True:
            head, _ = await peer.request()
            body = documents.get(head.split()[1], "").encode()
            status = b"200 OK" if body else b"404 Not Found"
            fields = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
            await peer.send(b"HTTP/1.1 %b\r\n%b\r\n%b" % (status, fields, body))

    return script


@pytest.mark.parametrize(
    ("what", "server", "engine", "api", "models"),
    [
        ("vllm", "vllm", "vLLM 0.11.2", "openai-chat", ("m", "n")),
        ("vllm behind a key", "vllm", "vLLM 0.11.2", "openai-chat", ()),
        ("sglang", "sglang", "SGLang", "openai-chat", ("m",)),
        ("tensorrt-llm", "tensorrt-llm", "TensorRT-LLM 1.2.0", "openai-chat", ("m",)),
        ("lm studio", "lm-studio", "LM Studio", "openai-chat", ("m",)),
        ("ollama", "ollama", "Ollama 0.13.0", "openai-chat", ("llama3.2:latest",)),
        ("old ollama", "ollama", "Ollama 0.1.14", "ollama", ("llama2:latest", "phi")),
        ("tgi", "tgi", "TGI 3.3.5", "tgi", ("org/m",)),
        ("tgi with a list", "tgi", "TGI 3.3.5", "openai-chat", ("org/m",)),
        ("triton", "triton", "Triton 2.61.0", "triton", ("ensemble", "tensorrt_llm")),
        ("somebody's gateway", "", "", "openai-chat", ("m",)),
    ],
)
async def test_what_answers_is_recognised(serve, what, server, engine, api, models):
    async with serve(serving(SERVERS[what])) as running:
        found = await recognise(running.url)
    assert (found.server, found.engine, found.api, found.models) == (server, engine, api, models)
    assert (found.error is None) == ("/v1/models" in SERVERS[what])


async def test_hostile_words_stay_words(serve):
    async with serve(serving(SERVERS["hostile"])) as running:
        found = await recognise(running.url)
    assert found.server == "vllm"
    assert found.engine.isprintable()
    assert len(found.engine) < 50


async def test_only_the_model_list_gets_the_key(serve, monkeypatch):
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    async with serve(serving(SERVERS["vllm"])) as running:
        await recognise(running.url, "env:SOME_KEY")
    told = [head.split()[1] for head, _ in running.requests if "sk-very-secret" in head]
    assert told == ["/v1/models"]
    assert len(running.requests) == 8


async def test_a_server_that_never_answers_the_rest_is_not_waited_for_long(serve, monkeypatch):
    monkeypatch.setattr(recognition, "_PROBE_S", 0.3)

    async def script(peer):
        head, _ = await peer.request()
        if "/v1/models" in head:
            body = SERVERS["vllm"]["/v1/models"].encode()
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await peer.gone()

    async with serve(script) as running:
        began = time.monotonic()
        found = await recognise(running.url)
    assert (found.server, found.engine) == ("vllm", "vLLM")
    assert time.monotonic() - began < 2


async def test_nobody_there_is_told():
    found = await recognise("http://127.0.0.1:1")
    assert found.error is not None
    assert found.error.kind is ErrorKind.CONNECT
    assert (found.server, found.models) == ("", ())


def test_a_simulated_server_says_so_whoever_owns_its_models():
    models = (ServedModel("m", "vllm", "infertop-fleet (simulated)"),)
    assert judge(Evidence(models)).server == "fleet"


@given(st.dictionaries(st.sampled_from(["/version", "/info", "/api/tags", "/v2"]), st.from_type(type).map(repr)))
def test_judging_never_fails(documents):
    assert judge(Evidence(documents=documents)).server in {"", *DIALECTS}


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.fireworks.ai/inference/v1", "fireworks"),
        ("https://api.openai.com.example.com/v1", ""),
        ("http://127.0.0.1:11434", ""),
        ("", ""),
    ],
)
def test_providers_are_known_by_their_host(url, provider):
    assert hosted_at(url) == provider
