"""AWS event-stream messages, made by the letter of the format: the opposite of `aws_event_stream`."""

import struct
import zlib


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One message with string headers."""
    raw = b"".join(header(name, b"\x07" + sized(value.encode())) for name, value in headers.items())
    return framed(raw, payload)


def framed(headers: bytes, payload: bytes) -> bytes:
    """One message with headers as they are."""
    prelude = struct.pack(">II", 12 + len(headers) + len(payload) + 4, len(headers))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    whole = prelude + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def header(name: str, typed_value: bytes) -> bytes:
    """One header: the type's byte and the value come as they are."""
    return bytes([len(name.encode())]) + name.encode() + typed_value


def sized(value: bytes) -> bytes:
    """A value with its length before it."""
    return struct.pack(">H", len(value)) + value


def event(name: str, payload: bytes, content_type: str = "application/json") -> bytes:
    """An event."""
    return frame({":event-type": name, ":content-type": content_type, ":message-type": "event"}, payload)


def exception(name: str, payload: bytes) -> bytes:
    """An exception that ends a stream."""
    return frame(
        {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}, payload
    )
