"""The Anthropic Messages stream: from event payloads to arrivals. No HTTP.

Shape: Anthropic's "Streaming Messages" and the types of its SDK (anthropic 2.12); llama.cpp and vLLM serve it too.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..base import Arrival, Usage
from ..errors import ErrorKind
from .event_wire import JSON, EventWire, add_arguments, add_reasoning, add_text, told
from .sse import SseSplitter


class _Piece(msgspec.Struct, gc=False):
    """What a block begins with, or goes on with, or how the message ends."""

    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    """Cumulative: what a later event leaves out stands as an earlier one said."""

    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


class _Message(msgspec.Struct, gc=False):
    usage: _Usage | None = None


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    message: _Message | None = None
    content_block: _Piece | None = None
    delta: _Piece | None = None
    usage: _Usage | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Event)
_KINDS: Final[Mapping[str | int | None, ErrorKind]] = {
    "rate_limit_error": ErrorKind.RATE_LIMIT,
    "overloaded_error": ErrorKind.SERVER,
    "api_error": ErrorKind.SERVER,
    "timeout_error": ErrorKind.SERVER,
}


class AnthropicStream(EventWire):
    """One answer; a `wire.Wire`."""

    document_types = JSON
    unfinished = "neither a stop reason nor message_stop"

    def __init__(self) -> None:
        super().__init__(_DECODER, SseSplitter())
        self._usage = _Usage()

    def _take(self, arrival: Arrival, event: _Event) -> None:
        if event.error is not None:
            self._fail(event.error, _KINDS.get(told(event.error, "type"), ErrorKind.IN_BAND))
            return
        if event.message is not None:
            self._learn(event.message.usage)
        piece = event.delta or event.content_block
        if piece is not None:
            add_reasoning(arrival, piece.thinking)
            add_text(arrival, piece.text)
            add_arguments(arrival, piece.partial_json)
            if piece.stop_reason is not None:
                self.finished = True
                arrival.finish_reason = piece.stop_reason
        if event.usage is not None:
            self._learn(event.usage)
            arrival.usage = self._total()
        if event.type == "message_stop":
            self.finished = self.done = True

    def _learn(self, usage: _Usage | None) -> None:
        for name in _Usage.__struct_fields__:
            value = getattr(usage, name, None)
            if value is not None:
                setattr(self._usage, name, value)

    def _total(self) -> Usage:
        """Anthropic's input tokens are those that no cache had a part in."""
        usage, details = self._usage, self._usage.output_tokens_details
        read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
        return Usage(
            input_tokens=(usage.input_tokens or 0) + read + written,
            output_tokens=usage.output_tokens or 0,
            cached_tokens=read,
            reasoning_tokens=(details.thinking_tokens or 0) if details is not None else 0,
            cache_write_tokens=written,
        )
