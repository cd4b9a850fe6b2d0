"""Frames from the engine to the app, no faster than the screen draws."""

import asyncio
from collections.abc import Callable
from typing import Final

from textual.message import Message
from textual.message_pump import MessagePump

from ..backends.printable import printable
from ..engine.frame import Frame
from ..engine.inbox import EngineError
from .link import EngineLink, Recorded

RATES: Final = (1, 2, 4, 5, 10)
"""Frames a second to choose from."""

SILENCE_S: Final = 3.0


class FrameArrived(Message):
    """A frame to show; a newer one takes the place of one that still waits."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame

    def can_replace(self, message: Message) -> bool:
        """Newest wins."""
        return isinstance(message, FrameArrived)


class FeedEnded(Message):
    """No more frames will come."""


class Feed:
    """The one clock of the screen: it asks for a frame, posts it, and waits for the next moment to draw.

    The link drops what lies between, so nothing is decoded or drawn that nobody would see.

    Args:
        link: where frames come from.
        target: where messages go.
        clock: seconds.
        hz: frames a second to begin with, one of `RATES`.

    Attributes:
        hz: frames a second.
        failure: why frames ended; "" while they come, and after an orderly end.
    """

    def __init__(self, link: EngineLink, target: MessagePump, clock: Callable[[], float], hz: int = 4) -> None:
        self.hz = hz
        self.failure = ""
        self._link = link
        self._target = target
        self._clock = clock
        self._arrived_at = clock()
        self._over = True

    @property
    def flowing(self) -> bool:
        """Whether another frame is to be expected at once."""
        return not self._over and not self.trouble()

    def step(self, by: int) -> int:
        """Go `by` places along `RATES`; returns the rate."""
        at = RATES.index(self.hz) + by
        self.hz = RATES[min(max(at, 0), len(RATES) - 1)]
        return self.hz

    def trouble(self) -> str:
        """What is wrong with the engine, in capitals; "" while it is well."""
        if self.failure:
            return "ENGINE GONE"
        silent = not self._over and self._clock() - self._arrived_at > SILENCE_S
        if silent:
            return "NO NEWS FROM THE ENGINE"
        return printable(self._link.problem, 60) if isinstance(self._link, Recorded) else ""

    async def run(self) -> None:
        """Post frames until the engine is gone, then `FeedEnded`."""
        try:
            async for frame in self._link.frames():
                self._arrived_at, self._over = self._clock(), frame.phase == "done"
                self._target.post_message(FrameArrived(frame))
                await asyncio.sleep(1 / self.hz)
        except EngineError as error:
            self.failure = printable(str(error))
        self._over = True
        self._target.post_message(FeedEnded())
