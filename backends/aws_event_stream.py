"""AWS event streams (`application/vnd.amazon.eventstream`): bytes as they were read in, whole messages out.

A message is u32 total length, u32 length of the headers, u32 CRC-32 of those eight bytes; headers; payload; u32
CRC-32 of all before it. A header is u8 length and name, u8 type, value. Numbers are big-endian (backends.md, 1).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

HEADERS_LIMIT_BYTES: Final = 128 << 10
PAYLOAD_LIMIT_BYTES: Final = 24 << 20
"""The protocol's own limits."""

_PRELUDE: Final = struct.Struct(">III")
_CRC: Final = struct.Struct(">I")
_FRAME_BYTES: Final = _PRELUDE.size + _CRC.size

Value = bool | int | str | bytes

_NUMBERS: Final = {
    kind: struct.Struct(f">{letter}") for kind, letter in {2: "b", 3: "h", 4: "i", 5: "q", 8: "q"}.items()
}
_LENGTH: Final = struct.Struct(">H")
_BYTES, _STRING, _UUID, _UUID_BYTES = 6, 7, 9, 16


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One message; what its headers mean is up to the service."""

    headers: Mapping[str, Value]
    payload: bytes

    def header(self, name: str) -> str:
        """A header that is a string; "" if there is none."""
        value = self.headers.get(name, "")
        return value if isinstance(value, str) else ""


class EventStreamSplitter:
    """One stream's splitter; feed it every read in order.

    Attributes:
        damage: why nothing after the last message can be read; None while all is well.
    """

    def __init__(self) -> None:
        self.damage: str | None = None
        self._held = bytearray()

    def feed(self, read: bytes) -> list[EventMessage]:
        """The messages that `read` completed, in order; then look at `damage`."""
        messages: list[EventMessage] = []
        self._held += read
        try:
            while self.damage is None and (message := self._next()) is not None:
                messages.append(message)
        except _DamageError as error:
            self.damage = f"damaged event stream: {error}"
            self._held.clear()
        return messages

    def _next(self) -> EventMessage | None:
        """The message at the front, taken off, once it is whole."""
        held = self._held
        if len(held) < _PRELUDE.size:
            return None
        total_bytes, headers_bytes, prelude_crc = _PRELUDE.unpack_from(held)
        if crc32(held[:8]) != prelude_crc:
            raise _DamageError("the checksum of a message's lengths is wrong")
        payload_bytes = total_bytes - headers_bytes - _FRAME_BYTES
        if headers_bytes > HEADERS_LIMIT_BYTES or not 0 <= payload_bytes <= PAYLOAD_LIMIT_BYTES:
            raise _DamageError(f"a message of {total_bytes} bytes with {headers_bytes} of headers is none")
        if len(held) < total_bytes:
            return None
        whole = bytes(held[:total_bytes])
        if crc32(whole[: -_CRC.size]) != _CRC.unpack_from(whole, total_bytes - _CRC.size)[0]:
            raise _DamageError("a message's checksum is wrong")
        del held[:total_bytes]
        headers_end = _PRELUDE.size + headers_bytes
        headers = _headers(whole[_PRELUDE.size : headers_end])
        return EventMessage(headers, whole[headers_end : -_CRC.size])


class _DamageError(ValueError):
    """Bytes that are no event stream."""


def _headers(raw: bytes) -> dict[str, Value]:
    headers: dict[str, Value] = {}
    at = 0
    try:
        while at < len(raw):
            at, name = _text(raw, at + 1, raw[at])
            at, value = _value(raw, at + 1, raw[at])
            if name in headers:
                raise _DamageError(f"a message has the header {name!r} twice")
            headers[name] = value
    except (IndexError, struct.error, UnicodeDecodeError):
        raise _DamageError("a message's headers cannot be read") from None
    return headers


def _value(raw: bytes, at: int, kind: int) -> tuple[int, Value]:
    """Where the value at `at` ends, and the value; raises what reading past the end raises."""
    if kind <= 1:
        return at, kind == 0
    if kind in _NUMBERS:
        (number,) = _NUMBERS[kind].unpack_from(raw, at)
        return at + _NUMBERS[kind].size, number
    if kind == _UUID:
        return _slice(raw, at, _UUID_BYTES)
    if kind not in {_BYTES, _STRING}:
        raise _DamageError(f"a header of type {kind}")
    (length,) = _LENGTH.unpack_from(raw, at)
    at += _LENGTH.size
    return _text(raw, at, length) if kind == _STRING else _slice(raw, at, length)


def _text(raw: bytes, at: int, length: int) -> tuple[int, str]:
    end, found = _slice(raw, at, length)
    return end, found.decode()


def _slice(raw: bytes, at: int, length: int) -> tuple[int, bytes]:
    if at + length > len(raw):
        raise IndexError(at)
    return at + length, raw[at : at + length]
