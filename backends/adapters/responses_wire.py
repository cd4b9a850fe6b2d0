"""The OpenAI Responses stream: from event payloads to arrivals. No HTTP.

Shape: the types of openai 3.54; llama.cpp and vLLM serve it too.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..base import Arrival, Usage
from ..errors import ErrorKind
from .event_wire import JSON, EventWire, add_arguments, add_reasoning, add_text, told
from .openai_wire import llama_cpp_timings
from .sse import SseSplitter


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    input_tokens: int = 0
    output_tokens: int = 0
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Incomplete(msgspec.Struct, gc=False):
    reason: str | None = None


class _Response(msgspec.Struct, gc=False):
    status: str | None = None
    incomplete_details: _Incomplete | None = None
    usage: _Usage | None = None
    error: Any = None


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    delta: Any = None
    response: _Response | None = None
    message: str | None = None
    code: Any = None
    error: Any = None
    timings: Any = None


_DECODER = msgspec.json.Decoder(_Event)
_ADD: Final = {
    "response.output_text.delta": add_text,
    "response.refusal.delta": add_text,
    "response.reasoning_text.delta": add_reasoning,
    "response.reasoning_summary_text.delta": add_reasoning,
    "response.function_call_arguments.delta": add_arguments,
    "response.custom_tool_call_input.delta": add_arguments,
    "response.mcp_call_arguments.delta": add_arguments,
}
_LAST: Final = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
_KINDS: Final[Mapping[str | int | None, ErrorKind]] = {
    "rate_limit_exceeded": ErrorKind.RATE_LIMIT,
    "server_error": ErrorKind.SERVER,
}


class ResponsesStream(EventWire):
    """One answer; a `wire.Wire`."""

    document_types = JSON
    unfinished = "no event that completes the response"

    def __init__(self) -> None:
        super().__init__(_DECODER, SseSplitter())

    def _take(self, arrival: Arrival, event: _Event) -> None:
        add = _ADD.get(event.type)
        if add is not None:
            if isinstance(event.delta, str):
                add(arrival, event.delta)
        elif event.type == "error" or event.error is not None:
            self._take_error(event.error or {"message": event.message, "code": event.code})
        elif event.type in _LAST and event.response is not None:
            self._take_last(arrival, event.response)
            arrival.vendor = llama_cpp_timings(event.timings)

    def _take_last(self, arrival: Arrival, response: _Response) -> None:
        if response.usage is not None:
            arrival.usage = _usage(response.usage)
        if response.error is not None or response.status == "failed":
            self._take_error(response.error)
            return
        self.finished = self.done = True
        why = response.incomplete_details
        arrival.finish_reason = (why.reason if why is not None else None) or response.status

    def _take_error(self, error: Any) -> None:
        code = told(error, "code") or told(error, "type")
        self._fail(error, _KINDS.get(code, ErrorKind.IN_BAND))


def _usage(usage: _Usage) -> Usage:
    given, made = usage.input_tokens_details, usage.output_tokens_details
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=(given.cached_tokens or 0) if given is not None else 0,
        reasoning_tokens=(made.reasoning_tokens or 0) if made is not None else 0,
        cache_write_tokens=(given.cache_write_tokens or 0) if given is not None else 0,
    )
