"""A chat-completions answer from reads of its body to arrivals: `SseSplitter`, `ChatDecoder`, and a short cut.

Almost every event of a stream is its predecessor with another text. Once an event was decoded in full, what stands
before and after its text is remembered, and a read that is a row of such events needs one `split` and no JSON parser.
Every byte is still looked at: what stands around the texts must be the same to the last byte, and the texts must be
ones that mean themselves in JSON (no quote, no backslash, no control character); anything else is decoded in full.

Looking at many reads together costs much less than at each by itself. A read that begins and ends as such an event
does is kept back, with its stamp, until one comes that does not, or somebody asks: it holds nothing that is urgent.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Self

from ..base import Arrival
from ..errors import ErrorKind
from .openai_wire import ChatDecoder, plain_text
from .sse import SseSplitter

_PROBE: Final = "infertop"
_PLACES: Final = 4
"""Most places of an event that are tried for its text."""

_CUT_BYTES: Final = 20
"""Splitting at the beginning of what must stand between two texts, and then looking for the rest of it, takes half
the time of splitting at all of it."""

_MOST_HELD: Final = 16
_LONGEST_HELD_BYTES: Final = 4 << 10
"""A read this long has had its cost spread over many events already."""

_FRUITLESS: Final = 4
"""Patterns that never matched a read before a stream is taken for one whose events have nothing in common."""


class EventPattern:
    """What surrounds the text in the events of one stream.

    Args:
        before: the bytes from the event's first to the text's first.
        after: the bytes from the text's end to the end of the event.
        reasoning: the text is reasoning, not answer.

    Attributes:
        matched: whether any read was found to be made of it.
    """

    __slots__ = ("_after", "_before", "_cut", "_rest", "_start", "matched", "reasoning")

    def __init__(self, before: bytes, after: bytes, *, reasoning: bool) -> None:
        self._before = before
        self._after = after
        self._cut = (after + before)[:_CUT_BYTES]
        self._rest = (after + before)[_CUT_BYTES:]
        self._start = len(before)
        self.reasoning = reasoning
        self.matched = False

    @classmethod
    def of(cls, payload: bytes) -> Self | None:
        """The pattern of an event that carries a text and nothing else; None for any other.

        A place in the payload is taken for the text's only if another text put there is decoded as the event's. A
        JSON parser that is inside a string there is so for every text that cannot end the string.
        """
        found = plain_text(payload)
        if found is None or b"\n" in payload or b"\r" in payload:
            return None
        text, reasoning = found
        quoted = b'"%b"' % text.encode()
        at = payload.find(quoted)
        for _ in range(_PLACES):
            if at < 0:
                return None
            before, after = payload[: at + 1], payload[at + len(quoted) - 1 :]
            if plain_text(before + _PROBE.encode() + after) == (_PROBE, reasoning):
                return cls(b"data: " + before, after + b"\n\n", reasoning=reasoning)
            at = payload.find(quoted, at + 1)
        return None

    @property
    def ends(self) -> tuple[bytes, bytes]:
        """What a row of such events begins and ends with."""
        return self._before, self._after

    def texts(self, events: bytes) -> tuple[int, str, int] | None:
        """How many events of this pattern `events` begins with, their texts in a row, and where they end.

        None if it does not begin with any, or if they have to be decoded in full.
        """
        after = self._after
        if not events.startswith(self._before):
            return None
        end = len(events) - len(after) if events.endswith(after) else events.rfind(after)
        row, chunks = events[self._start : end], 1
        if end <= self._start:
            return None
        try:
            if b"\n" in row:
                rows = self._rows(row)
                row, chunks = b"".join(rows), len(rows)
                text = row.decode("ascii") if row.isascii() else "".join([each.decode() for each in rows])
                if not all(rows):
                    return None
            else:
                text = row.decode()
        except UnicodeDecodeError:
            return None
        if '"' in text or "\\" in text or not text.isprintable():
            return None
        self.matched = True
        return chunks, text, end + len(after)

    def _rows(self, row: bytes) -> list[bytes]:
        """The texts in `row`; all of it as one, which no text can be, where something else stands between two."""
        first, *others = row.split(self._cut)
        rest, skipped = self._rest, len(self._rest)
        texts = [each[skipped:] for each in others if each.startswith(rest)]
        return [first, *texts] if len(texts) == len(others) else [row]


class ChatStream:
    """One answer; a `wire.HoldingWire`.

    Args:
        continuous_usage: the server was asked for running usage on every chunk.
    """

    stream_types: AbstractSet[str] = frozenset({"text/event-stream"})
    document_types: AbstractSet[str] = frozenset({"application/json"})
    unfinished = "neither a finish reason nor [DONE]"

    def __init__(self, *, continuous_usage: bool = False) -> None:
        self._decoder = ChatDecoder(continuous_usage=continuous_usage)
        self._splitter = SseSplitter()
        self._pattern: EventPattern | None = None
        self._fruitless = 0
        self._held_ns: list[int] = []
        self._held_bodies: list[bytes] = []
        self._held_ends: tuple[bytes, bytes] | None = None  # None where nothing may be held back

    @property
    def finished(self) -> bool:
        """See `wire.Wire`."""
        return self._decoder.finished

    @property
    def done(self) -> bool:
        """See `wire.Wire`."""
        return self._decoder.done

    @property
    def failure(self) -> tuple[ErrorKind, str] | None:
        """See `wire.Wire`."""
        return self._decoder.failure

    def document(self, at_ns: int, body: bytes) -> Arrival:
        """A completion that did not come as a stream."""
        return self._decoder.decode(at_ns, [body])

    def hold(self, at_ns: int, body: bytes) -> bool:
        """See `wire.HoldingWire`."""
        ends = self._held_ends
        if ends is None or not (body.startswith(ends[0]) and body.endswith(ends[1])):
            return False
        times_ns = self._held_ns
        if len(times_ns) >= _MOST_HELD or len(body) > _LONGEST_HELD_BYTES:
            return False
        times_ns.append(at_ns)
        self._held_bodies.append(body)
        return True

    def held(self) -> Sequence[Arrival]:
        """See `wire.HoldingWire`."""
        times_ns, bodies, pattern = self._held_ns, self._held_bodies, self._pattern
        if not times_ns or pattern is None:
            return ()
        self._held_ns, self._held_bodies = [], []
        events = b"".join(bodies)
        found = pattern.texts(events)
        if found is None or found[2] != len(events):
            return self._one_by_one(times_ns, bodies)
        chunks, text, _ = found
        # A text holds no line end, so these count events; and there is at least one in each read.
        each = [1] * len(bodies) if chunks == len(bodies) else [body.count(b"\n\n") for body in bodies]
        arrival = Arrival(times_ns.pop(), earlier_ns=times_ns, earlier_chunks=each[:-1])
        return (_with_texts(arrival, chunks, text, reasoning=pattern.reasoning),)

    def _one_by_one(self, times_ns: list[int], bodies: list[bytes]) -> list[Arrival]:
        arrivals = []
        for at_ns, body in zip(times_ns, bodies, strict=True):
            if self.done or self.failure is not None:
                break
            arrival = self.arrival(at_ns, body)
            if arrival is not None:
                arrivals.append(arrival)
        return arrivals

    def arrival(self, at_ns: int, body: bytes) -> Arrival | None:
        """What one read brought; None if it completed no event. Then look at the attributes.

        Raises:
            EventTooLongError: an event has no end.
        """
        arrival = self._arrival(at_ns, body)
        pattern = self._pattern
        whole = pattern is not None and pattern.matched and self._splitter.begun == b""
        self._held_ends = pattern.ends if pattern is not None and whole else None
        return arrival

    def _arrival(self, at_ns: int, body: bytes) -> Arrival | None:
        pattern = self._pattern
        if pattern is not None and (begun := self._splitter.begun) is not None:
            events = begun + body if begun else body
            found = pattern.texts(events)
            if found is not None:
                chunks, text, end = found
                arrival = Arrival(at_ns)
                if begun or end < len(events):
                    self._splitter.restart()
                    arrival = self._decoded(at_ns, events[end:]) or arrival
                return _with_texts(arrival, chunks, text, reasoning=pattern.reasoning)
        return self._decoded(at_ns, body)

    def _decoded(self, at_ns: int, body: bytes) -> Arrival | None:
        payloads = self._splitter.feed(body)
        if not payloads:
            return None
        arrival = self._decoder.decode(at_ns, payloads)
        if arrival.chunks and arrival.output_tokens is None and self._fruitless < _FRUITLESS:
            self._learn(payloads[-1])
        return arrival

    def _learn(self, payload: bytes) -> None:
        """Look for a pattern in an event, unless the last ones found never matched."""
        found = EventPattern.of(payload)
        if found is None:
            return
        if self._pattern is not None and not self._pattern.matched:
            self._fruitless += 1
        self._pattern = found


def _with_texts(arrival: Arrival, chunks: int, text: str, *, reasoning: bool) -> Arrival:
    """`arrival` with `chunks` more chunks before its own, which carried nothing but `text`."""
    arrival.chunks += chunks
    if reasoning:
        arrival.reasoning = text + arrival.reasoning
    else:
        arrival.answer_chunks += chunks
        arrival.text = text + arrival.text
    return arrival
