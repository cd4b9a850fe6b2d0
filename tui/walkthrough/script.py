"""A walkthrough as it is played: each scene a row of cues, each cue a complete setting."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ...backends.fleet.faults import Fault
from ...backends.printable import printable
from ...engine.commands import (
    Command,
    Hold,
    SetArrivals,
    SetConcurrency,
    SetFaults,
    SetRate,
    SetStack,
    SetWorkload,
)
from ...engine.plan import ArrivalsPlan, RunPlan
from ...engine.simulated import stack_of
from ...profiles.durations import parse_duration
from ...profiles.scenes import BackendFault, BigFigure, Change, Scene, Split, Walkthrough
from ..load import change_to, under
from ..metrics import CYCLE, TTFT, Metric
from ..view import WANTED_FIRST, Panel

_SETTLED_AFTER_S: Final = 8.0
"""How long the answers that a change finds under way mostly take."""

_METRICS: Final = {metric.title: metric for metric in CYCLE}


@dataclass(frozen=True, slots=True)
class Stand:
    """How the run stands: what a watcher may change of it.

    Attributes:
        faults, stacks: by simulated backend.
        held: backends that are sent nothing.
    """

    workload: str
    arrivals: ArrivalsPlan
    faults: Mapping[str, tuple[Fault, ...]]
    stacks: Mapping[str, str]
    held: frozenset[str] = frozenset()

    def way_to(self, other: "Stand") -> list[Command]:
        """What makes `other` of it."""
        made: list[Command] = []
        if other.workload != self.workload:
            made.append(SetWorkload(other.workload))
        if (change := change_to(other.arrivals, self.arrivals)) is not None:
            made.append(change)
        made += [SetStack(name, stack) for name, stack in other.stacks.items() if stack != self.stacks.get(name)]
        made += [SetFaults(name, faults) for name, faults in other.faults.items() if faults != self.faults.get(name)]
        made += [Hold(name, name in other.held) for name in sorted(self.held ^ other.held)]
        return made

    def after(self, command: Command) -> "Stand":
        """How it stands once `command` is obeyed."""
        stand = self
        match command:
            case SetWorkload(source):
                stand = replace(self, workload=source)
            case SetConcurrency() | SetRate() | SetArrivals():
                stand = replace(self, arrivals=under(self.arrivals, command))
            case SetStack(backend, stack):
                stand = replace(self, stacks={**self.stacks, backend: stack})
            case SetFaults(backend, faults):
                stand = replace(self, faults={**self.faults, backend: faults})
            case Hold(backend, on):
                stand = replace(self, held=self.held | {backend} if on else self.held - {backend})
        return stand


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a moment of a scene says.

    Attributes:
        caption, look: safe to draw.
        focus: series number of the backend in focus.
    """

    stand: Stand
    caption: str = ""
    look: str = ""
    panels: tuple[Panel, ...] = WANTED_FIRST
    only: bool = False
    metric: Metric = TTFT
    focus: int = 0
    expanded: bool = False
    figures: tuple[BigFigure, ...] = ()
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """What holds from `at_s` of its scene on.

    Attributes:
        fresh: figures begin anew, even where nothing about the run has changed.
    """

    at_s: float
    setting: Setting
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A scene to play; its first cue is at 0."""

    title: str
    lasts_s: float
    cues: tuple[Cue, ...]


Script = tuple[Act, ...]


def first_stand(plan: RunPlan) -> Stand:
    """How a run of `plan` stands before anybody has changed it."""
    return Stand(
        workload=plan.workload.source,
        arrivals=plan.arrivals,
        faults={backend.name: backend.faults for backend in plan.backends},
        stacks={backend.name: stack_of(backend) for backend in plan.backends},
    )


def script_of(walkthrough: Walkthrough, plan: RunPlan) -> Script:
    """The scenes of `walkthrough` over `plan`, its own."""
    names = [backend.name for backend in plan.backends]
    return tuple(_act(scene, Setting(first_stand(plan)), names) for scene in walkthrough.scenes)


def lasts_s(script: Script) -> float:
    """How long all of it lasts."""
    return sum(act.lasts_s for act in script)


def _act(scene: Scene, setting: Setting, names: list[str]) -> Act:
    setting = _changed(setting, scene, names)
    cues = _cues(0.0, setting, fresh=True)
    for moment in scene.then:
        setting = _changed(setting, moment, names)
        at_s = parse_duration(moment.after)
        cues = [cue for cue in cues if cue.at_s < at_s] + _cues(at_s, setting)
    return Act(printable(scene.title, 60), parse_duration(scene.lasts), tuple(cues))


def _cues(at_s: float, setting: Setting, *, fresh: bool = False) -> list[Cue]:
    """`setting` from `at_s` on; a share of the traffic is judged only once what was under way before it is over."""
    if setting.split is None:
        return [Cue(at_s, setting, fresh)]
    return [Cue(at_s, replace(setting, split=None), fresh), Cue(at_s + _SETTLED_AFTER_S, setting, fresh=True)]


def _changed(setting: Setting, change: Change, names: list[str]) -> Setting:
    stand = setting.stand
    arrivals = stand.arrivals
    if change.concurrency is not None:
        arrivals = under(arrivals, SetConcurrency(round(change.concurrency)))
    if change.rate_per_s is not None:
        arrivals = under(arrivals, SetRate(change.rate_per_s))
    faults = stand.faults
    if change.faults or change.healed:
        faults = {name: tuple(_plain(fault) for fault in change.faults if fault.backend == name) for name in names}
    return Setting(
        stand=replace(
            stand,
            workload=change.workload or stand.workload,
            arrivals=arrivals,
            faults=faults,
            stacks={**stand.stacks, **{entry.backend: entry.stack for entry in change.stacks}},
        ),
        caption=printable(change.caption, 500) or setting.caption,
        look=printable(change.look, 500) or setting.look,
        panels=change.panels or setting.panels,
        only=setting.only if change.only is None else change.only,
        metric=_METRICS[change.metric] if change.metric else setting.metric,
        focus=names.index(change.backend) if change.backend else setting.focus,
        expanded=setting.expanded if change.expanded is None else change.expanded,
        figures=change.figures or setting.figures,
        split=change.split or setting.split,
    )


def _plain(fault: BackendFault) -> Fault:
    return Fault(**{name: getattr(fault, name) for name in Fault.__struct_fields__})
