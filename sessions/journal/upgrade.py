"""Frames of every version there ever was, as frames of this one.

A field that is only added needs nothing here: it takes its default. A change of meaning raises `FRAME_VERSION` and
adds one step, from the version before: a function from the frame as plain dicts and lists to the same of the next.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ...engine.frame import FRAME_VERSION, Frame, FrameVersionError, decode

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Final[Mapping[int, Step]] = {}
"""By the version a step starts from."""


class _Version(msgspec.Struct):
    version: int = 1


_version = msgspec.msgpack.Decoder(_Version)


def decode_any(data: bytes, steps: Mapping[int, Step] = STEPS) -> Frame:
    """The frame in `data`, whichever version wrote it; raises FrameVersionError or msgspec.DecodeError."""
    version = _version.decode(data).version
    if version == FRAME_VERSION:
        return decode(data)
    fields = msgspec.msgpack.decode(data)
    while version < FRAME_VERSION and version in steps:
        fields = steps[version](fields)
        version += 1
    if version != FRAME_VERSION:
        raise FrameVersionError(f"frame version {version}, this infertop reads up to {FRAME_VERSION}")
    return msgspec.convert({**fields, "version": FRAME_VERSION}, Frame)
