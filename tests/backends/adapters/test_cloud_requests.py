"""What the adapters of hosted APIs send, over a real socket; that nothing they carry is ever shown."""

import json
import re
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infertop.backends.adapters.anthropic import Anthropic
from infertop.backends.adapters.bedrock import Bedrock
from infertop.backends.adapters.gemini import Gemini
from infertop.backends.adapters.json_body import with_extra
from infertop.backends.adapters.openai_chat import OpenAiChat
from infertop.backends.adapters.openai_responses import OpenAiResponses
from infertop.backends.adapters.registry import ADAPTERS, open_backend
from infertop.backends.adapters.sagemaker import SageMakerChat, SageMakerTgi
from infertop.backends.adapters.vertex import VertexChat, VertexGemini, place
from infertop.backends.base import Message, Request
from infertop.backends.credentials import CredentialError
from infertop.backends.errors import BackendError, ErrorKind
from infertop.backends.urls import UrlError

from ..raw_server import says

pytestmark = pytest.mark.usefixtures("no_leaks", "cloud")

MESSAGES = (Message("system", "be brief"), Message("user", "hé?"), Message("assistant", "ja"), Message("user", "so?"))
ASK = Request(index=0, messages=MESSAGES, max_tokens=16, temperature=0.5, timeout_s=5.0)
KEY, TOKEN = "canary-key-0123456789", "canary-session-token/+0123456789=="
ACCESS, SECRET = "AKIACANARY0000000001", "canary/secret+0123456789"
BUSY = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def cloud(monkeypatch, tmp_path):
    """An account of nobody's."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_BEARER_TOKEN_BEDROCK", "GOOGLE_CLOUD_LOCATION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "nobody")
    monkeypatch.setenv("SOME_KEY", KEY)


async def failure(backend, request: Request = ASK) -> BackendError:
    try:
        with pytest.raises(BackendError) as caught:
            async with backend.send(request):
                raise AssertionError("the server refuses everything")
    finally:
        await backend.aclose()
    return caught.value


@pytest.fixture
def sent(serve):
    """(request line, header fields, body) of what an adapter sends."""

    async def send(adapter, path: str = "", **kwargs):
        async with serve(says(BUSY)) as server:
            await failure(adapter(**{"url": server.url + path, "model": "m", **kwargs}))
        head, body = server.requests[0]
        line, *fields = head.rstrip().split("\r\n")
        return line, {name.lower(): value for name, value in (each.split(": ", 1) for each in fields)}, body

    return send


async def body_of(backend) -> dict:
    await backend.aclose()
    return dict(backend._body(ASK))


class TestAnthropic:
    async def test_request(self, sent):
        line, fields, body = await sent(Anthropic, key="env:SOME_KEY", extra={"thinking.type": "adaptive"})
        assert line == "POST /v1/messages HTTP/1.1"
        assert (fields["x-api-key"], fields["anthropic-version"]) == (KEY, "2023-06-01")
        assert fields["authorization"] == f"Bearer {KEY}"
        assert json.loads(body) == {
            "model": "m",
            "system": "be brief",
            "messages": [
                {"role": "user", "content": "hé?"},
                {"role": "assistant", "content": "ja"},
                {"role": "user", "content": "so?"},
            ],
            "max_tokens": 16,
            "temperature": 0.5,
            "stream": True,
            "thinking": {"type": "adaptive"},
        }

    async def test_its_own_api_gets_one_key_and_no_temperature(self):
        backend = Anthropic(url="", model="m", key="env:SOME_KEY")
        assert str(backend._url) == "https://api.anthropic.com/v1/messages"
        assert "authorization" not in backend._headers
        assert "temperature" not in await body_of(backend)

    async def test_the_url_of_the_endpoint_itself(self, sent):
        assert (await sent(Anthropic, "/v1/messages"))[0] == "POST /v1/messages HTTP/1.1"


class TestGemini:
    async def test_request(self, sent):
        more = {"generationConfig.thinkingConfig.includeThoughts": True}
        line, fields, body = await sent(Gemini, key="env:SOME_KEY", model="models/gemini-2.5-flash", extra=more)
        assert line == "POST /v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse HTTP/1.1"
        assert fields["x-goog-api-key"] == KEY
        assert json.loads(body) == {
            "systemInstruction": {"parts": [{"text": "be brief"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "hé?"}]},
                {"role": "model", "parts": [{"text": "ja"}]},
                {"role": "user", "parts": [{"text": "so?"}]},
            ],
            "generationConfig": {
                "maxOutputTokens": 16,
                "temperature": 0.5,
                "thinkingConfig": {"includeThoughts": True},
            },
        }

    async def test_its_own_api(self):
        backend = Gemini(url="", model="m")
        await backend.aclose()
        assert str(backend._url).startswith("https://generativelanguage.googleapis.com/v1beta/models/m:stream")


class TestVertex:
    async def test_gemini(self, sent):
        line, fields, body = await sent(VertexGemini, key="env:SOME_KEY", model="gemini-2.5-flash")
        assert line == (
            "POST /v1/projects/nobody/locations/global/publishers/google/models/gemini-2.5-flash"
            ":streamGenerateContent?alt=sse HTTP/1.1"
        )
        assert fields["authorization"] == f"Bearer {KEY}"
        assert json.loads(body)["contents"][0] == {"role": "user", "parts": [{"text": "hé?"}]}

    async def test_open_models(self, sent):
        line, fields, body = await sent(
            VertexChat, "/v1/projects/p/locations/us-central1", key="env:SOME_KEY", model="openai/gpt-oss-120b-maas"
        )
        assert line == "POST /v1/projects/p/locations/us-central1/endpoints/openapi/chat/completions HTTP/1.1"
        assert fields["authorization"] == f"Bearer {KEY}"
        assert json.loads(body)["model"] == "openai/gpt-oss-120b-maas"
        assert json.loads(body)["stream_options"] == {"include_usage": True}

    @pytest.mark.parametrize(
        ("url", "location", "wanted"),
        [
            ("", "", "https://aiplatform.googleapis.com/v1/projects/{project}/locations/global"),
            ("", "eu-x1", "https://eu-x1-aiplatform.googleapis.com/v1/projects/{project}/locations/eu-x1"),
            ("us-a-aiplatform.googleapis.com", "eu-x1", "https://us-a-aiplatform.googleapis.com/v1/projects/{project}/locations/us-a"),
            ("https://proxy/v1", "eu-x1", "https://proxy/v1/projects/{project}/locations/eu-x1"),
            ("https://h/v1/projects/{p}/locations/l", "", "https://h/v1/projects/%7Bp%7D/locations/l"),
        ],
    )  # fmt: skip
    def test_place(self, url, location, wanted, monkeypatch):
        monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", location)
        assert place(url) == wanted

    async def test_project_that_only_the_credentials_know(self, serve, monkeypatch):
        monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
        async with serve(says(BUSY)) as server:
            backend = VertexGemini(url=server.url, model="m", key="env:SOME_KEY")
            backend._token.project = "found"
            await failure(backend)
        assert "/projects/found/" in server.requests[0][0]

    async def test_no_project(self, monkeypatch):
        monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
        error = await failure(VertexGemini(url="http://127.0.0.1:9", model="m", key="env:SOME_KEY"))
        assert (error.kind, error.message) == (
            ErrorKind.INTERNAL,
            "no Google Cloud project: set GOOGLE_CLOUD_PROJECT",
        )

    async def test_no_credentials(self):
        error = await failure(VertexGemini(url="http://127.0.0.1:9", model="m"))
        assert error.kind is ErrorKind.INTERNAL
        assert "Google credentials" in error.message


class TestResponses:
    async def test_request(self, sent):
        line, fields, body = await sent(OpenAiResponses, key="env:SOME_KEY", extra={"reasoning.effort": "low"})
        assert line == "POST /v1/responses HTTP/1.1"
        assert fields["authorization"] == f"Bearer {KEY}"
        assert json.loads(body) == {
            "model": "m",
            "input": [{"type": "message", "role": each.role, "content": each.content} for each in MESSAGES],
            "max_output_tokens": 16,
            "temperature": 0.5,
            "stream": True,
            "store": False,
            "reasoning": {"effort": "low"},
        }

    @pytest.mark.parametrize("adapter", [OpenAiChat, OpenAiResponses])
    async def test_its_own_api_pads_nothing_and_its_reasoning_models_get_no_temperature(self, adapter):
        for model, sampled in (("gpt-4o", True), ("gpt-5.2", False), ("o4-mini", False)):
            body = await body_of(adapter(url="https://api.openai.com/v1", model=model))
            assert ("temperature" in body) == sampled
            assert body["stream_options"]["include_obfuscation"] is False
        assert "temperature" in await body_of(adapter(url="http://127.0.0.1:8000/v1", model="gpt-5-at-home"))


def signature_by_botocore(line: str, fields: dict[str, str], body: bytes, service: str, region: str) -> str:
    """The signature of a request as it arrived."""
    method, target, _ = line.split()
    names = re.search("SignedHeaders=([^,]+),", fields["authorization"])[1].split(";")
    signed = {name: fields[name] for name in names if not name.startswith("x-amz")}
    request = AWSRequest(method, f"https://{fields['host']}{target}", headers=signed, data=body)
    at = datetime.strptime(fields["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    with patch("botocore.auth.get_current_datetime", return_value=at):
        SigV4Auth(Credentials(ACCESS, SECRET, TOKEN), service, region).add_auth(request)
    return request.headers["Authorization"]


class TestBedrock:
    async def test_request(self, sent):
        line, fields, body = await sent(
            Bedrock, model="openai.gpt-oss-120b-1:0", extra={"performanceConfig.latency": "optimized"}
        )
        assert line == "POST /model/openai.gpt-oss-120b-1%3A0/converse-stream HTTP/1.1"
        assert fields["accept"] == "application/vnd.amazon.eventstream"
        assert fields["x-amz-security-token"] == TOKEN
        assert fields["authorization"] == signature_by_botocore(line, fields, body, "bedrock", "us-west-2")
        assert json.loads(body) == {
            "system": [{"text": "be brief"}],
            "messages": [
                {"role": "user", "content": [{"text": "hé?"}]},
                {"role": "assistant", "content": [{"text": "ja"}]},
                {"role": "user", "content": [{"text": "so?"}]},
            ],
            "inferenceConfig": {"maxTokens": 16, "temperature": 0.5},
            "performanceConfig": {"latency": "optimized"},
        }

    async def test_an_arn_is_one_segment_of_the_path(self, sent):
        arn = "arn:aws:bedrock:eu-west-3:123456789012:application-inference-profile/ab c"
        line, fields, body = await sent(Bedrock, model=arn)
        assert line.split()[1].count("/") == 3
        assert fields["authorization"] == signature_by_botocore(line, fields, body, "bedrock", "us-west-2")

    @pytest.mark.parametrize("how", ["key", "variable"])
    async def test_bearer_token(self, sent, how, monkeypatch):
        if how == "variable":
            monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", KEY)
        _, fields, _ = await sent(Bedrock, key="env:SOME_KEY" if how == "key" else "")
        assert fields["authorization"] == f"Bearer {KEY}"
        assert not [name for name in fields if name.startswith("x-amz")]

    @pytest.mark.parametrize(
        ("url", "wanted"),
        [
            ("", "https://bedrock-runtime.us-west-2.amazonaws.com/model/m/converse-stream"),
            ("bedrock-runtime.eu-central-1.amazonaws.com", "https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse-stream"),
        ],
    )  # fmt: skip
    async def test_place(self, url, wanted):
        backend = Bedrock(url=url, model="m")
        await backend.aclose()
        assert str(backend._url) == wanted
        assert backend._region in wanted

    async def test_the_region_of_the_url_is_signed_for(self):
        backend = Bedrock(url="https://vpce-1.bedrock-runtime.us-gov-east-1.vpce.amazonaws.com", model="m")
        await backend.aclose()
        assert "/us-gov-east-1/bedrock/" in (await backend._own_headers(b""))["Authorization"]

    async def test_claude_gets_no_temperature(self):
        body = await body_of(Bedrock(url="", model="us.anthropic.claude-haiku-4-5-20251001-v1:0"))
        assert body["inferenceConfig"] == {"maxTokens": 16}

    async def test_no_region(self, monkeypatch):
        monkeypatch.delenv("AWS_REGION")
        with pytest.raises(UrlError, match="AWS_REGION"):
            Bedrock(url="", model="m")
        error = await failure(Bedrock(url="http://127.0.0.1:9", model="m"))
        assert (error.kind, "AWS_REGION" in error.message) == (ErrorKind.INTERNAL, True)

    async def test_no_credentials(self, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        error = await failure(Bedrock(url="", model="m"))
        assert error.kind is ErrorKind.INTERNAL
        assert "AWS" in error.message


class TestSageMaker:
    async def test_chat(self, sent):
        line, fields, body = await sent(SageMakerChat, model="my-endpoint")
        assert line == "POST /endpoints/my-endpoint/invocations-response-stream HTTP/1.1"
        assert fields["authorization"] == signature_by_botocore(line, fields, body, "sagemaker", "us-west-2")
        assert json.loads(body) == {
            "messages": [{"role": each.role, "content": each.content} for each in MESSAGES],
            "max_tokens": 16,
            "temperature": 0.5,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    async def test_tgi(self, sent):
        body = json.loads((await sent(SageMakerTgi, extra={"parameters.top_p": 0.9}))[2])
        assert body["stream"] is True
        assert (body["parameters"]["max_new_tokens"], body["parameters"]["top_p"]) == (16, 0.9)

    async def test_no_key(self):
        with pytest.raises(CredentialError, match="takes no key"):
            SageMakerChat(url="", model="m", key="env:SOME_KEY")


async def test_no_secret_in_what_a_server_repeats(serve):
    """A refused AWS signature is explained with the token; other servers repeat the key."""
    told = json.dumps(
        {"message": f"The Canonical String should have been x-amz-security-token:{TOKEN} {KEY}"}
    ).encode()
    refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: %d\r\n\r\n%b" % (len(told), told)
    async with serve(says(refusal)) as server:
        for adapter in (Bedrock, SageMakerChat):
            error = await failure(adapter(url=server.url, model="m"))
            assert TOKEN not in error.message
            assert "[key]" in error.message
        for adapter in (Anthropic, Gemini, VertexGemini, VertexChat, OpenAiResponses, Bedrock):
            error = await failure(adapter(url=server.url, model="m", key="env:SOME_KEY"))
            assert KEY not in error.message


async def test_the_registry_opens_each():
    for api in (
        "anthropic",
        "gemini",
        "vertex",
        "vertex-chat",
        "openai-responses",
        "bedrock",
        "sagemaker",
        "sagemaker-tgi",
    ):
        assert api in ADAPTERS
        await open_backend(api, url="", model="m").aclose()


def test_extra_fields():
    body = {"a": {"b": 1, "c": 2}, "d": 3}
    assert with_extra(body, {"a.b": 5, "d": "", "e.f.g": True, "d.x": 1, "z": ""}) == {
        "a": {"b": 5, "c": 2},
        "e": {"f": {"g": True}},
        "d": {"x": 1},
    }
    assert body == {"a": {"b": 1, "c": 2}, "d": 3}
