"""What every HTTP adapter has in common: a request written once, its refusal, its answer as arrivals."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx
import msgspec

from ..base import Answer, Request
from ..client import open_transport, standing_headers
from ..credentials import CredentialError, Secret
from ..errors import BackendError, ErrorKind
from ..http_errors import failure, refusal, shown
from .http_answer import HttpAnswer
from .wire import Wire

CONNECT_TIMEOUT_S: Final = 10.0

Extra = Mapping[str, bool | int | float | str]
"""Fields a person adds to the request body."""


class HttpBackend(ABC):
    """One endpoint; see `backends.base.Backend` for how it is used.

    An adapter says what the body of a request is and how the answer is read; where every request carries header
    fields of its own (signatures, tokens that expire), it says those too.

    Args:
        url: where requests go, complete.
        key: the API key, or None; it is taken out of whatever a server says.
        headers: header fields of every request; `client.bearer` makes the usual one.

    Raises:
        ProxyError: the environment names a proxy of an unsupported kind.
    """

    can_fix_length: bool = False

    def __init__(self, url: str, key: Secret | None, headers: Mapping[str, str] | None = None) -> None:
        self._url = httpx.URL(url)
        self._key = key
        self._transport = open_transport(self._url)
        self._headers = standing_headers()
        self._headers["Host"] = self._url.netloc.decode("ascii")
        self._headers["Content-Type"] = "application/json"
        self._headers.update(headers or {})

    @abstractmethod
    def _body(self, request: Request) -> Mapping[str, object]:
        """The request's body, before it is JSON."""

    @abstractmethod
    def _wire(self, request: Request) -> Wire:
        """Reads the answer to `request`."""

    async def _own_headers(self, body: bytes) -> Mapping[str, str]:  # noqa: ARG002 - a signature covers the body
        """Header fields of this request alone. Raises BackendError or CredentialError."""
        return {}

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Answer]:
        """Send `request` once. Raises BackendError, here or from the answer, and nothing else for a failure."""
        http_request = await self._http_request(request)
        try:
            response = await self._transport.handle_async_request(http_request)
        except httpx.HTTPError as error:
            raise failure(error, http_request, self._key) from error
        try:
            if not response.is_success:
                raise await refusal(response, self._key)
            yield HttpAnswer(response, http_request, self._key, self._wire(request))
        finally:
            await response.aclose()

    async def _http_request(self, request: Request) -> httpx.Request:
        """The request as it goes over the wire; `httpx.AsyncClient` would take 0.1 ms longer to make and send it."""
        try:
            body = msgspec.json.encode(self._body(request))
        except UnicodeEncodeError as error:
            raise BackendError(ErrorKind.INTERNAL, f"the prompt is not valid Unicode: {error.reason}") from error
        connect_s = min(CONNECT_TIMEOUT_S, request.timeout_s)
        made = httpx.Request(
            "POST",
            self._url,
            headers=self._headers,
            stream=httpx.ByteStream(body),
            extensions={"timeout": {"connect": connect_s, "total": request.timeout_s}},
        )
        try:
            made.headers.update(await self._own_headers(body))
        except CredentialError as error:
            raise BackendError(ErrorKind.INTERNAL, shown(str(error), self._key)) from None
        made.headers["Content-Length"] = str(len(body))
        return made

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()
