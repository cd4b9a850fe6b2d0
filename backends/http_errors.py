"""What went wrong with an HTTP request, as a `BackendError`."""

import asyncio
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
import msgspec

from .credentials import Secret
from .errors import BackendError, ErrorKind
from .printable import printable

_BODY_LIMIT_BYTES = 64 << 10
_BODY_LIMIT_S = 2.0
_SHOWN_CHARACTERS = 4 << 10
_MARKUP = re.compile(r"<(style|script).*?</\1>|<[^>]*>", re.DOTALL)


def shown(text: str, key: Secret | None) -> str:
    """Words of a server as one safe line, without the key should it repeat it."""
    return printable(key.redacted(text) if key is not None else text)


def said(document: Any, depth: int = 4) -> str:
    """The message in an error document, whatever shape a server gives it; "" if there is none."""
    if isinstance(document, str):
        return document
    if depth and isinstance(document, list) and document:
        return said(document[0], depth - 1)
    if depth and isinstance(document, dict):
        texts = (said(document.get(name), depth - 1) for name in ("error", "detail", "message", "msg"))
        return next(filter(None, texts), "")
    return ""


def failure(error: httpx.HTTPError, request: httpx.Request, key: Secret | None) -> BackendError:
    """Why a request got no answer, or only part of one."""
    return BackendError(_kind(error), shown(str(error), key), sent_ns=request.extensions.get("sent_ns"))


def _kind(error: httpx.HTTPError) -> ErrorKind:
    match error:
        case httpx.TimeoutException():
            return ErrorKind.TIMEOUT
        case httpx.ConnectError():
            return _connect_kind(error)
        case httpx.ProxyError():
            return ErrorKind.CONNECT
        case httpx.NetworkError():
            return ErrorKind.CUT
        case httpx.RemoteProtocolError():
            return ErrorKind.MALFORMED
    return ErrorKind.INTERNAL


def _connect_kind(error: httpx.ConnectError) -> ErrorKind:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror | UnicodeError):
            return ErrorKind.DNS
        if isinstance(cause, ssl.SSLError):
            return ErrorKind.TLS
        cause = cause.__cause__ or cause.__context__
    return ErrorKind.CONNECT


async def refusal(response: httpx.Response, key: Secret | None) -> BackendError:
    """Why the server did not say 200: its own words if it sent any, read within limits."""
    status = response.status_code
    text = _words(await _start_of_body(response.extensions["reads"]), key)
    kind = ErrorKind.CLIENT
    if status < 400:
        kind = ErrorKind.REDIRECT
        text = f"redirects to {response.headers.get('location', 'nowhere')}"
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        kind = ErrorKind.RATE_LIMIT
    elif status >= 500:
        kind = ErrorKind.SERVER
    return BackendError(
        kind,
        shown(text, key) or _status_line(status),
        status=status,
        retry_after_s=retry_after_s(response.headers.get("retry-after", ""), time.time()),
        sent_ns=response.extensions["sent_ns"],
    )


def retry_after_s(field: str, now_s: float) -> float | None:
    """Seconds to wait by a `Retry-After` field, which holds seconds or an HTTP date; None if it holds neither."""
    with suppress(ValueError):
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", field, re.ASCII):
            return float(field)
        return max(0.0, parsedate_to_datetime(field).timestamp() - now_s)
    return None


async def _start_of_body(reads: AsyncIterator[tuple[int, bytes]]) -> bytes:
    body = bytearray()
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(_BODY_LIMIT_S):
            async for _, piece in reads:
                body += piece
                if len(body) >= _BODY_LIMIT_BYTES:
                    break
    return bytes(body[:_BODY_LIMIT_BYTES])


def _words(body: bytes, key: Secret | None) -> str:
    try:
        text = said(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError):
        text = ""
    if text:
        return text
    text = body.decode("utf-8", "replace")
    if key is not None:
        text = key.redacted(text)  # before a cut could leave half of it
    return " ".join(_MARKUP.sub(" ", text[:_SHOWN_CHARACTERS]).split())


def _status_line(status: int) -> str:
    with suppress(ValueError):
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    return f"HTTP {status}"
