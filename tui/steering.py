"""What a person asks of the run from the console, and the words that confirm it."""

from collections.abc import Callable, Sequence
from typing import Literal

from ..backends.printable import printable
from ..engine.commands import Hold, SetArrivals, SetWorkload, WhatIfCommand
from ..engine.commands import in_words as what_if_in_words
from ..engine.frame import BackendFrame, Frame
from ..engine.plan import ArrivalsPlan
from .link import EngineLink
from .load import Asked, LoadChange, changed_load, in_words, next_kind, under

Ask = Literal["more load", "less load", "next workload", "save"]


class Steering:
    """Sends commands and answers with a notice for the user.

    Args:
        link: the engine.
        workloads: what "next workload" goes through.
        save_profile: see `app.InfertopApp`.
        clock: seconds.

    Attributes:
        workloads: see above.
    """

    def __init__(
        self,
        link: EngineLink,
        workloads: Sequence[str],
        save_profile: Callable[[Frame], str] | None,
        clock: Callable[[], float],
    ) -> None:
        self._link = link
        self.workloads = list(workloads)
        self._save_profile = save_profile
        self._load = Asked[ArrivalsPlan](clock)
        self._workload = Asked[str](clock)
        self._clock = clock
        self._held: dict[str, Asked[bool]] = {}

    def ask(self, what: Ask, frame: Frame) -> str:
        """Ask for something, given the newest frame."""
        match what:
            case "more load":
                return self._step_load(frame, 1)
            case "less load":
                return self._step_load(frame, -1)
            case "next workload":
                return self._next_workload(frame)
            case "save":
                return self._save(frame)

    def hold(self, backend: BackendFrame) -> str:
        """Ask that nothing be sent to `backend`, or that it go on."""
        on = not self._held.setdefault(backend.name, Asked[bool](self._clock)).or_shown(backend.held)
        self._held[backend.name].ask(on)
        self._link.send(Hold(backend.name, on))
        name = printable(backend.name, 60)
        return f"nothing is sent to {name} until you let it go on" if on else f"{name} goes on"

    def change(self, commands: Sequence[WhatIfCommand]) -> str:
        """Ask that a backend be another."""
        for command in commands:
            self._link.send(command)
        return "; ".join(printable(what_if_in_words(command), 80) for command in commands)

    def set_load(self, command: LoadChange, frame: Frame) -> str:
        """Ask for a load."""
        self._link.send(command)
        return f"load: {in_words(self._load.ask(under(self._load.or_shown(frame.arrivals), command)))}"

    def next_arrivals(self, frame: Frame, achieved_per_s: float | None) -> str:
        """Ask for the next kind of arrivals, at about the present load."""
        return self.set_load(SetArrivals(next_kind(self._load.or_shown(frame.arrivals), achieved_per_s)), frame)

    def set_workload(self, source: str) -> str:
        """Ask for a workload."""
        self._link.send(SetWorkload(self._workload.ask(source)))
        return f"workload: {source}"

    def _step_load(self, frame: Frame, by: int) -> str:
        return self.set_load(changed_load(self._load.or_shown(frame.arrivals), by), frame)

    def _next_workload(self, frame: Frame) -> str:
        if not self.workloads:
            return "there is no other workload"
        now = self._workload.or_shown(frame.workload.source)
        at = self.workloads.index(now) + 1 if now in self.workloads else 0
        return self.set_workload(self.workloads[at % len(self.workloads)])

    def _save(self, frame: Frame) -> str:
        if self._save_profile is None:
            return "this session cannot be saved as a profile"
        try:
            return f"saved {self._save_profile(frame)}"
        except (OSError, ValueError) as error:
            return f"not saved: {error}"
