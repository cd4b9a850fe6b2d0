"""Newline-delimited JSON: bytes as they were read from a socket in, complete lines out."""

from .sse import EVENT_LIMIT_BYTES, EventTooLongError


class LineSplitter:
    """One stream's splitter; feed it every read in order.

    Args:
        limit_bytes: longest line accepted.
    """

    def __init__(self, limit_bytes: int = EVENT_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._begun: list[bytes] = []
        self._begun_bytes = 0

    def feed(self, read: bytes) -> list[bytes]:
        """The lines that `read` completed, without their ends, in order; empty ones are left out.

        Raises:
            EventTooLongError: an unfinished line is longer than the limit.
        """
        *lines, rest = read.split(b"\n")
        if lines:
            lines[0] = b"".join([*self._begun, lines[0]])
            self._begun.clear()
            self._begun_bytes = 0
        if rest:
            self._begun.append(rest)
            self._begun_bytes += len(rest)
            if self._begun_bytes > self._limit_bytes:
                raise EventTooLongError(f"a line longer than {self._limit_bytes} bytes")
        return [line for line in lines if line.strip()]
