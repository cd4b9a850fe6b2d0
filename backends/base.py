"""The seam between the engine and a wire protocol.

An adapter translates one wire format and nothing else: no aggregation, no retries, no printing. It is used as

    async with backend.send(request) as answer:      # raises BackendError before an answer exists
        await answer.deliver(take)                   # calls take(arrival); raises BackendError inside the stream

Leaving the block, by any road, closes the stream: an unfinished answer's connection is aborted, never reused.

The unit handed over is what *one read* of the socket brought (`Arrival`), not one event: all events of a read
share its stamp, and at high rates a read holds many events. Reads that bring nothing but more text may be held back
and handed over with a later one, each with its own stamp: that spares most of their cost. `catch_up` asks for them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from .rate_limits import RateLimits

VENDOR_TIMINGS = ("queue", "load", "prefill", "first_token", "decode", "total")
"""Common names of what servers tell of their own time: waiting, loading the model, reading the prompt, until the
first token, generating, and all of it."""

Stamp = Literal["kernel", "user"]
"""Where a receive stamp was taken: by the kernel when the segment arrived, or by us after the read returned."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt as every backend gets it.

    Attributes:
        index: position in the prompt stream.
        messages: the conversation, oldest first.
        max_tokens: most output tokens wanted.
        fixed_length: ask for exactly `max_tokens` (`ignore_eos`, `min_tokens`) where the server can.
        temperature: 0 is greedy.
        timeout_s: from the start of the request to its last byte.
    """

    index: int
    messages: tuple[Message, ...]
    max_tokens: int
    fixed_length: bool = False
    temperature: float = 0.0
    timeout_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the server states them (provenance `usage`).

    Attributes:
        input_tokens: the whole prompt, whatever of it was cached or is being cached.
        output_tokens: the whole answer, reasoning included.
        cached_tokens: those of the input that came from a cache.
        reasoning_tokens: those of the output that are reasoning.
        cache_write_tokens: those of the input that were written to a cache, where that has a price of its own.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0


class Arrival(msgspec.Struct, gc=False):
    """What one read of the socket brought, decoded.

    Attributes:
        at_ns: receive stamp on the `time.perf_counter_ns` clock, taken before any decoding.
        chunks: events with *generated* content (text, reasoning or tool arguments); role-only, empty, usage,
            comment, ping and `[DONE]` events are not chunks (measurement.md, "Clock and stamps").
        answer_chunks: those of `chunks` that carry something other than reasoning.
        text: the answer text of this read, in order; reasoning and tool arguments are apart.
        reasoning: the reasoning text of this read.
        tool_arguments: the tool-call argument text of this read.
        output_tokens: the server's running total of output tokens after this read, where it states one on
            every chunk (continuous usage); None otherwise.
        usage: final usage, when this read brought it.
        finish_reason: as the server says it, when this read brought it.
        vendor: the server's own timings in seconds by name of VENDOR_TIMINGS, when this read brought them.
        earlier_ns: stamps of the reads before this one that were held back, oldest first. They brought chunks of the
            same kind as each other (all answer or all reasoning) and nothing else; `chunks`, `answer_chunks` and the
            texts are those of all reads together.
        earlier_chunks: chunks of each of `earlier_ns`.
        earlier_output_tokens: `output_tokens` after each of `earlier_ns`; () where that is None.
    """

    at_ns: int
    chunks: int = 0
    answer_chunks: int = 0
    text: str = ""
    reasoning: str = ""
    tool_arguments: str = ""
    output_tokens: int | None = None
    usage: Usage | None = None
    finish_reason: str | None = None
    vendor: Mapping[str, float] = {}
    earlier_ns: Sequence[int] = ()
    earlier_chunks: Sequence[int] = ()
    earlier_output_tokens: Sequence[int] = ()


class Answer(Protocol):
    """A response whose status line said yes.

    Attributes:
        sent_ns: t_0, just before the request's first byte was written, after connecting.
        connect_ns: time spent on TCP and TLS before `sent_ns`; 0 on a reused connection.
        resent: whether it was written a second time because a reused connection turned out to be closed by the
            server before taking it up; counted and shown, and the only case of its kind.
        stamp: where `Arrival.at_ns` comes from.
        server: the `Server` response header, or "".
        limits: the provider's allowances, as the header fields tell them; () if they do not.
    """

    sent_ns: int
    connect_ns: int
    resent: bool
    stamp: Stamp
    server: str
    limits: RateLimits

    async def deliver(self, take: Callable[[Arrival], None]) -> None:
        """Call `take` with every arrival, in order; return when the answer is complete.

        All but held back reads are handed over as soon as they are made. `take` runs inside the reading of the
        socket, which spares a switch of tasks for every read: it must be quick. What it raises ends the delivery and
        comes out here.

        Raises:
            BackendError: the stream failed before it was complete.
        """
        ...

    def catch_up(self) -> None:
        """Call `take` of the delivery under way, if there is one, with what is held back."""
        ...


class Backend(Protocol):
    """One endpoint to measure.

    Attributes:
        can_fix_length: whether it can ask for exactly `Request.max_tokens` tokens.
    """

    can_fix_length: bool

    def send(self, request: Request) -> AbstractAsyncContextManager[Answer]:
        """Send `request` once; see the module's text. Raises BackendError, and nothing else, for a failure."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
