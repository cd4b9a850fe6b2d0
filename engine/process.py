"""The engine as its watcher sees it: start a plan, receive Frames, send commands, stop.

The engine is always its own process, so that no picture can disturb a measurement (architecture.md, "One data
path"); nothing but frames, records of requests and commands crosses. A crew watches its workers through the same
door.
"""

import subprocess

from .child import Child
from .inbox import EngineError
from .launch import Program, launch, program_for
from .link import EngineLink
from .plan import RunPlan


class EngineProcess(Child, EngineLink):
    """A running engine; made by `start`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        Child.__init__(self, process)
        EngineLink.__init__(self)

    @classmethod
    async def start(cls, plan: RunPlan) -> "EngineProcess":
        """Spawn an engine for `plan`, one worker or a crew of them; its first frames say phase "starting".

        Raises:
            EngineError: the process cannot be started.
        """
        made = await cls.spawn(program_for(plan))
        made.assign(plan)
        return made

    @classmethod
    async def spawn(cls, program: Program) -> "EngineProcess":
        """A process that waits for its plan; raises EngineError."""
        try:
            launched = launch(f"engine.{program}")  # a fork takes a millisecond, once
        except OSError as error:
            raise EngineError(f"the engine process cannot be started: {error}") from error
        return await cls.adopt(launched)

    def received(self, kind: bytes, body: bytes) -> None:
        """Take a message from it."""
        self.take(kind, body)

    def lost(self) -> None:
        """It is gone."""
        super().lost()
        self._inbox.close()

    async def _epitaph(self) -> str:
        return await self.epitaph("the engine")
