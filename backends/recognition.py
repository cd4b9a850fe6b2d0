"""What answers at a URL: which serving software, in which version, with which models, and how to speak to it.

Asked all at once and within a bounded time: the model list (`owned_by`, `Server` header), `/version`, `/info` (TGI),
`/api/tags` (Ollama), `/v2` and its repository (Triton) and the names in `/metrics`. Only the model list is asked with
the key.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from .client import open_client, whole_body
from .credentials import resolve
from .dialects import dialect
from .errors import BackendError
from .models import ServedModel, list_models
from .printable import printable
from .urls import root_url

OPENAI_CHAT: Final = "openai-chat"

_LIST_S: Final = 10.0
_PROBE_S: Final = 3.0
_LIMIT_BYTES: Final = 1 << 20
_VERSION_CHARACTERS: Final = 40
_MODEL_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was found.

    Attributes:
        server: an id of `dialects`; "" when it is none of them.
        version: as it says; "" if it does not.
        api: name of the adapter to use: the OpenAI chat protocol wherever models are listed in it.
        models: names to ask for, as listed; may be empty.
        error: why the model list could not be had, if it could not.
    """

    server: str = ""
    version: str = ""
    api: str = OPENAI_CHAT
    models: tuple[str, ...] = ()
    error: BackendError | None = None

    @property
    def engine(self) -> str:
        """The serving software in words ("vLLM 0.11.2"); "" when unknown."""
        name = dialect(self.server).name
        return f"{name} {self.version}".strip() if name else ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a server said to each question; documents are None where it gave none.

    Attributes:
        models: the OpenAI model list.
        error: why there is no such list.
        documents: by path, the JSON documents of `_DOCUMENTS`.
        metrics: the text of `/metrics`.
    """

    models: tuple[ServedModel, ...] = ()
    error: BackendError | None = None
    documents: Mapping[str, Any] = field(default_factory=dict)
    metrics: str = ""


_VERSION: Final = "/version"
_TGI: Final = "/info"
_OLLAMA: Final = "/api/tags"
_OLLAMA_VERSION: Final = "/api/version"
_TRITON: Final = "/v2"
_TRITON_MODELS: Final = "/v2/repository/index"
_DOCUMENTS: Final = {
    _VERSION: "GET",
    _TGI: "GET",
    _OLLAMA: "GET",
    _OLLAMA_VERSION: "GET",
    _TRITON: "GET",
    _TRITON_MODELS: "POST",
}
"""Paths of documents, and how each is asked for."""

_METRICS: Final = "/metrics"
_VERSIONS: Final = {"ollama": _OLLAMA_VERSION, "tgi": _TGI, "triton": _TRITON}
"""Where those tell their version that do not at `/version`."""

_OWNERS: Final = {
    "vllm": "vllm",
    "sglang": "sglang",
    "tensorrt_llm": "tensorrt-llm",
    "llamacpp": "llama.cpp",
    "library": "ollama",
    "organization_owner": "lm-studio",
}
"""What servers write into `owned_by` of the models they list."""

_HEADERS: Final = {"infertop-fleet": "fleet", "llama.cpp": "llama.cpp"}
"""How `Server` header fields begin."""

_METRIC_NAMES: Final = {
    "vllm:": "vllm",
    "sglang:": "sglang",
    "tgi_": "tgi",
    "llamacpp:": "llama.cpp",
    "trtllm_": "tensorrt-llm",
    "nv_inference_": "triton",
}
"""How names of metrics begin."""

NATIVE: Final = {"tgi": "tgi", "triton": "triton", "ollama": "ollama"}
"""The protocol of servers that may list no models in OpenAI's."""


