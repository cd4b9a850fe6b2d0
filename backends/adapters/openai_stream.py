"""A chat-completions answer from reads of its body to arrivals: `SseSplitter`, `ChatDecoder`, and a short cut.

Once an event was decoded in full, what it has in common with its successors is remembered (`event_pattern`), and a
read that is a row of such events needs one `split` and no JSON parser.

Looking at many reads together costs much less than at each by itself. A read that begins and ends as such an event
does is kept back, with its stamp, until one comes that does not, or somebody asks: it holds nothing that is urgent.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import Final

from ..base import Arrival
from ..errors import ErrorKind
from .event_pattern import CountedPattern, EventPattern, pattern_of, with_texts
from .openai_wire import ChatDecoder, plain_texts
from .sse import SseSplitter

_DATA: Final = b"data: "
_END: Final = b"\n\n"

_MOST_HELD: Final = 16
_LONGEST_HELD_BYTES: Final = 4 << 10
"""A read this long has had its cost spread over many events already."""

_FRUITLESS: Final = 4
"""Patterns that never matched a read before a stream is taken for one whose events have nothing in common."""


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
        self._pattern: EventPattern | CountedPattern | None = None
        self._fruitless = 0
        self._held_ns: list[int] = []
        self._held_bodies: list[bytes] = []
        self._holds: Callable[[bytes], bool] | None = None  # None where nothing may be held back

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
        holds = self._holds
        if holds is None or not holds(body):
            return False
        times_ns = self._held_ns
        if len(times_ns) >= _MOST_HELD or len(body) > _LONGEST_HELD_BYTES:
            return False
        times_ns.append(at_ns)
        self._held_bodies.append(body)
        return True

    def held(self) -> Sequence[Arrival]:
        """See `wire.HoldingWire`."""
        times_ns, bodies = self._held_ns, self._held_bodies
        if not times_ns:
            return ()
        self._held_ns, self._held_bodies = [], []
        arrival = self._together(times_ns, bodies)
        return self._one_by_one(times_ns, bodies) if arrival is None else (arrival,)

    def _together(self, times_ns: list[int], bodies: list[bytes]) -> Arrival | None:
        """Reads that were held back as one arrival; None if there is more in them than text of one kind."""
        row = self._row(b"".join(bodies))
        if row is None:
            return None
        chunks, text, reasoning, totals = row
        each = [1] * len(bodies)
        if chunks != len(bodies):  # no text holds a line end, so these count events
            each = [body.count(_END) for body in bodies]
            totals = [totals[at - 1] for at in accumulate(each)] if totals else ()
        arrival = Arrival(times_ns[-1], earlier_ns=times_ns[:-1], earlier_chunks=each[:-1])
        if totals:
            arrival.output_tokens = totals[-1]
            arrival.earlier_output_tokens = totals[:-1]
        return with_texts(arrival, chunks, text, reasoning=reasoning)

    def _row(self, events: bytes) -> tuple[int, str, bool, Sequence[int]] | None:
        """How many events, their texts in a row, whether that is reasoning, and running totals where they are stated.

        None if anything is in them besides, or the texts are not of one kind.
        """
        pattern = self._pattern
        if isinstance(pattern, EventPattern):
            found = pattern.texts(events)
            if found is not None and found[2] == len(events):
                return found[0], found[1], pattern.reasoning, ()
        payloads = events[len(_DATA) : -len(_END)].split(_END + _DATA)
        told = plain_texts(payloads)
        if told is None or b"\r" in events or events.count(b"\n") != len(_END) * len(payloads):
            return None
        texts, kinds, totals = zip(*told, strict=True)
        if len(set(kinds)) > 1 or (None in totals and any(totals)):
            return None
        return len(told), "".join(texts), kinds[0], () if None in totals else totals

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
        self._holds = pattern.holds if pattern is not None and whole else None
        return arrival

    def _arrival(self, at_ns: int, body: bytes) -> Arrival | None:
        pattern = self._pattern
        if isinstance(pattern, EventPattern) and (begun := self._splitter.begun) is not None:
            events = begun + body if begun else body
            found = pattern.texts(events)
            if found is not None:
                chunks, text, end = found
                arrival = Arrival(at_ns)
                if begun or end < len(events):
                    self._splitter.restart()
                    arrival = self._decoded(at_ns, events[end:]) or arrival
                return with_texts(arrival, chunks, text, reasoning=pattern.reasoning)
        return self._decoded(at_ns, body)

    def _decoded(self, at_ns: int, body: bytes) -> Arrival | None:
        payloads = self._splitter.feed(body)
        if not payloads:
            return None
        arrival = self._decoder.decode(at_ns, payloads)
        pattern = self._pattern
        if isinstance(pattern, CountedPattern) and pattern.holds(body):
            pattern.matched = True
        elif arrival.chunks and self._fruitless < _FRUITLESS:
            self._learn(payloads[-1])
        return arrival

    def _learn(self, payload: bytes) -> None:
        """Look for a pattern in an event, unless the last ones found never matched."""
        found = pattern_of(payload)
        if found is None:
            return
        if self._pattern is not None and not self._pattern.matched:
            self._fruitless += 1
        self._pattern = found
