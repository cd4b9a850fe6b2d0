"""Adapters for Google's Vertex AI: Gemini models, and the open models it serves behind an OpenAI chat route."""

import os
import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from ..base import Request
from ..client import bearer
from ..credentials import CredentialError, Secret, resolve
from ..errors import BackendError, ErrorKind
from ..google_credentials import GoogleToken
from ..urls import base_url
from .gemini import METHOD, gemini_body
from .gemini_wire import GeminiStream
from .http_backend import Extra, HttpBackend
from .json_body import chat_body, with_extra
from .openai_stream import ChatStream

HOST: Final = "aiplatform.googleapis.com"
"""Of the location "global"; any other is put in front: us-central1-aiplatform.googleapis.com."""

_UNKNOWN: Final = "-"
_REGIONAL: Final = re.compile(rf"([a-z0-9-]+)-{re.escape(HOST)}")


class VertexBackend(HttpBackend):
    """One endpoint; see `backends.base.Backend` for how it is used.

    Requests carry an access token: `key` if it is given, else one of Google's application-default credentials
    (`backends.google_credentials`).

    Args:
        url: the place: up to "/locations/LOCATION", or an endpoint's address alone, or "". What it leaves out is
            taken from GOOGLE_CLOUD_LOCATION ("global") and GOOGLE_CLOUD_PROJECT (the credentials' own).
        model: model name to ask for.
        key: where an access token is (`credentials.FORMS`), or "".
        extra: fields added to the request body (`json_body.with_extra`).

    Raises:
        CredentialError, UrlError, ProxyError: what they say.
    """

    def __init__(self, *, url: str, model: str, key: str = "", extra: Extra | None = None) -> None:
        self._model = model
        self._place = place(url)
        self._token = GoogleToken()
        self._given = resolve(key)
        self._extra = dict(extra or {})
        super().__init__(self._url_in(self._token.project or _UNKNOWN), self._given)

    @abstractmethod
    def _path(self) -> str:
        """What follows the place in the URL."""

    def _url_in(self, project: str) -> str:
        return self._place.format(project=quote(project, safe="")) + self._path()

    async def _http_request(self, request: Request) -> httpx.Request:
        if f"/projects/{_UNKNOWN}/" in self._url.path:
            await self._find_project()
        return await super()._http_request(request)

    async def _find_project(self) -> None:
        """Ask the credentials, which may know it. Raises BackendError."""
        try:
            await self._bearer()
            if not self._token.project:
                raise CredentialError("no Google Cloud project: set GOOGLE_CLOUD_PROJECT")
        except CredentialError as error:
            raise BackendError(ErrorKind.INTERNAL, str(error)) from None
        self._url = httpx.URL(self._url_in(self._token.project))

    async def _bearer(self) -> Secret:
        return self._given or await self._token.bearer()

    async def _own_headers(self, body: bytes) -> Mapping[str, str]:  # noqa: ARG002 - a token signs nothing
        self._key = await self._bearer()
        return bearer(self._key)


class VertexGemini(VertexBackend):
    """A Gemini model, or "publishers/PUBLISHER/models/MODEL" that speaks its protocol."""

    def _path(self) -> str:
        model = self._model if self._model.startswith("publishers/") else f"publishers/google/models/{self._model}"
        return f"/{quote(model)}{METHOD}"

    def _wire(self, request: Request) -> GeminiStream:  # noqa: ARG002 - all answers are read alike
        return GeminiStream()

    def _body(self, request: Request) -> dict[str, object]:
        return gemini_body(request, self._extra)


class VertexChat(VertexBackend):
    """An open model as a service ("openai/gpt-oss-120b-maas"), by chat completions."""

    def _path(self) -> str:
        return "/endpoints/openapi/chat/completions"

    def _wire(self, request: Request) -> ChatStream:  # noqa: ARG002 - all answers are read alike
        return ChatStream()

    def _body(self, request: Request) -> dict[str, object]:
        return with_extra({"model": self._model, **chat_body(request)}, self._extra)


def place(url: str) -> str:
    """The URL up to "/locations/LOCATION", with `{project}` where `url` does not name it.

    Raises:
        UrlError: `url` is none.
    """
    if not url:
        location = os.environ.get("GOOGLE_CLOUD_LOCATION", "") or "global"
        url = f"https://{HOST}" if location == "global" else f"https://{location}-{HOST}"
    url = base_url(url, "").replace("{", "%7B").replace("}", "%7D")
    if "/projects/" in url:
        return url
    regional = _REGIONAL.fullmatch(urlsplit(url).hostname or "")
    location = regional[1] if regional else os.environ.get("GOOGLE_CLOUD_LOCATION", "") or "global"
    return f"{url.removesuffix('/v1')}/v1/projects/{{project}}/locations/{location}"
