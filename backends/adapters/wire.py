"""The seam between the HTTP core and one protocol's bytes: what an adapter fills in to read an answer."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from ..base import Arrival
from ..errors import ErrorKind


class Wire(Protocol):
    """One answer, from reads of its body to arrivals. No sockets, no HTTP.

    Attributes:
        stream_types: content types of a stream in this protocol, lower case.
        document_types: content types of an answer that comes whole, which `document` reads; may be empty.
        finished: the answer is whole by the rules of the protocol.
        done: nothing that follows means anything.
        failure: why nothing after the last arrival can be used, in the server's words where it has any.
        unfinished: what a stream that ended too early lacks, in words ("neither a finish reason nor [DONE]"); "" once
            the end of the response is the end of the answer.
    """

    stream_types: AbstractSet[str]
    document_types: AbstractSet[str]
    unfinished: str

    @property
    def finished(self) -> bool: ...  # noqa: D102

    @property
    def done(self) -> bool: ...  # noqa: D102

    @property
    def failure(self) -> tuple[ErrorKind, str] | None: ...  # noqa: D102

    def arrival(self, at_ns: int, body: bytes) -> Arrival | None:
        """What one read brought; None if it completed no event. Then look at the attributes.

        Raises:
            EventTooLongError: an event has no end.
        """
        ...

    def document(self, at_ns: int, body: bytes) -> Arrival:
        """What a whole answer brought that did not come as a stream."""
        ...


class HoldingWire(Wire, Protocol):
    """A wire that can put off looking into reads that bring nothing but more text."""

    def hold(self, at_ns: int, body: bytes) -> bool:
        """Whether this read was kept back; if not, it goes to `arrival`, after what is held."""
        ...

    def held(self) -> Sequence[Arrival]:
        """What was kept back, nearly always as one arrival. Then look at the attributes."""
        ...
