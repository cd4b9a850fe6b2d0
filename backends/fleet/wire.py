"""The OpenAI chat protocol as vLLM speaks it: requests in, events and documents out, no network and no clock.

Events are put together from fragments that never change within an answer; only the text and the counts do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from .faults import Fault
from .stack import Stack
from .text import answer_plan, answer_text, count_tokens, known_by

SERVER: Final = "infertop-fleet (simulated)"
"""What every response says of itself: `Server` header, owner of the models, fingerprint of the answers."""

DONE: Final = b"data: [DONE]\n\n"


class ApiError(Exception):
    """A request that is answered with an error document.

    Attributes:
        status: HTTP status.
        body: the document.
        headers: besides the usual ones.
    """

    def __init__(
        self, status: int, kind: str, message: str, param: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = msgspec.json.encode({"error": {"message": message, "type": kind, "param": param, "code": status}})


class ContentPart(msgspec.Struct):
    """A part of a message's content; only text counts."""

    type: str
    text: str = ""


class ChatMessage(msgspec.Struct):
    """One turn."""

    role: str
    content: str | list[ContentPart] | None = None

    def text(self) -> str:
        """Its text, parts joined."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(msgspec.Struct):
    """What else a stream shall carry."""

    include_usage: bool | None = None
    continuous_usage_stats: bool | None = None


class ChatRequest(msgspec.Struct):
    """The fields that matter here; all others are accepted and ignored, as vLLM does."""

    messages: list[ChatMessage]
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    min_tokens: int | None = None
    ignore_eos: bool | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A valid request, resolved.

    Attributes:
        input_tokens: length of the prompt.
        output_tokens: length the answer will have.
        finish_reason: why it will end there.
        text_start: where its text starts.
        stream: events, or one document.
        usage: a last event with token counts.
        continuous_usage: token counts on every event.
        known_by: what of its prompt faults choose by.
    """

    input_tokens: int
    output_tokens: int
    finish_reason: str
    text_start: int
    stream: bool
    usage: bool
    continuous_usage: bool
    known_by: str = ""


def read_order(body: bytes, stack: Stack, seed: int) -> Order:
    """What `body` asks of `stack`; raises ApiError with vLLM's statuses."""
    try:
        request = msgspec.json.decode(body, type=ChatRequest)
    except msgspec.DecodeError as error:
        raise ApiError(400, "BadRequestError", f"invalid request: {error}") from None
    if request.model and request.model != stack.model.name:
        raise ApiError(404, "NotFoundError", f"The model `{request.model}` does not exist.", "model")
    if not request.messages:
        raise ApiError(400, "BadRequestError", "messages must hold at least one message.", "messages")
    prompt = "\n".join(message.text() for message in request.messages)
    input_tokens = count_tokens(prompt)
    limit = _limit(request, stack, input_tokens)
    start, wanted = answer_plan(seed, prompt)
    output_tokens = limit if request.ignore_eos else min(limit, max(wanted, request.min_tokens or 0))
    options = request.stream_options or StreamOptions()
    return Order(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        finish_reason="length" if output_tokens == limit else "stop",
        text_start=start,
        stream=bool(request.stream),
        usage=bool(options.include_usage),
        continuous_usage=bool(options.include_usage and options.continuous_usage_stats),
        known_by=known_by(prompt),
    )


def refusal(fault: Fault) -> ApiError:
    """How a request that `fault` refuses is answered, as hosted APIs do it."""
    wait = {"Retry-After": f"{fault.retry_after_s:g}"} if fault.retry_after_s else {}
    if fault.kind == "error":
        return ApiError(
            fault.status, "InternalServerError", "The simulated server failed, as it was told to.", None, wait
        )
    limits = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": f"{fault.retry_after_s:g}s",
    }
    return ApiError(429, "RateLimitError", "Rate limit reached, as the simulation was told.", None, wait | limits)


def _limit(request: ChatRequest, stack: Stack, input_tokens: int) -> int:
    """Most output tokens allowed."""
    left = stack.context_tokens - input_tokens
    asked = request.max_tokens if request.max_completion_tokens is None else request.max_completion_tokens
    if asked is not None and asked < 1:
        raise ApiError(400, "BadRequestError", f"max_tokens must be at least 1, got {asked}.", "max_tokens")
    if left < (asked or 1):
        raise ApiError(
            400,
            "BadRequestError",
            f"This model's maximum context length is {stack.context_tokens} tokens. However, you requested "
            f"{input_tokens + (asked or 1)} tokens ({input_tokens} in the messages, {asked or 1} in the completion). "
            "Please reduce the length of the messages or completion.",
            "messages",
        )
    limit = left if asked is None else asked
    if not 0 <= (request.min_tokens or 0) <= limit:
        raise ApiError(
            400,
            "BadRequestError",
            f"min_tokens must be between 0 and max_tokens={limit}, got {request.min_tokens}.",
            "min_tokens",
        )
    return limit


class AnswerEvents:
    """The events of one streamed answer."""

    def __init__(self, order: Order, answer_id: str, model: str, created_s: int) -> None:
        self._order = order
        self._produced = 0
        self._head = (
            f'data: {{"id":"{answer_id}","object":"chat.completion.chunk","created":{created_s},"model":"{model}",'
            f'"system_fingerprint":"{SERVER}","choices":['
        )
        self._content = self._head + '{"index":0,"delta":{"content":"'

    def next(self, tokens: int) -> bytes:
        """The event with `tokens` more tokens; the role precedes the first, the last is followed by all endings."""
        first = self._role() if not self._produced else ""
        text = answer_text(self._order.text_start + self._produced, tokens)
        self._produced += tokens
        if self._produced < self._order.output_tokens:
            return f'{first}{self._content}{text}"}},"logprobs":null,"finish_reason":null}}]{self._tail()}'.encode()
        reason = self._order.finish_reason
        last = f'{first}{self._content}{text}"}},"logprobs":null,"finish_reason":"{reason}"}}]{self._tail()}'
        if self._order.usage:
            last += f"{self._head}],{self._usage()}}}\n\n"
        return last.encode() + DONE

    def _role(self) -> str:
        delta = '{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]'
        return self._head + delta + self._tail()

    def _tail(self) -> str:
        return f",{self._usage()}}}\n\n" if self._order.continuous_usage else "}\n\n"

    def _usage(self) -> str:
        read = self._order.input_tokens
        return (
            f'"usage":{{"prompt_tokens":{read},"total_tokens":{read + self._produced},'
            f'"completion_tokens":{self._produced}}}'
        )


def whole_answer(order: Order, answer_id: str, model: str, created_s: int) -> dict[str, Any]:
    """The document that answers a request without `stream`."""
    return {
        "id": answer_id,
        "object": "chat.completion",
        "created": created_s,
        "model": model,
        "system_fingerprint": SERVER,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer_text(order.text_start, order.output_tokens)},
                "logprobs": None,
                "finish_reason": order.finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": order.input_tokens,
            "total_tokens": order.input_tokens + order.output_tokens,
            "completion_tokens": order.output_tokens,
        },
    }


def model_list(stack: Stack, created_s: int) -> dict[str, Any]:
    """The document of `/v1/models`."""
    return {
        "object": "list",
        "data": [
            {
                "id": stack.model.name,
                "object": "model",
                "created": created_s,
                "owned_by": SERVER,
                "root": stack.model.name,
                "parent": None,
                "max_model_len": stack.context_tokens,
            }
        ],
    }
