"""The seam between the sweep screen and a sweep: one that is made, one made aside, or one that is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, Protocol

from ...engine.sweep.sweep import Sweep

_APART_S: Final = 0.25
"""Between two looks at a sweep in virtual time, whose thread goes on meanwhile."""


class SweepLink(Protocol):
    """What the screen needs of a sweep; `engine.sweep.runner.Sweeper` is one."""

    def documents(self) -> AsyncIterator[Sweep]:
        """The sweep each time it has changed; ends after its last document."""
        ...

    def stop(self, why: str) -> None:
        """Make no further visit; the last document says why."""
        ...


class Finished:
    """A sweep that is over, or as it was when somebody looked: one document."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    async def documents(self) -> AsyncIterator[Sweep]:
        """The one there is."""
        yield self._sweep

    def stop(self, why: str) -> None:
        """Nothing goes on."""


class Aside:
    """A sweep on a thread of its own: for virtual time, which keeps the thread it runs on busy.

    A document that a newer one overtakes is never seen.
    """

    def __init__(self, sweep: SweepLink) -> None:
        self._sweep = sweep
        self._there: asyncio.AbstractEventLoop | None = None
        self._newest: Sweep | None = None

    async def documents(self) -> AsyncIterator[Sweep]:
        """The newest one each time; raises what the sweep raises."""
        arrived = asyncio.Event()
        work = asyncio.create_task(asyncio.to_thread(self._work, asyncio.get_running_loop(), arrived))
        work.add_done_callback(lambda _: arrived.set())
        seen = None
        while not work.done() or self._newest is not seen:
            await arrived.wait()
            arrived.clear()
            if self._newest is not None and self._newest is not seen:
                seen = self._newest
                yield seen
                await asyncio.sleep(_APART_S)
        await work

    def stop(self, why: str) -> None:
        """Stop the sweep on its thread."""
        if self._there is not None:
            with suppress(RuntimeError):  # its loop is closed: it is over
                self._there.call_soon_threadsafe(self._sweep.stop, why)

    def _work(self, home: asyncio.AbstractEventLoop, arrived: asyncio.Event) -> None:
        asyncio.run(self._follow(home, arrived))

    async def _follow(self, home: asyncio.AbstractEventLoop, arrived: asyncio.Event) -> None:
        self._there = asyncio.get_running_loop()
        async for document in self._sweep.documents():
            self._newest = document
            with suppress(RuntimeError):  # nobody looks any more
                home.call_soon_threadsafe(arrived.set)
