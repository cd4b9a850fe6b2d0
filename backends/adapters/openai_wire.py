"""The OpenAI chat-completions and completions streams: from event payloads to arrivals. No sockets, no HTTP.

What counts as a chunk is measurement.md's "Clock and stamps"; the vendors' additions are listed in backends.md.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from ..base import Arrival, Usage
from ..errors import ErrorKind
from ..http_errors import said

DONE: Final = b"[DONE]"


class _Function(msgspec.Struct, gc=False):
    arguments: str | None = None


class _ToolCall(msgspec.Struct, gc=False):
    function: _Function | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta | None = None
    message: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _Event(msgspec.Struct, gc=False):
    """A chunk, a whole completion or an error. What only some vendors send is looked at when it is there."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None
    timings: Any = None
    time_info: Any = None
    x_groq: Any = None
    perf_metrics: Any = None


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_events = msgspec.json.Decoder(list[_Event]).decode
_WORDLESS: Final = "the server reports an error without words"
_EXCERPT_BYTES: Final = 4 << 10
"""Much more than is shown: a key is taken out of it first, and must not be cut in half before."""
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def plain_texts(payloads: Sequence[bytes]) -> list[tuple[str, bool, int | None]] | None:
    """What events tell that hold nothing but a text and perhaps the running usage.

    Returns:
        Of each its text, whether that is reasoning, and the output tokens so far if it states them; None if one of
        them holds anything else that a `ChatDecoder` takes notice of.
    """
    try:
        events = _decode_events(b"[%b]" % b",".join(payloads))
    except _NOT_JSON:
        return None
    found = [_plain_text(event) for event in events]
    # What is no JSON on its own could be when joined: then they are not as many.
    return [each for each in found if each] if len(found) == len(payloads) and all(found) else None


def _plain_text(event: _Event) -> tuple[str, bool, int | None] | None:
    if not event.choices or event.error or _has_timings(event):
        return None
    choice = event.choices[0]
    delta = choice.delta or choice.message or _Delta(content=choice.text)
    if choice.finish_reason is not None or (delta.tool_calls and _arguments(delta.tool_calls)):
        return None
    text = delta.content or delta.refusal
    reasoning = delta.reasoning or delta.reasoning_content
    counted = None if event.usage is None else event.usage.completion_tokens
    if text and not reasoning:
        return text, False, counted
    return (reasoning, True, counted) if reasoning and not text else None


