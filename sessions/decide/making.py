"""From a demand and what was measured to a decision: reads sessions, sweeps and prices, simulates the rest."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

import msgspec

from ...backends.price_files import PriceFileError
from ...backends.prices import UnknownPriceError, today
from ...backends.printable import printable
from ...engine.workloads import WorkloadError
from ...profiles.demand import Demand, DemandClass, Option
from ..journal.reader import RecordingError, open_recording
from ..journal.schema import SUFFIX
from ..library import find as find_session
from ..sweep.file import SweepFileError
from ..sweep.file import find as find_sweep
from ..sweep.file import load as load_sweep
from .capacity import Capacity
from .decide import decided
from .decision import Decision
from .measured import from_frame, from_sweep, stated
from .milp import SolverError
from .offers import offers
from .plan_check import checked
from .question import Question
from .simulated import simulated

Tell = Callable[[str], None]
"""Called with what is done next, in words."""


class MakingError(Exception):
    """No decision can be made; the text says why, in one safe line."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision is made of.

    Attributes:
        demand: what is asked.
        folder: of the user's sessions and sweeps.
        sessions, sweeps: what was measured, as a person names it; a later one wins over an earlier one.
        known: capacities that need not be found out again; what is measured or stated wins over them.
        today: YYYY-MM-DD, "" for the day it is.
    """

    demand: Demand
    folder: str
    sessions: tuple[str, ...] = ()
    sweeps: tuple[str, ...] = ()
    known: tuple[Capacity, ...] = ()
    today: str = ""


def make(request: Request, tell: Tell = lambda _: None) -> Decision:
    """The decision; what nobody measured or stated is simulated, where there is a stack. Raises MakingError."""
    demand = request.demand
    wanted = {(option.name, of.name): (option, of) for option in demand.options for of in demand.classes}
    try:
        found = {_key(each): each for each in (*request.known, *measured(request), *stated(demand))}
        found = {key: each for key, each in found.items() if key in wanted}
        missing = [pair for key, pair in wanted.items() if key not in found]
        for each in simulated(demand, missing, _counted(tell, len(missing))):
            found[_key(each)] = each
        tell("prices, and who else sells what")
        known = offers(demand)
        tell("weighing every way to serve it")
        day = date.fromisoformat(request.today) if request.today else today()
        question = Question.of(demand, [found[key] for key in wanted if key in found], known)
        made = decided(question, day)
        return checked(made, lambda words: tell(f"simulating the plan's peak: {printable(words, 100)}"), question)
    except (WorkloadError, UnknownPriceError, PriceFileError, SolverError) as error:
        raise MakingError(printable(str(error), 400)) from None


def measured(request: Request) -> Iterator[Capacity]:
    """What the sessions and sweeps say of the demand's options and classes; raises MakingError."""
    folder = Path(request.folder)
    for word in request.sessions:
        try:
            path = find_session(folder, word)
            with open_recording(path) as recording:
                frame = recording.last_frame()
        except RecordingError as error:
            raise MakingError(str(error)) from None
        yield from _some(from_frame(frame, request.demand, f"session {path.stem}"), request.demand, word)
    for word in request.sweeps:
        try:
            path = find_sweep(folder, word)
            sweep = load_sweep(path)
        except SweepFileError as error:
            raise MakingError(str(error)) from None
        yield from _some(from_sweep(sweep, request.demand, f"sweep {path.name}"), request.demand, word)


def _some(found: Iterable[Capacity], demand: Demand, word: str) -> list[Capacity]:
    """All of `found`; raises MakingError when there is nothing in it that the demand asks about."""
    made = list(found)
    if not made:
        options = ", ".join(printable(option.name, 40) for option in demand.options)
        classes = ", ".join(f"{printable(of.name, 40)} ({printable(of.workload, 40)})" for of in demand.classes)
        raise MakingError(
            f"{printable(word, 100)}: measured no option and class of the demand; a backend must be called as an "
            f"option ({options}), and the prompts be those of a class ({classes})"
        )
    return made


def is_session(word: str, folder: Path) -> bool:
    """Whether a person who writes `word` means a session, not a sweep."""
    path = Path(word).expanduser()
    if path.is_file():
        return path.suffix == SUFFIX
    try:
        find_session(folder, word)
    except RecordingError:
        try:
            find_sweep(folder, word)
        except SweepFileError:
            return True
        return False
    return True


def still_true(before: Decision, demand: Demand) -> tuple[Capacity, ...]:
    """Simulated capacities of `before` that hold for `demand` too: same stack, prompts, limits and seed."""
    if before.demand.seed != demand.seed:
        return ()
    options = {option.name: _simulates(option) for option in before.demand.options}
    classes = {of.name: _loads(of) for of in before.demand.classes}
    now = {option.name for option in demand.options if options.get(option.name) == _simulates(option)}
    same = {of.name for of in demand.classes if classes.get(of.name) == _loads(of)}
    return tuple(
        each for each in before.capacities if each.label == "SIM" and each.option in now and each.class_name in same
    )


def _simulates(option: Option) -> tuple[object, ...]:
    return (option.backend, option.requests_per_s)


def _loads(of: DemandClass) -> tuple[object, ...]:
    limits = (of.ttft_ms, of.tpot_ms, of.e2e_ms, of.quantile)
    return (of.workload, of.max_tokens, of.prompt_cv, *limits)


def _key(of: Capacity) -> tuple[str, str]:
    return of.option, of.class_name


def _counted(tell: Tell, count: int) -> Tell:
    """Tells how many of them there are, too."""
    done = 0

    def told(words: str) -> None:
        nonlocal done
        done += 1
        tell(f"simulating {printable(words, 100)} ({done} of {count})")

    return told
