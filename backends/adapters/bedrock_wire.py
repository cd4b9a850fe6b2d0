"""Bedrock's ConverseStream: from AWS event-stream messages to arrivals. No HTTP.

Shape: botocore's model of `bedrock-runtime`, 2023-09-30.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from ..base import Arrival, Usage
from ..errors import ErrorKind
from .aws_events import TYPES, AwsEvents
from .event_wire import EventWire, add_arguments, add_reasoning, add_text


class _ToolUse(msgspec.Struct, gc=False):
    input: str | None = None


class _Reasoning(msgspec.Struct, gc=False):
    text: str | None = None


class _Delta(msgspec.Struct, rename="camel", gc=False):
    text: str | None = None
    tool_use: _ToolUse | None = None
    reasoning_content: _Reasoning | None = None


class _BlockDelta(msgspec.Struct, gc=False):
    delta: _Delta | None = None


class _Stop(msgspec.Struct, rename="camel", gc=False):
    stop_reason: str | None = None


class _Usage(msgspec.Struct, rename="camel", gc=False):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None


class _Metrics(msgspec.Struct, rename="camel", gc=False):
    latency_ms: float | None = None


class _Metadata(msgspec.Struct, gc=False):
    usage: _Usage | None = None
    metrics: _Metrics | None = None


class _Event(msgspec.Struct, rename="camel", gc=False):
    """The event that a message is, under its type's name."""

    content_block_delta: _BlockDelta | None = None
    message_stop: _Stop | None = None
    metadata: _Metadata | None = None


_DECODER = msgspec.json.Decoder(_Event)
_KINDS: Final[Mapping[str, ErrorKind]] = {
    "throttlingException": ErrorKind.RATE_LIMIT,
    "internalServerException": ErrorKind.SERVER,
    "serviceUnavailableException": ErrorKind.SERVER,
}


class _Documents:
    """Makes every event a JSON document: `{type: payload}`."""

    def __init__(self) -> None:
        self._events = AwsEvents(_KINDS)

    @property
    def failure(self) -> tuple[ErrorKind, str] | None:
        return self._events.failure

    def feed(self, read: bytes) -> list[bytes]:
        return [
            b"{%b:%b}" % (msgspec.json.encode(event.header(":event-type")), event.payload or b"null")
            for event in self._events.feed(read)
        ]


class ConverseStream(EventWire):
    """One answer; a `wire.Wire`."""

    stream_types = TYPES
    unfinished = "no messageStop event"

    def __init__(self) -> None:
        self._documents = _Documents()
        super().__init__(_DECODER, self._documents)

    def arrival(self, at_ns: int, body: bytes) -> Arrival | None:
        """See `wire.Wire`."""
        arrival = super().arrival(at_ns, body)
        self.failure = self.failure or self._documents.failure
        return arrival

    def _take(self, arrival: Arrival, event: _Event) -> None:
        if event.content_block_delta is not None:
            _take_delta(arrival, event.content_block_delta.delta or _Delta())
        elif event.message_stop is not None:
            self.finished = True
            arrival.finish_reason = event.message_stop.stop_reason
        elif event.metadata is not None:
            self.done = self.finished
            if event.metadata.usage is not None:
                arrival.usage = _usage(event.metadata.usage)
            if event.metadata.metrics is not None and event.metadata.metrics.latency_ms is not None:
                arrival.vendor = {"total": event.metadata.metrics.latency_ms / 1e3}


def _take_delta(arrival: Arrival, delta: _Delta) -> None:
    add_text(arrival, delta.text)
    if delta.reasoning_content is not None:
        add_reasoning(arrival, delta.reasoning_content.text)
    if delta.tool_use is not None:
        add_arguments(arrival, delta.tool_use.input)


def _usage(usage: _Usage) -> Usage:
    """Bedrock's input tokens are those that no cache had a part in."""
    read, written = usage.cache_read_input_tokens or 0, usage.cache_write_input_tokens or 0
    return Usage(
        input_tokens=usage.input_tokens + read + written,
        output_tokens=usage.output_tokens,
        cached_tokens=read,
        cache_write_tokens=written,
    )