class ChatDecoder:
    """Decodes one answer.

    Args:
        continuous_usage: the server was asked for running usage on every chunk.

    Attributes:
        finished: a finish reason or `[DONE]` was seen: the answer is whole.
        done: `[DONE]` was seen; what follows means nothing.
        failure: why nothing after the last arrival can be used, in the server's words where it has any.
    """

    def __init__(self, *, continuous_usage: bool = False) -> None:
        self.finished = False
        self.done = False
        self.failure: tuple[ErrorKind, str] | None = None
        self._continuous_usage = continuous_usage

    def decode(self, at_ns: int, payloads: list[bytes]) -> Arrival:
        """What the events of one read, at least one, brought; afterwards look at `failure`."""
        texts: list[str] = []
        reasonings: list[str] = []
        arguments: list[str] = []
        chunks = answer_chunks = 0
        arrival = Arrival(at_ns)
        for event in self._events(payloads):
            finish_reason = None
            if event.choices:
                choice = event.choices[0]
                finish_reason = choice.finish_reason
                delta = choice.delta or choice.message or _Delta(content=choice.text)
                text = delta.content or delta.refusal
                reasoning = delta.reasoning or delta.reasoning_content
                argument = _arguments(delta.tool_calls) if delta.tool_calls else ""
                if text:
                    texts.append(text)
                if reasoning:
                    reasonings.append(reasoning)
                if argument:
                    arguments.append(argument)
                if text or argument:
                    answer_chunks += 1
                    chunks += 1
                elif reasoning:
                    chunks += 1
            if finish_reason is not None:
                self.finished = True
                arrival.finish_reason = finish_reason
            if event.usage is not None:
                self._take_usage(arrival, event.usage, final=finish_reason is not None or not event.choices)
            if _has_timings(event):
                self._take_vendor(arrival, event)
            if event.error:
                self.failure = ErrorKind.IN_BAND, said(event.error) or _WORDLESS
                break
        arrival.chunks = chunks
        arrival.answer_chunks = answer_chunks
        arrival.text = "".join(texts)
        arrival.reasoning = "".join(reasonings)
        arrival.tool_arguments = "".join(arguments)
        return arrival

    def _events(self, payloads: list[bytes]) -> Sequence[_Event]:
        """All events of a read by one call of the JSON decoder, or one by one where that does not fit."""
        if payloads[-1] == DONE:
            self.done = self.finished = True
            payloads = payloads[:-1]
        try:
            events = _decode_events(b"[%b]" % b",".join(payloads))
        except _NOT_JSON:
            return self._events_one_by_one(payloads)
        return events if len(events) == len(payloads) else self._events_one_by_one(payloads)

    def _events_one_by_one(self, payloads: Sequence[bytes]) -> list[_Event]:
        """The events before `[DONE]` or before one that cannot be read; empty payloads are pings."""
        events = []
        for payload in payloads:
            if payload.strip() == DONE:
                self.done = self.finished = True
                break
            if payload.strip():
                try:
                    events.append(_decode_event(payload))
                except _NOT_JSON as error:
                    excerpt = payload[:_EXCERPT_BYTES].decode("utf-8", "replace")
                    self.failure = ErrorKind.MALFORMED, f"{error}: {excerpt}"
                    break
        return events

    def _take_usage(self, arrival: Arrival, usage: _Usage, *, final: bool) -> None:
        """A chunk's usage is a running total; that of the finish chunk or of a chunk without choices is final."""
        if not final:
            self._continuous_usage = True
        if self._continuous_usage:
            arrival.output_tokens = usage.completion_tokens
        if final:
            arrival.usage = _usage(usage)

    def _take_vendor(self, arrival: Arrival, event: _Event) -> None:
        vendor = dict(arrival.vendor)
        vendor |= llama_cpp_timings(event.timings)
        if isinstance(event.time_info, Mapping):
            vendor |= _seconds(event.time_info, _HOSTED_S, 1.0)
        if isinstance(event.perf_metrics, Mapping):
            vendor |= _seconds(event.perf_metrics, _FIREWORKS_S, 1.0)
        if isinstance(event.x_groq, Mapping):
            usage = event.x_groq.get("usage")
            if isinstance(usage, Mapping):
                vendor |= _seconds(usage, _HOSTED_S, 1.0)
                if arrival.usage is None:
                    with suppress(msgspec.ValidationError):
                        arrival.usage = _usage(msgspec.convert(usage, _Usage))
            if event.x_groq.get("error"):
                self.failure = ErrorKind.IN_BAND, said(event.x_groq) or _WORDLESS
        arrival.vendor = vendor


def llama_cpp_timings(timings: Any) -> dict[str, float]:
    """What llama.cpp tells of an answer's phases; empty for anything else."""
    return _seconds(timings, _LLAMA_CPP_MS, 1e-3) if isinstance(timings, Mapping) else {}


_LLAMA_CPP_MS: Final = {"prompt_ms": "prefill", "predicted_ms": "decode"}
_HOSTED_S: Final = {
    "queue_time": "queue",
    "prompt_time": "prefill",
    "completion_time": "decode",
    "total_time": "total",
}
_FIREWORKS_S: Final = {
    "prefill-queue-duration": "queue",
    "prefill-duration": "prefill",
    "generation-duration": "decode",
    "server-time-to-first-token": "first_token",
    "server-processing-time": "total",
}
"""Fireworks writes some of them as numbers and some as strings (docs.fireworks.ai)."""


def _has_timings(event: _Event) -> bool:
    return bool(event.timings or event.time_info or event.x_groq or event.perf_metrics)


def _seconds(fields: Mapping[str, Any], names: Mapping[str, str], unit_s: float) -> dict[str, float]:
    seconds = {}
    for field, name in names.items():
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            seconds[name] = float(fields[field]) * unit_s
    return seconds


def _arguments(calls: Sequence[_ToolCall]) -> str:
    return "".join(call.function.arguments or "" for call in calls if call.function is not None)


def _usage(usage: _Usage) -> Usage:
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cached_tokens=(prompt.cached_tokens or 0) if prompt is not None else 0,
        reasoning_tokens=(completion.reasoning_tokens or 0) if completion is not None else 0,
    )
