"""The link of a walkthrough: an engine's, that remembers how the run stands, whoever changed it."""

from collections.abc import AsyncIterator

from ...engine.commands import Command
from ...engine.frame import Frame
from ..link import EngineLink
from .script import Stand


class Stage:
    """Passes everything on to `link`.

    Args:
        stand: how the run stands at first.
    """

    def __init__(self, link: EngineLink, stand: Stand) -> None:
        self._link = link
        self._stand = stand

    def frames(self) -> AsyncIterator[Frame]:
        """The engine's."""
        return self._link.frames()

    def send(self, command: Command) -> None:
        """Ask the engine."""
        self._stand = self._stand.after(command)
        self._link.send(command)

    async def stop(self) -> Frame | None:
        """Stop the engine."""
        return await self._link.stop()

    def set(self, stand: Stand) -> None:
        """Ask the engine for what is missing of `stand`."""
        for command in self._stand.way_to(stand):
            self.send(command)
