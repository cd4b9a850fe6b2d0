r"""Server-sent events: bytes as they were read from a socket in, complete `data` payloads out.

Follows the WHATWG event-stream grammar (LF, CRLF and CR line ends, comments, multi-line data, a leading byte
order mark; `event`, `id` and `retry` fields are understood and dropped) and decodes nothing: payloads stay bytes,
so an event or a character may be split anywhere over reads. Almost every read of a token stream is a row of whole
`data: {…}\n\n` events, which takes one `split`; anything else goes line by line.
"""

EVENT_LIMIT_BYTES = 4 << 20
"""Longest event accepted: far above any chunk a model server sends, far below what would hurt."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLongError(ValueError):
    """An event grew past the limit without ending."""


class SseSplitter:
    """One stream's splitter; feed it every read in order.

    Args:
        limit_bytes: longest event accepted.
    """

    def __init__(self, limit_bytes: int = EVENT_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._held_bytes = 0
        self._first_line = True
        self._skip_line_feed = False

    @property
    def begun(self) -> bytes | None:
        """What is here of a line that has not ended; b"" between events, None in the middle of anything else."""
        if self._data or self._skip_line_feed or len(self._line) > 1:
            return None
        return self._line[0] if self._line else b""

    def restart(self) -> None:
        """Forget what `begun` holds: somebody else has understood it."""
        self._line.clear()
        self._held_bytes = 0

    def feed(self, read: bytes) -> list[bytes]:
        """The payloads of the events that `read` completed, in order.

        Raises:
            EventTooLongError: an unfinished event is longer than the limit.
        """
        if self._data or self._skip_line_feed:
            return self._feed_lines(read)
        if self._line:
            if b"\n" not in read and b"\r" not in read:
                self._hold(self._line, read)
                return []
            read = self._take_line(read)
        end = read.rfind(b"\n\n")
        if end > 0 and read.startswith(b"data: ") and b"\r" not in read:
            payloads = read[6:end].split(b"\n\ndata: ")
            if read.count(b"\n", 0, end) == 2 * (len(payloads) - 1):
                self._first_line = False
                if end + 2 < len(read):
                    payloads += self._feed_lines(read[end + 2 :])
                return payloads
        return self._feed_lines(read)

    def _feed_lines(self, read: bytes) -> list[bytes]:
        if self._skip_line_feed and read:
            read = read.removeprefix(b"\n")
            self._skip_line_feed = False
        payloads = []
        for line in read.splitlines(keepends=True):
            content = line.rstrip(b"\r\n")
            if len(content) == len(line):
                self._hold(self._line, line)
                break
            payload = self._end_line(self._take_line(content))
            if payload is not None:
                payloads.append(payload)
        if read.endswith(b"\r"):
            self._skip_line_feed = True
        return payloads

    def _end_line(self, line: bytes) -> bytes | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._hold(self._data, value.removeprefix(b" "))
            return None
        if not self._data:
            return None
        payload = b"\n".join(self._data)
        self._data.clear()
        self._held_bytes = 0
        return payload

    def _take_line(self, rest: bytes) -> bytes:
        if not self._line:
            return rest
        self._line.append(rest)
        line = b"".join(self._line)
        self._held_bytes -= len(line) - len(rest)
        self._line.clear()
        return line

    def _hold(self, where: list[bytes], piece: bytes) -> None:
        where.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes > self._limit_bytes:
            raise EventTooLongError(f"an event longer than {self._limit_bytes} bytes")
