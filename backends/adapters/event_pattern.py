"""What the events of one stream have in common, learned from one of them, so that others need no JSON parser.

Almost every event of a stream is its predecessor with another text. Every byte is still looked at: what stands around
the texts must be the same to the last byte, and the texts must be ones that mean themselves in JSON (no quote, no
backslash, no control character); anything else is decoded in full.
"""

from collections.abc import Sequence
from typing import Final

from ..base import Arrival
from .openai_wire import plain_texts

_PROBE: Final = "infertop"
_PLACES: Final = 4
"""Most places of an event that are tried for its text."""

_CUT_BYTES: Final = 20
"""Splitting at the beginning of what must stand between two texts, and then looking for the rest of it, takes half
the time of splitting at all of it."""

_USAGE: Final = b'"usage":'


def pattern_of(payload: bytes) -> "EventPattern | CountedPattern | None":
    """The pattern of an event with a text, perhaps the running usage, and nothing else; None for any other."""
    found = _around(payload)
    if found is None:
        return None
    before, after, reasoning, counted = found
    if counted is None:
        return EventPattern(before, after + b"\n\n", reasoning=reasoning)
    at = after.rfind(_USAGE)
    return CountedPattern(before, after[: at + len(_USAGE)], after[-1:] + b"\n\n") if at >= 0 else None


def _around(payload: bytes) -> tuple[bytes, bytes, bool, int | None] | None:
    """What stands before and after the text of an event, whether it is reasoning, and the running total if stated.

    A place in the payload is taken for the text's only if another text put there is decoded as the event's. A JSON
    parser that is inside a string there is so for every text that cannot end the string.
    """
    found = plain_texts([payload])
    if found is None or b"\n" in payload or b"\r" in payload:
        return None
    ((text, reasoning, counted),) = found
    quoted = b'"%b"' % text.encode()
    at = payload.find(quoted)
    for _ in range(_PLACES):
        if at < 0:
            return None
        before, after = payload[: at + 1], payload[at + len(quoted) - 1 :]
        if plain_texts([before + _PROBE.encode() + after]) == [(_PROBE, reasoning, counted)]:
            return b"data: " + before, after, reasoning, counted
        at = payload.find(quoted, at + 1)
    return None


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

    def holds(self, body: bytes) -> bool:
        """Whether a read looks like a row of such events, whole ones only; it may still turn out otherwise."""
        return body.startswith(self._before) and body.endswith(self._after)

    def texts(self, events: bytes) -> tuple[int, str, int] | None:
        """How many events of this pattern `events` begins with, their texts in a row, and where they end.

        None if it does not begin with any, or if they have to be decoded in full.
        """
        after = self._after
        if not events.startswith(self._before):
            return None
        end = len(events) - len(after) if events.endswith(after) else events.rfind(after)
        row = events[self._start : end]
        if end <= self._start:
            return None
        rows = self._rows(row) if b"\n" in row else [row]
        text = _meaning_itself(rows)
        if text is None:
            return None
        chunks = len(rows)
        self.matched = True
        return chunks, text, end + len(after)

    def _rows(self, row: bytes) -> list[bytes]:
        """The texts in `row`; all of it as one, which no text can be, where something else stands between two."""
        first, *others = row.split(self._cut)
        rest, skipped = self._rest, len(self._rest)
        texts = [each[skipped:] for each in others if each.startswith(rest)]
        return [first, *texts] if len(texts) == len(others) else [row]


class CountedPattern:
    """What surrounds the text in events that also state the running usage.

    Args:
        before: the bytes from the event's first to the text's first.
        between: from the text's end to where the usage object begins.
        after: from its end to the end of the event.

    Attributes:
        matched: whether another read was found to look like it.
    """

    __slots__ = ("_after", "_before", "_between", "matched")

    def __init__(self, before: bytes, between: bytes, after: bytes) -> None:
        self._before = before
        self._between = between
        self._after = after
        self.matched = False

    def holds(self, body: bytes) -> bool:
        """As `EventPattern.holds`."""
        return (
            body.startswith(self._before)
            and body.endswith(self._after)
            and body.find(b"\n\n", body.rfind(self._between)) == len(body) - 2
        )


def _meaning_itself(rows: Sequence[bytes]) -> str | None:
    """The texts in a row, each of which must be one that stands for itself in JSON; None if one does not."""
    row = b"".join(rows)
    try:
        text = row.decode("ascii") if row.isascii() else "".join([each.decode() for each in rows])
    except UnicodeDecodeError:
        return None
    return text if all(rows) and '"' not in text and "\\" not in text and text.isprintable() else None


def with_texts(arrival: Arrival, chunks: int, text: str, *, reasoning: bool) -> Arrival:
    """`arrival` with `chunks` more chunks before its own, which carried nothing but `text`."""
    arrival.chunks += chunks
    if reasoning:
        arrival.reasoning = text + arrival.reasoning
    else:
        arrival.answer_chunks += chunks
        arrival.text = text + arrival.text
    return arrival
