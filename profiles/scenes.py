"""A walkthrough as a person writes it: a profile of simulated backends, and scenes that a director plays on it.

A scene states what differs from the profile; each moment of its `then` what differs from the moment before. So a
scene looks the same whether it is reached in its turn or jumped to.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from ..backends.fleet.faults import Fault, fault_problem
from ..backends.fleet.stacks import StackError, find_stack
from ..backends.printable import printable
from ..engine.plan import WorkloadPlan
from .checks import sense_problems, workload_problems
from .durations import DurationError, parse_duration
from .load import read, toml_document
from .problems import Problem, ProfileError, suggestion
from .schema import Profile, model_of, with_prompts_from
from .shape import shape_problems

PanelName = Literal["cards", "tails", "heat", "cost", "power", "verdicts", "stream", "server", "events"]
METRICS: Final = ("TTFT", "TPOT", "ICL", "E2E")
MOST_FIGURES: Final = 4
_MOST_CAPTION: Final = 400
_MOST_TITLE: Final = 40


class BackendFault(Fault, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault of one backend. It lasts until faults are stated anew, so it has no window of its own."""

    backend: str


class BackendStack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another stack for one backend, of the same model (`backends.fleet.stacks`)."""

    backend: str
    stack: str


class BigFigure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure of one backend in large digits; p50, p95 and p99 are of the metric in front."""

    backend: str
    shows: Literal["tok/s", "$/M", "p50", "p95", "p99"]


