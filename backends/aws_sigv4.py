"""AWS Signature Version 4: the header fields that sign one request, with its body."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlsplit

from .aws_credentials import AwsCredentials

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


def signed_headers(
    credentials: AwsCredentials,
    *,
    service: str,
    region: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    at: datetime,
) -> dict[str, str]:
    """Header fields that sign a request: X-Amz-Date, Authorization and, of temporary credentials, the token's.

    Args:
        credentials: whose keys sign.
        service: the name AWS signs it under ("bedrock", "sagemaker").
        region: where the service is.
        method: "POST".
        url: complete and percent-encoded as it is sent; its path has no dot segments and no empty ones.
        headers: fields that are signed, among them Host; the request may have others.
        body: as it is sent.
        at: now, in UTC.
    """
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    added = {"X-Amz-Date": stamp}
    if credentials.session_token is not None:
        added["X-Amz-Security-Token"] = credentials.session_token.reveal()
    fields = {name.lower(): " ".join(value.split()) for name, value in {**headers, **added}.items()}
    names = ";".join(sorted(fields))
    parts = urlsplit(url)
    canonical = "\n".join(
        (
            method,
            quote(parts.path or "/", safe="/~"),
            "&".join(sorted(_with_value(pair) for pair in parts.query.split("&"))) if parts.query else "",
            *(f"{name}:{fields[name]}" for name in sorted(fields)),
            "",
            names,
            sha256(body).hexdigest(),
        )
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key.reveal()}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, to_sign).hex()
    credential = f"{credentials.access_key}/{scope}"
    added["Authorization"] = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return added


def _with_value(pair: str) -> str:
    name, _, value = pair.partition("=")
    return f"{name}={value}"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
