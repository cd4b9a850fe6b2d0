"""A response as arrivals: the part of reading an answer that all protocols over HTTP share."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import httpx

from ..base import Arrival, Stamp
from ..client import whole_body
from ..credentials import Secret
from ..errors import BackendError, ErrorKind
from ..http_errors import failure, shown
from ..printable import printable
from ..rate_limits import rate_limits
from .sse import EventTooLongError
from .wire import Wire

_DRAIN_S: Final = 1.0
_WHOLE_LIMIT_BYTES: Final = 4 << 20


class HttpAnswer:
    """A response whose status line said yes, read by `wire`.

    Raises:
        BackendError: it is of a type that the protocol does not know.
    """

    def __init__(self, response: httpx.Response, request: httpx.Request, key: Secret | None, wire: Wire) -> None:
        extensions = response.extensions
        self.sent_ns: int = extensions["sent_ns"]
        self.connect_ns: int = extensions["connect_ns"]
        self.resent: bool = extensions["resent"]
        self.stamp: Stamp = extensions["stamp"]
        self._response = response
        self._request = request
        self._key = key
        self._wire = wire
        self._hold: Callable[[int, bytes], bool] = getattr(wire, "hold", _never)
        self._held: Callable[[], Sequence[Arrival]] = getattr(wire, "held", tuple)
        self._take: Callable[[Arrival], None] | None = None
        headers = {name.lower(): value.decode("latin-1") for name, value in response.headers.raw}
        self.server = printable(headers.get(b"server", ""), 80)
        self.limits = rate_limits(headers, time.time())
        fallback = next(iter(wire.stream_types))
        content_type = headers.get(b"content-type", fallback).partition(";")[0].strip().lower()
        encoding = headers.get(b"content-encoding", "identity").strip().lower()
        if encoding != "identity":
            raise self._error(ErrorKind.MALFORMED, f"the server compressed its answer ({encoding}) unasked")
        self._is_document = content_type not in wire.stream_types
        if self._is_document and content_type not in wire.document_types:
            raise self._error(ErrorKind.MALFORMED, f"the server answered {content_type}, not an event stream")

    async def deliver(self, take: Callable[[Arrival], None]) -> None:
        """See `backends.base.Answer`."""
        wire = self._wire
        self._take = take
        try:
            if self._is_document:
                take(wire.document(*await whole_body(self._response, _WHOLE_LIMIT_BYTES)))
            else:
                await self._deliver_stream(take)
        except httpx.HTTPError as error:
            self.catch_up()
            if not wire.finished:
                raise failure(error, self._request, self._key) from error
        except EventTooLongError as error:
            raise self._error(ErrorKind.MALFORMED, str(error)) from None
        if wire.failure is not None:
            raise self._error(*wire.failure)
        if not wire.finished and self._is_document:
            raise self._error(ErrorKind.MALFORMED, "the server answered JSON that is no completion")
        if not wire.finished and wire.unfinished:
            raise self._error(ErrorKind.CUT, f"the stream ended with {wire.unfinished}")

    async def _deliver_stream(self, take: Callable[[Arrival], None]) -> None:
        """Every arrival up to the protocol's last word or a failure.

        Then let the response end, so that its connection can be used again; a server that dawdles loses it.
        """
        wire, arrived, hold = self._wire, self._wire.arrival, self._hold

        def on_read(at_ns: int, body: bytes) -> bool:
            if hold(at_ns, body):
                return True
            self.catch_up()
            if wire.failure is None and not wire.done:
                arrival = arrived(at_ns, body)
                if arrival is not None:
                    take(arrival)
            return wire.failure is None and not wire.done

        reads = self._response.extensions["reads"]
        await reads.each(on_read)
        self.catch_up()
        if wire.done:
            with suppress(TimeoutError):
                async with asyncio.timeout(_DRAIN_S):
                    await reads.each(_drop)

    def catch_up(self) -> None:
        """See `backends.base.Answer`."""
        if self._take is not None:
            for arrival in self._held():
                self._take(arrival)

    def _error(self, kind: ErrorKind, message: str) -> BackendError:
        message = shown(message, self._key)
        return BackendError(kind, message, status=self._response.status_code, sent_ns=self.sent_ns)


def _never(at_ns: int, body: bytes) -> bool:  # noqa: ARG001 - for wires that hold nothing back
    return False


def _drop(at_ns: int, body: bytes) -> bool:  # noqa: ARG001 - what comes after the end means nothing
    return True
