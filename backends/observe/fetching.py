"""Documents over HTTP, with limits: whatever a server does, the answer or an error comes in time and in size."""

from typing import Final
from urllib.parse import urlsplit

import httpx

from ..client import open_client, whole_body
from ..credentials import CredentialError, Secret, resolve
from ..http_errors import failure
from ..printable import printable
from ..transport import ProxyError
from .readings import SourceError

LIMIT_BYTES: Final = 4 << 20
"""Most a document may be; the largest metrics pages of real servers are some hundred KB."""

TIMEOUT_S: Final = 2.0
"""From the call to the last byte."""

_NOT_NOW: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class NotOfferedError(SourceError):
    """What answers has no such document, or not for us: asking again will not help."""


class Fetcher:
    """Fetches documents from one origin over connections that are kept.

    Args:
        url: any URL there.
        key: reference of the key to send; "" sends none.

    Raises:
        SourceError: there is no such key, or the environment's proxy is of an unsupported kind.
    """

    def __init__(self, url: str, key: str = "") -> None:
        try:
            self._secret: Secret | None = resolve(key)
            self._client: httpx.AsyncClient = open_client(url, self._secret)
        except (CredentialError, ProxyError) as error:
            raise SourceError(str(error)) from None

    async def get(self, url: str, accept: str, query: dict[str, str] | None = None) -> tuple[int, bytes]:
        """The document at `url` and the moment it had come.

        Raises:
            NotOfferedError: a status that will not change.
            SourceError: it cannot be had in TIMEOUT_S or is longer than LIMIT_BYTES, or another status than 200.
        """
        request = self._client.build_request(
            "GET", url, params=query, headers={"Accept": accept}, extensions={"timeout": {"total": TIMEOUT_S}}
        )
        try:
            response = await self._client.send(request, stream=True)
            try:
                if response.status_code != httpx.codes.OK:
                    kind = SourceError if response.status_code in _NOT_NOW else NotOfferedError
                    raise kind(f"{printable(url)} answers HTTP {response.status_code}")
                return await whole_body(response, LIMIT_BYTES)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise SourceError(f"{printable(url)}: {failure(error, request, self._secret).message}") from None

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: a key goes to no other than the one it is for."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port
