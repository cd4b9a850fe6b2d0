"""What the adapters of Amazon's services have in common: a region's endpoint, and a signature on every request."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from ..aws_credentials import AwsSource, configured_region
from ..aws_sigv4 import signed_headers
from ..credentials import CredentialError, Secret
from ..urls import UrlError, base_url
from .aws_events import EVENT_STREAM
from .http_backend import HttpBackend

_REGION: Final = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d+)\.")


class AwsBackend(HttpBackend):
    """One endpoint.

    Args:
        url: where requests go, complete.
        service: the name AWS signs it under.
        token: a bearer token instead of a signature, or None.
    """

    def __init__(self, url: str, *, service: str, token: Secret | None) -> None:
        super().__init__(url, token, {"Accept": EVENT_STREAM})
        self._token = token
        self._service = service
        found = _REGION.search(self._url.host)
        self._region = found[1] if found else ""
        self._source = AwsSource(region=self._region)

    async def _own_headers(self, body: bytes) -> Mapping[str, str]:
        if self._token is not None:
            return {"Authorization": f"Bearer {self._token.reveal()}"}
        credentials = await self._source.current()
        region = self._region or credentials.region
        if not region:
            raise CredentialError("no AWS region to sign for: set AWS_REGION, or give it in the URL")
        self._key = credentials.session_token  # a refused signature is explained with what was signed
        signed = {name: self._headers[name] for name in ("Host", "Content-Type")}
        return signed_headers(
            credentials,
            service=self._service,
            region=region,
            method="POST",
            url=str(self._url),
            headers=signed,
            body=body,
            at=datetime.now(UTC),
        )


def regional_url(url: str, template: str) -> str:
    """`url`, or where `template` has its `{region}` if `url` is "".

    Raises:
        UrlError: nothing names a region, or `url` is none.
        CredentialError: a file of AWS profiles cannot be read.
    """
    if url:
        return base_url(url, "")
    region = configured_region()
    if not region:
        raise UrlError(f"no AWS region: set AWS_REGION, or give the URL: {template.format(region='us-east-1')}")
    return template.format(region=region)
