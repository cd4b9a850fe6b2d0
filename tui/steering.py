"""What a person asks of the run from the console, and the words that confirm it."""

from collections.abc import Callable, Sequence
from typing import Literal

from ..engine.commands import SetConcurrency, SetWorkload
from ..engine.frame import Frame
from ..engine.plan import ArrivalsPlan
from .link import EngineLink
from .load import Asked, changed_load, under

Ask = Literal["more load", "less load", "next workload", "save"]


class Steering:
    """Sends commands and answers with a notice for the user.

    Args:
        link: the engine.
        workloads: what "next workload" goes through.
        save_profile: see `app.InfertopApp`.
        clock: seconds.
    """

    def __init__(
        self,
        link: EngineLink,
        workloads: Sequence[str],
        save_profile: Callable[[Frame], str] | None,
        clock: Callable[[], float],
    ) -> None:
        self._link = link
        self._workloads = list(workloads)
        self._save_profile = save_profile
        self._load = Asked[ArrivalsPlan](clock)
        self._workload = Asked[str](clock)

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

    def _step_load(self, frame: Frame, by: int) -> str:
        arrivals = self._load.or_shown(frame.arrivals)
        command = changed_load(arrivals, by)
        self._link.send(command)
        self._load.ask(under(arrivals, command))
        if isinstance(command, SetConcurrency):
            return f"load: {command.concurrency} prompts at once to each backend"
        return f"load: {command.rate_per_s:g} prompts a second"

    def _next_workload(self, frame: Frame) -> str:
        if not self._workloads:
            return "there is no other workload"
        now = self._workload.or_shown(frame.workload.source)
        at = self._workloads.index(now) + 1 if now in self._workloads else 0
        source = self._workload.ask(self._workloads[at % len(self._workloads)])
        self._link.send(SetWorkload(source))
        return f"workload: {source}"

    def _save(self, frame: Frame) -> str:
        if self._save_profile is None:
            return "this session cannot be saved as a profile"
        try:
            return f"saved {self._save_profile(frame)}"
        except (OSError, ValueError) as error:
            return f"not saved: {error}"
