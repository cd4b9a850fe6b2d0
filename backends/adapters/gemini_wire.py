"""The Gemini stream: from event payloads to arrivals. No HTTP.

Shape: the REST reference of `streamGenerateContent` and the types of google-genai 3.4. Every event is a whole
response with the part of the answer that is new and the usage so far; nothing marks the end.
"""

from http import HTTPStatus
from typing import Any

import msgspec

from ..base import Arrival, Usage
from ..errors import ErrorKind
from .event_wire import JSON, EventWire, told
from .openai_wire import DONE
from .sse import SseSplitter


class _FunctionCall(msgspec.Struct, gc=False):
    args: msgspec.Raw = msgspec.Raw()


class _Part(msgspec.Struct, rename="camel", gc=False):
    text: str | None = None
    thought: bool = False
    function_call: _FunctionCall | None = None


class _Content(msgspec.Struct, gc=False):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel", gc=False):
    content: _Content | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct, rename="camel", gc=False):
    prompt_token_count: int = 0
    tool_use_prompt_token_count: int = 0
    cached_content_token_count: int = 0
    candidates_token_count: int | None = None
    thoughts_token_count: int = 0


class _Feedback(msgspec.Struct, rename="camel", gc=False):
    block_reason: str | None = None


class _Event(msgspec.Struct, rename="camel", gc=False):
    candidates: list[_Candidate] | None = None
    usage_metadata: _Usage | None = None
    prompt_feedback: _Feedback | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Event)


class GeminiStream(EventWire):
    """One answer; a `wire.Wire`."""

    last_word = DONE  # Google sends none; some that speak its protocol do
    document_types = JSON
    unfinished = "no finish reason"

    def __init__(self) -> None:
        super().__init__(_DECODER, SseSplitter())
        self._counts_all = True

    def _take(self, arrival: Arrival, event: _Event) -> None:
        if event.error is not None:
            self._fail(event.error, _kind(event.error))
            return
        if event.prompt_feedback is not None and event.prompt_feedback.block_reason:
            self.failure = ErrorKind.IN_BAND, f"the prompt was blocked: {event.prompt_feedback.block_reason}"
            return
        chunks = arrival.chunks
        if event.candidates:
            candidate = event.candidates[0]
            if candidate.content is not None:
                _add_parts(arrival, candidate.content.parts or [])
            if candidate.finish_reason is not None:
                self.finished = True
                arrival.finish_reason = candidate.finish_reason
        usage = event.usage_metadata or _Usage()
        if arrival.chunks > chunks and usage.candidates_token_count is None:
            self._counts_all = False  # a total that starts late would make all before it look like one chunk's
        self._take_usage(arrival, usage)

    def _take_usage(self, arrival: Arrival, usage: _Usage) -> None:
        """Thoughts are generated and billed like the answer, but counted apart from it."""
        if usage.candidates_token_count is None:
            return
        output_tokens = usage.candidates_token_count + usage.thoughts_token_count
        if self._counts_all:
            arrival.output_tokens = output_tokens
        if self.finished:
            arrival.usage = Usage(
                input_tokens=usage.prompt_token_count + usage.tool_use_prompt_token_count,
                output_tokens=output_tokens,
                cached_tokens=usage.cached_content_token_count,
                reasoning_tokens=usage.thoughts_token_count,
            )


def _kind(error: Any) -> ErrorKind:
    code = told(error, "code")
    if code == HTTPStatus.TOO_MANY_REQUESTS or told(error, "status") == "RESOURCE_EXHAUSTED":
        return ErrorKind.RATE_LIMIT
    return ErrorKind.SERVER if isinstance(code, int) and code >= 500 else ErrorKind.IN_BAND


def _add_parts(arrival: Arrival, parts: list[_Part]) -> None:
    """One event is one chunk, however many parts it has."""
    reasoning = "".join(part.text or "" for part in parts if part.thought)
    text = "".join(part.text or "" for part in parts if not part.thought)
    calls = [part.function_call for part in parts if part.function_call is not None]
    arguments = b"".join(bytes(call.args) for call in calls).decode("utf-8", "replace")
    arrival.reasoning += reasoning
    arrival.text += text
    arrival.tool_arguments += arguments
    arrival.answer_chunks += bool(text or arguments)
    arrival.chunks += bool(text or arguments or reasoning)
