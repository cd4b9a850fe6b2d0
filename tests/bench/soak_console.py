"""`python -m tests.bench.soak_console FD ORDER`: the console over a session, which tells FD how it goes.

Started by `soak` on a pseudo-terminal. One JSON line a second (`Beat`), and in the end what is shown (`Shown`).
"""

import asyncio
import os
import sys
import time

import msgspec

from infertop.engine.frame import BackendFrame, Frame
from infertop.sessions.session import Session
from infertop.sessions.wire import Order
from infertop.tui.app import InfertopApp
from infertop.tui.feed import FeedEnded, FrameArrived


class Beat(msgspec.Struct, tag=True):
    """The console after a second more.

    Attributes:
        at_ns: run time of the newest frame.
        frames: taken and drawn so far.
        tokens: that had arrived, of all backends.
        cpu_s: used by this process.
    """

    at_ns: int
    frames: int
    tokens: float
    cpu_s: float


class Totals(msgspec.Struct, frozen=True):
    """What must be the same wherever it is looked up: one backend's figures of requests that ended."""

    finished: int
    failed: int
    output_tokens: int
    input_tokens: int
    spent_usd: float | None

    @classmethod
    def of(cls, backend: BackendFrame) -> "Totals":
        """Those of a frame."""
        return cls(
            backend.finished, backend.failed, backend.output_tokens, backend.input_tokens, backend.spent_usd
        )  # fmt: skip


class Shown(msgspec.Struct, tag=True):
    """The end of it.

    Attributes:
        file: the journal.
        screen: what the cards of the board stand for, by name.
        frame: what the session's last frame says, by name.
        stop_reason: why it ended.
    """

    file: str
    screen: dict[str, Totals]
    frame: dict[str, Totals]
    stop_reason: str


class _Console(InfertopApp):
    """The console, which leaves when the run is over."""

    def __init__(self, session: Session, told: int) -> None:
        super().__init__(session)
        self._told = told
        self._frames = 0
        self._second = 0

    def on_frame_arrived(self, message: FrameArrived) -> None:
        """Textual calls the base class's own handler too."""
        self._frames += 1
        frame = message.frame
        second = frame.at_ns // 1_000_000_000
        if frame.phase == "running" and second > self._second:
            self._second = second
            tokens = sum(backend.arriving_tokens for backend in frame.backends)
            tell(self._told, Beat(frame.at_ns, self._frames, tokens, time.process_time()))

    def on_feed_ended(self, _: FeedEnded) -> None:
        self.draw()
        self.exit()

    def shown(self) -> dict[str, Totals]:
        """What the board stands for."""
        cards = self._board.cards if self._board else ()
        return {card.name: Totals.of(card.window.totals) for card in cards}


def tell(told: int, what: Beat | Shown) -> None:
    os.write(told, msgspec.json.encode(what) + b"\n")


async def run(order: Order, told: int) -> Frame | None:
    """The session to its end; its last frame."""
    session = await Session.start(order)
    app = _Console(session, told)
    try:
        await app.run_async()
    finally:
        last = await session.stop()
    assert session.status is not None
    assert not session.problem, session.problem
    if last is not None:
        frame = {backend.name: Totals.of(backend) for backend in last.backends}
        tell(told, Shown(session.status.file, app.shown(), frame, last.stop_reason))
    return last


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.argv[2], type=Order), int(sys.argv[1])))
