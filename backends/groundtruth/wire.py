"""The bytes the ground-truth server understands and writes: HTTP/1.1 and the chat-completions stream, no sockets."""

import json
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

MODEL: Final = "ground-truth"

STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\n"
    b"Server: infertop-groundtruth\r\n"
    b"Content-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)

_HEAD_LIMIT_BYTES: Final = 64 << 10
_BODY_LIMIT_BYTES: Final = 16 << 20
_MOST_TOKENS: Final = 1_000_000
_REASONS: Final = {200: "OK", 400: "Bad Request", 404: "Not Found"}


class RefusalError(Exception):
    """What was asked for is not served; the text says why and what would be."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Pace:
    """How an answer is written where its request does not say.

    Attributes:
        ttft_ms: from the request's last byte to the first token.
        gap_ms: between tokens; 0 writes as fast as possible.
        tokens: of an answer.
    """

    ttft_ms: float = 50.0
    gap_ms: float = 10.0
    tokens: int = 128


class Asked(NamedTuple):
    """One HTTP request."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Order:
    """One chat completion as asked for; see `log.Written`."""

    index: int
    ttft_ns: int
    gap_ns: int
    tokens: int
    prompt_characters: int


def take_request(inbox: bytearray) -> Asked | None:
    """Take the first whole request out of `inbox`; None while there is none.

    Raises:
        RefusalError: what is there is no request with a `Content-Length`.
    """
    head_end = inbox.find(b"\r\n\r\n")
    if head_end < 0:
        if len(inbox) > _HEAD_LIMIT_BYTES:
            raise RefusalError(400, "the header fields have no end")
        return None
    first, *fields = inbox[:head_end].decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    path, _, version = rest.partition(" ")
    if not version.startswith("HTTP/1."):
        raise RefusalError(400, "this is not HTTP/1")
    body_bytes = 0
    for field in fields:
        name, _, value = field.partition(":")
        if name.lower() == "content-length":
            if not value.strip().isdecimal() or int(value) > _BODY_LIMIT_BYTES:
                raise RefusalError(400, "Content-Length is not a length this server accepts")
            body_bytes = int(value)
        elif name.lower() == "transfer-encoding":
            raise RefusalError(400, "send the body with a Content-Length")
    end = head_end + 4 + body_bytes
    if len(inbox) < end:
        return None
    body = bytes(inbox[head_end + 4 : end])
    del inbox[:end]
    return Asked(method, path, body)


def read_order(body: bytes, pace: Pace) -> Order:
    """What a chat-completions body asks for.

    The fields `ttft_ms` and `gap_ms`, which no other server knows, and `max_tokens` go before `pace`.

    Raises:
        RefusalError: the body is not a streamed chat completion.
    """
    try:
        asked = json.loads(body)
        messages = [str(message["content"]) for message in asked["messages"]]
        last = messages[-1]
        tokens = int(asked.get("max_completion_tokens") or asked.get("max_tokens") or pace.tokens)
        ttft_ms, gap_ms = (float(asked.get(name, getattr(pace, name))) for name in ("ttft_ms", "gap_ms"))
        streamed = asked.get("stream") is True
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise RefusalError(400, "the body is not a chat completion") from error
    if not streamed:
        raise RefusalError(400, 'only streamed answers are served: "stream": true')
    if not (1 <= tokens <= _MOST_TOKENS and 0 <= ttft_ms < 1e6 and 0 <= gap_ms < 1e6):
        raise RefusalError(400, f"max_tokens must be 1 to {_MOST_TOKENS}; ttft_ms and gap_ms 0 to 1e6")
    return Order(
        index=int(last) if last.isdecimal() and last.isascii() and len(last) < 19 else -1,
        ttft_ns=round(ttft_ms * 1e6),
        gap_ns=round(gap_ms * 1e6),
        tokens=tokens,
        prompt_characters=sum(map(len, messages)),
    )


def token_text(number: int) -> str:
    """The text of token `number` of any answer: every token can be told from every other."""
    return f" {number}"


def token_event(number: int) -> bytes:
    """Token `number` as one event in one HTTP chunk."""
    return _chunk({"index": 0, "delta": {"content": token_text(number)}, "logprobs": None, "finish_reason": None})


def trailer(order: Order) -> bytes:
    """What follows the last token: finish reason, usage, `[DONE]` and the last chunk."""
    prompt_tokens = order.prompt_characters // 4 + 1
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": order.tokens,
        "total_tokens": prompt_tokens + order.tokens,
    }
    finish = _chunk({"index": 0, "delta": {}, "logprobs": None, "finish_reason": "length"})
    return finish + _chunk(None, usage=usage) + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def _chunk(choice: dict[str, Any] | None, **more: Any) -> bytes:
    event = {
        "id": "chatcmpl-ground-truth",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [] if choice is None else [choice],
    }
    return _framed(b"data: %b\n\n" % json.dumps(event | more, separators=(",", ":")).encode())


def _framed(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


def response(status: int, body: bytes, content_type: str = "application/json") -> bytes:
    """A whole response that is no stream."""
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nServer: infertop-groundtruth\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def refused(error: RefusalError) -> bytes:
    """The response to what is not served."""
    return response(error.status, json.dumps({"error": {"message": str(error), "code": error.status}}).encode())


def model_list() -> bytes:
    """The response to `GET /v1/models`."""
    listed = [{"id": MODEL, "object": "model", "created": 1_700_000_000, "owned_by": "infertop"}]
    return response(200, json.dumps({"object": "list", "data": listed}).encode())
