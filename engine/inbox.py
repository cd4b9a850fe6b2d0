"""What a watcher has got from an engine so far: the newest frame, and why there will be no more."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from .channel import FAILURE, FRAME, MOMENT
from .frame import Frame, decode

MOST_MOMENTS: Final = 16
"""Frames that wait for a slow watcher though newer ones have come."""


class EngineError(Exception):
    """The engine could not run the plan, or died; the text says why, in one safe line."""


class Inbox:
    """Frames of one run as they come, from the engine itself or handed on.

    Args:
        epitaph: why the other side may be gone before its last frame; asked only then.

    Attributes:
        last: the newest frame that was looked at.
    """

    def __init__(self, epitaph: Callable[[], Awaitable[str]]) -> None:
        self.last: Frame | None = None
        self._epitaph = epitaph
        self._moments: deque[bytes] = deque(maxlen=MOST_MOMENTS)
        self._newest: bytes | None = None
        self._failure: str | None = None
        self._news = asyncio.Event()
        self._closed = False

    def take(self, kind: bytes, body: bytes) -> None:
        """Take in a message; those of other kinds change nothing."""
        if kind == FRAME:
            self._newest = body
        elif kind == MOMENT:
            self._moments.append(body)
            self._newest = None
        elif kind == FAILURE:
            self._failure = body.decode("utf-8", "replace")
        else:
            return
        self._news.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._news.set()

    def newest(self) -> Frame | None:
        """The last frame there is."""
        if self._moments:
            self._newest = self._newest or self._moments[-1]
            self._moments.clear()
        return self._next()

    def _next(self) -> Frame | None:
        """The frame to look at next: the oldest that must not be missed, else the newest; else the last again."""
        if self._moments:
            self.last = decode(self._moments.popleft())
        elif self._newest is not None:
            self.last, self._newest = decode(self._newest), None
        return self.last

    async def frames(self) -> AsyncIterator[Frame]:
        """Frames as they come, the newest only but for moments; ends after the run's last one (phase "done").

        Raises:
            EngineError: the engine says it cannot run the plan, or died before its last frame.
        """
        while True:
            await self._news.wait()
            if self._moments or self._newest is not None:
                frame = self._next()
                assert frame is not None
                yield frame
            elif self._closed:
                break
            else:
                self._news.clear()
        if self._failure is not None:
            raise EngineError(self._failure)
        if self.last is None or self.last.phase != "done":
            raise EngineError(await self._epitaph())
