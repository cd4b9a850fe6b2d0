"""A stream of JSON documents as arrivals: what protocols that send one document an event have in common."""

from abc import ABC, abstractmethod
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, Final, Protocol

import msgspec

from ..base import Arrival
from ..errors import ErrorKind
from ..http_errors import said

WORDLESS: Final = "the server reports an error without words"
_EXCERPT_BYTES: Final = 4 << 10
"""Much more than is shown: a key is taken out of it first, and must not be cut in half before."""
_NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

SSE: Final[AbstractSet[str]] = frozenset({"text/event-stream"})
JSON: Final[AbstractSet[str]] = frozenset({"application/json"})
NONE: Final[AbstractSet[str]] = frozenset()


class Splitter(Protocol):
    """Cuts reads into the bytes of whole documents (`sse.SseSplitter`, `ndjson.LineSplitter`)."""

    def feed(self, read: bytes) -> list[bytes]:
        """The documents that `read` completed. Raises EventTooLongError."""
        ...


class EventWire(ABC):
    """One answer; a `wire.Wire` whose subclass says what a document means.

    Args:
        decoder: makes a document's bytes into an object with what `_take` looks at.
        splitter: cuts reads into documents.

    Attributes:
        last_word: what ends a stream instead of a document, b"" where nothing does.
    """

    last_word: ClassVar[bytes] = b""
    stream_types: AbstractSet[str] = SSE
    document_types: AbstractSet[str] = NONE
    unfinished = ""

    def __init__(self, decoder: msgspec.json.Decoder[Any], splitter: Splitter) -> None:
        self.finished = False
        self.done = False
        self.failure: tuple[ErrorKind, str] | None = None
        self._decode = decoder.decode
        self._splitter = splitter

    @abstractmethod
    def _take(self, arrival: Arrival, event: Any) -> None:
        """Put what `event` brought into `arrival`, and set `finished`, `done` and `failure`."""

    def arrival(self, at_ns: int, body: bytes) -> Arrival | None:
        """See `wire.Wire`."""
        documents = self._splitter.feed(body)
        return self._arrival(at_ns, documents) if documents else None

    def document(self, at_ns: int, body: bytes) -> Arrival:
        """See `wire.Wire`."""
        return self._arrival(at_ns, [body])

    def _arrival(self, at_ns: int, documents: list[bytes]) -> Arrival:
        arrival = Arrival(at_ns)
        for document in documents:
            if not document.strip():
                continue  # a ping
            if document == self.last_word:
                self.finished = self.done = True
                break
            try:
                event = self._decode(document)
            except _NOT_JSON as error:
                self.failure = ErrorKind.MALFORMED, f"{error}: {document[:_EXCERPT_BYTES].decode('utf-8', 'replace')}"
                break
            self._take(arrival, event)
            if self.done or self.failure is not None:
                break
        return arrival

    def _fail(self, words: Any, kind: ErrorKind = ErrorKind.IN_BAND) -> None:
        """An error inside the stream, in the server's own words."""
        self.failure = kind, said(words) or WORDLESS


def told(document: Any, name: str) -> str | int | None:
    """A field of an error document, whatever that is, if it is a text or a number."""
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str | int) else None


def add_text(arrival: Arrival, text: str | None) -> None:
    """A chunk of answer text, unless it is empty."""
    if text:
        arrival.chunks += 1
        arrival.answer_chunks += 1
        arrival.text += text


def add_reasoning(arrival: Arrival, reasoning: str | None) -> None:
    """A chunk of reasoning, unless it is empty."""
    if reasoning:
        arrival.chunks += 1
        arrival.reasoning += reasoning


def add_arguments(arrival: Arrival, arguments: str | None) -> None:
    """A chunk of a tool call's arguments, unless it is empty."""
    if arguments:
        arrival.chunks += 1
        arrival.answer_chunks += 1
        arrival.tool_arguments += arguments
