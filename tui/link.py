"""The seam between a screen and a running engine (or a recorded one)."""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from ..engine.commands import Command
from ..engine.frame import Frame


class EngineLink(Protocol):
    """What a screen needs of an engine."""

    def frames(self) -> AsyncIterator[Frame]:
        """The newest frame each time one is asked for; ends after the run's last one.

        Raises:
            EngineError: the engine cannot run, or died.
        """
        ...

    def send(self, command: Command) -> None:
        """Ask the engine for something; never blocks, does nothing once it is gone."""
        ...

    async def stop(self) -> Frame | None:
        """Ask the engine to stop; returns its final frame, None if it never sent one."""
        ...


@runtime_checkable
class Recorded(Protocol):
    """A link to a session that is recorded, or should be.

    Attributes:
        problem: why something is not; "" while all is well.
    """

    @property
    def problem(self) -> str: ...  # noqa: D102


@runtime_checkable
class Detachable(Protocol):
    """A link to a session that can go on without this screen."""

    async def detach(self) -> Frame | None:
        """Leave it to itself; the last frame seen."""
        ...
