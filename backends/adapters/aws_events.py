"""What the answers of Amazon's services have in common: events, and exceptions that end a stream."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from ..aws_event_stream import EventMessage, EventStreamSplitter
from ..errors import ErrorKind
from ..http_errors import said

EVENT_STREAM: Final = "application/vnd.amazon.eventstream"
TYPES: Final[AbstractSet[str]] = frozenset({EVENT_STREAM})


class AwsEvents:
    """The events of one stream, up to its first failure; feed it every read in order.

    Args:
        kinds: what sort of failure an exception is, by its type; any other is an in-band error.

    Attributes:
        failure: why nothing after the last event can be used, in the service's words where it has any.
    """

    def __init__(self, kinds: Mapping[str, ErrorKind]) -> None:
        self.failure: tuple[ErrorKind, str] | None = None
        self._kinds = kinds
        self._splitter = EventStreamSplitter()

    def feed(self, read: bytes) -> list[EventMessage]:
        """The events that `read` completed, in order; then look at `failure`."""
        events: list[EventMessage] = []
        for message in self._splitter.feed(read):
            if message.header(":message-type") != "event":
                self.failure = self._told(message)
                return events
            events.append(message)
        if self._splitter.damage is not None:
            self.failure = ErrorKind.MALFORMED, self._splitter.damage
        return events

    def _told(self, message: EventMessage) -> tuple[ErrorKind, str]:
        """An exception has a type and a document; an error, which is the transport's, has a code and words."""
        name = message.header(":exception-type") or message.header(":error-code") or "a message of no known type"
        try:
            words = said(msgspec.json.decode(message.payload))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            words = message.header(":error-message")
        return self._kinds.get(name, ErrorKind.IN_BAND), f"{name}: {words}" if words else name