class Split(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A share of the traffic, and what it asks for: the cheapest backend that gives it is shown in large digits.

    Attributes:
        share: in a word or two ("chat").
        p50_ms: what the median of the metric in front may be; None asks for nothing.
    """

    share: str
    p50_ms: float | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a moment changes; what is left out stays.

    Attributes:
        caption: two or three plain sentences.
        look: what to look at.
        workload: where prompts come from.
        concurrency, rate_per_s: the load, whichever the profile's arrivals have.
        faults: in place of all before.
        healed: ends all faults.
        stacks: what if this backend were that stack.
        panels: to show, the most wanted first.
        only: the first of them alone.
        metric: in front.
        backend: in focus.
        expanded: it fills the screen.
        figures: in large digits, in place of those before.
        split: adds to the figures who serves a share of the traffic best, as long as the scene lasts.
    """

    caption: str = ""
    look: str = ""
    workload: str = ""
    concurrency: int | None = None
    rate_per_s: float | None = None
    faults: tuple[BackendFault, ...] = ()
    healed: bool = False
    stacks: tuple[BackendStack, ...] = ()
    panels: tuple[PanelName, ...] = ()
    only: bool | None = None
    metric: str = ""
    backend: str = ""
    expanded: bool | None = None
    figures: tuple[BigFigure, ...] = ()
    split: Split | None = None


class Moment(Change, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A change within a scene, so long `after` it began."""

    after: str | float


class Scene(Change, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One scene.

    Attributes:
        title: a few words.
        lasts: how long.
        then: its further moments, in order.
    """

    title: str
    lasts: str | float
    then: tuple[Moment, ...] = ()


class Walkthrough(Profile, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole walkthrough."""

    scenes: tuple[Scene, ...] = ()


def load_walkthrough(path: Path) -> Walkthrough:
    """The walkthrough in the file at `path`; files of prompts are looked for beside it.

    Raises:
        ProfileError: it cannot be read or makes no sense; every problem is named.
    """
    origin = str(path)
    document = toml_document(read(path), origin)
    if problems := list(shape_problems(Walkthrough, document)):
        raise ProfileError(origin, problems)
    made = msgspec.convert(document, Walkthrough)
    made = msgspec.structs.replace(
        made,
        workload=with_prompts_from(path.parent, made.workload),
        scenes=tuple(_beside(path.parent, scene) for scene in made.scenes),
    )
    if problems := [*sense_problems(made), *scenes_problems(made)]:
        raise ProfileError(origin, problems)
    return made


def _beside(folder: Path, scene: Scene) -> Scene:
    """`scene` with its files of prompts, if it has any, as paths that begin at `folder`."""

    def found(source: str) -> str:
        return with_prompts_from(folder, WorkloadPlan(source=source)).source if source else ""

    then = tuple(msgspec.structs.replace(moment, workload=found(moment.workload)) for moment in scene.then)
    return msgspec.structs.replace(scene, workload=found(scene.workload), then=then)


def scenes_problems(walkthrough: Walkthrough) -> Iterator[Problem]:
    """Everything that makes no sense in the scenes, and in what they are played on."""
    for position, entry in enumerate(walkthrough.backends):
        if not entry.sim:
            yield Problem(f"backends[{position}]", 'a walkthrough plays on simulated backends only: sim = "h200"')
    if walkthrough.run.duration is not None or walkthrough.run.requests is not None:
        yield Problem("run", "the scenes say how long it lasts: leave duration and requests out")
    if not walkthrough.scenes:
        yield Problem("scenes", "there are none; add a [[scenes]] table with a title, lasts and a caption")
    models = {entry.name: model_of(entry) for entry in walkthrough.backends}
    closed = walkthrough.arrivals.kind == "closed"
    for position, scene in enumerate(walkthrough.scenes):
        where = f"scenes[{position}]"
        yield from _text_problems(scene.title, _MOST_TITLE, f"{where}.title", wanted=True)
        yield from _text_problems(scene.caption, _MOST_CAPTION, f"{where}.caption", wanted=True)
        yield from _change_problems(scene, where, models, closed=closed)
        yield from _time_problems(scene, where)
        for number, moment in enumerate(scene.then):
            yield from _text_problems(moment.caption, _MOST_CAPTION, f"{where}.then[{number}].caption")
            yield from _change_problems(moment, f"{where}.then[{number}]", models, closed=closed)


def _time_problems(scene: Scene, where: str) -> Iterator[Problem]:
    at = [("lasts", scene.lasts), *((f"then[{number}].after", each.after) for number, each in enumerate(scene.then))]
    seconds = []
    for name, value in at:
        try:
            seconds.append(parse_duration(value))
        except DurationError as error:
            yield Problem(f"{where}.{name}", str(error))
            return
    lasts_s, *after_s = seconds
    for number, (earlier, later) in enumerate(zip([0.0, *after_s], after_s, strict=False)):
        if not earlier < later < lasts_s:
            yield Problem(
                f"{where}.then[{number}].after", "must come after the moment before, and before the scene ends"
            )


def _change_problems(change: Change, where: str, models: Mapping[str, str], *, closed: bool) -> Iterator[Problem]:
    yield from _text_problems(change.look, _MOST_CAPTION, f"{where}.look")
    if change.workload:
        for problem in workload_problems(WorkloadPlan(source=change.workload)):
            yield Problem(f"{where}.workload", problem.what)
    for name, value, fits in (
        ("concurrency", change.concurrency, closed),
        ("rate_per_s", change.rate_per_s, not closed),
    ):
        if value is not None and not fits:
            has = 'rate: kind = "closed" has concurrency' if closed else "concurrency: it has rate_per_s"
            yield Problem(f"{where}.{name}", f"the profile's arrivals have no {has}")
        elif value is not None and not 0 < value < float("inf"):
            yield Problem(f"{where}.{name}", "must be above 0")
    if change.metric and change.metric not in METRICS:
        yield Problem(f"{where}.metric", f"no such metric{suggestion(change.metric, METRICS)}")
    yield from _backend_problems(change, where, models)
    if len(change.figures) > MOST_FIGURES:
        yield Problem(f"{where}.figures", f"{MOST_FIGURES} have room side by side")
    if change.split:
        yield from _text_problems(change.split.share, _MOST_TITLE, f"{where}.split.share", wanted=True)
        if change.split.p50_ms is not None and change.split.p50_ms <= 0:
            yield Problem(f"{where}.split.p50_ms", "must be above 0")


def _backend_problems(change: Change, where: str, models: Mapping[str, str]) -> Iterator[Problem]:
    """Everything that names a backend names one of the profile's, and asks nothing impossible of it."""
    named = [("backend", change.backend)] if change.backend else []
    lists: tuple[tuple[str, tuple[BackendFault | BackendStack | BigFigure, ...]], ...] = (
        ("faults", change.faults), ("stacks", change.stacks), ("figures", change.figures),
    )  # fmt: skip
    for name, entries in lists:
        named += [(f"{name}[{number}].backend", entry.backend) for number, entry in enumerate(entries)]
    for name, backend in named:
        if backend not in models:
            yield Problem(f"{where}.{name}", f"no backend has this name{suggestion(printable(backend, 60), models)}")
    if change.healed and change.faults:
        yield Problem(f"{where}.healed", "ends all faults; leave faults out")
    for number, fault in enumerate(change.faults):
        problem = fault_problem(fault)
        if fault.after_s or fault.for_s is not None:
            problem = "it lasts until faults are stated anew: leave after_s and for_s out, which no cold start can"
        if problem:
            yield Problem(f"{where}.faults[{number}]", problem)
    for number, entry in enumerate(change.stacks):
        try:
            model = find_stack(entry.stack).model.name
        except StackError as error:
            yield Problem(f"{where}.stacks[{number}].stack", str(error))
            continue
        if models.get(entry.backend, model) != model:
            yield Problem(f"{where}.stacks[{number}].stack", f"{entry.backend} serves another model than {model}")


def _text_problems(text: str, most: int, where: str, *, wanted: bool = False) -> Iterator[Problem]:
    if wanted and not text.strip():
        yield Problem(where, "must say something")
    if len(text) > most:
        yield Problem(where, f"has {len(text)} characters; {most} are read in passing")