async def recognise(url: str, key: str = "") -> Recognised:
    """What answers at `url`, after _LIST_S at most; usually within a few milliseconds.

    Args:
        url: base URL, or what a person types for one (`backends.urls`).
        key: where the API key is (`credentials.FORMS`); "" sends none.

    Raises:
        CredentialError, UrlError, ProxyError: what they say. That nothing answers is told by `Recognised.error`.
    """
    root = root_url(url)
    resolve(key)  # before anything is under way that a failure would leave behind
    async with open_client(root) as client:
        (models, error), metrics, bodies = await asyncio.gather(
            _listed(url, key),
            _body(client, "GET", root + _METRICS),
            asyncio.gather(*(_body(client, method, root + path) for path, method in _DOCUMENTS.items())),
        )
    documents = {path: _json(body) for path, body in zip(_DOCUMENTS, bodies, strict=True)}
    return judge(Evidence(models, error, documents, metrics.decode("utf-8", "replace")))


def judge(evidence: Evidence) -> Recognised:
    """What `evidence` shows."""
    server = _server(evidence)
    version = _text(evidence.documents.get(_VERSIONS.get(server, _VERSION)), "version")
    if evidence.models:
        return Recognised(server, version, models=tuple(model.id for model in evidence.models))
    api = NATIVE.get(server, OPENAI_CHAT)
    return Recognised(server, version, api, _own_models(server, evidence), evidence.error)


def _server(evidence: Evidence) -> str:
    return _lister(evidence.models) or _documented(evidence.documents) or _measured(evidence.metrics)


def _lister(models: tuple[ServedModel, ...]) -> str:
    if not models:
        return ""
    header = models[0].server
    named = next((server for start, server in _HEADERS.items() if header.startswith(start)), "")
    return named or _OWNERS.get(models[0].owned_by, "")


def _documented(documents: Mapping[str, Any]) -> str:
    if _text(documents.get(_TGI), "model_id") and _text(documents.get(_TGI), "version"):
        return "tgi"
    if _text(documents.get(_TRITON), "name") == "triton":
        return "triton"
    # llama.cpp has the list as well, without the version.
    if isinstance(documents.get(_OLLAMA), dict) and _text(documents.get(_OLLAMA_VERSION), "version"):
        return "ollama"
    return ""


def _measured(metrics: str) -> str:
    lines = metrics.splitlines()
    found = (server for start, server in _METRIC_NAMES.items() if any(line.startswith(start) for line in lines))
    return next(found, "")


def _own_models(server: str, evidence: Evidence) -> tuple[str, ...]:
    """The models of a server that lists them in its own way only."""
    documents = evidence.documents
    if server == "triton":
        return _names(documents.get(_TRITON_MODELS))
    if server == "tgi":
        return tuple(filter(None, [_text(documents.get(_TGI), "model_id", _MODEL_CHARACTERS)]))
    if server == "ollama":
        return _names((documents.get(_OLLAMA) or {}).get("models"))
    return ()


def _names(listed: Any) -> tuple[str, ...]:
    names = (_text(model, "name", _MODEL_CHARACTERS) for model in listed) if isinstance(listed, list) else ()
    return tuple(filter(None, names))


async def _listed(url: str, key: str) -> tuple[tuple[ServedModel, ...], BackendError | None]:
    try:
        return await list_models(url, key, _LIST_S), None
    except BackendError as error:
        return (), error


async def _body(client: httpx.AsyncClient, method: str, url: str) -> bytes:
    """The body of a successful answer, b"" for anything else."""
    request = client.build_request(method, url, extensions={"timeout": {"total": _PROBE_S}})
    try:
        response = await client.send(request, stream=True)
        try:
            return (await whole_body(response, _LIMIT_BYTES))[1] if response.is_success else b""
        finally:
            await response.aclose()
    except httpx.HTTPError:
        return b""


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _text(document: Any, name: str, most: int = _VERSION_CHARACTERS) -> str:
    """The string under `name`, safe to show; "" if there is none."""
    value = document.get(name) if isinstance(document, dict) else None
    return printable(value, most) if isinstance(value, str) else ""
