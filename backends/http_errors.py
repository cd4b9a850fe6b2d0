"""What went wrong with an HTTP request, as a `BackendError`."""

import asyncio
import errno
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import httpx
import msgspec

from .credentials import Secret, proxy_secrets
from .errors import BackendError, ErrorKind
from .printable import printable
from .rate_limits import rate_limits, retry_after_s

_BODY_LIMIT_BYTES = 64 << 10
_BODY_LIMIT_S = 2.0
_SHOWN_CHARACTERS = 4 << 10
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})  # nobody's fault there
_MARKUP = re.compile(r"<(style|script).*?</\1>|<[^>]*>", re.DOTALL)


def shown(text: str, key: Secret | None) -> str:
    """Words of a server as one safe line, without the key should it repeat it."""
    return printable(_without_keys(text, key))


def _without_keys(text: str, key: Secret | None) -> str:
    """`text` without what a server or a proxy was sent to let us in."""
    for secret in (*(() if key is None else (key,)), *proxy_secrets()):
        text = secret.redacted(text)
    return text


def said(document: Any, depth: int = 4) -> str:
    """The message in an error document, whatever shape a server gives it; "" if there is none."""
    if isinstance(document, str):
        return document
    if depth and isinstance(document, list) and document:
        return said(document[0], depth - 1)
    if depth and isinstance(document, dict):
        texts = (said(document.get(name), depth - 1) for name in ("error", "detail", "message", "Message", "msg"))
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
        if isinstance(cause, OSError) and cause.errno in _NO_DESCRIPTORS:
            return ErrorKind.INTERNAL
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
    headers, now_s = {name.lower(): value.decode("latin-1") for name, value in response.headers.raw}, time.time()
    return BackendError(
        kind,
        shown(text, key) or _status_line(status),
        status=status,
        retry_after_s=retry_after_s(headers, now_s),
        limits=rate_limits(headers, now_s),
        sent_ns=response.extensions["sent_ns"],
    )


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
    text = _without_keys(body.decode("utf-8", "replace"), key)  # before a cut could leave half of it
    return " ".join(_MARKUP.sub(" ", text[:_SHOWN_CHARACTERS]).split())


def _status_line(status: int) -> str:
    with suppress(ValueError):
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    return f"HTTP {status}"
