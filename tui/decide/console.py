"""The decision's screens on a terminal: answers worked out in another process, files written where one stands."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec
import tomli_w

from ...profiles.demand import Demand
from ...profiles.demand_files import dump, parse
from ...sessions.decide.apart import make_apart
from ...sessions.decide.decision import Decision
from ...sessions.decide.making import MakingError, Request, still_true
from ...sessions.decide.report.writing import written
from ...sessions.export.files import ExportError, write
from ..viewstate import ViewState, default_path
from .app import DecideApp, MakeError, WriteError
from .questions import Document

_MOST_NAMES = 1000


def decide_console(request: Request) -> Decision | None:
    """Ask, beginning with the request's demand; the last answer, None if there was none."""
    app = DecideApp(
        tables(request.demand),
        checked,
        Maker(request).make,
        save_demand,
        export,
        ViewState(default_path()).theme,
    )
    return app.run()


def tables(demand: Demand) -> Document:
    """`demand` as TOML tables."""
    return tomllib.loads(dump(demand))


def checked(document: Document) -> Demand:
    """The tables as a demand; raises ProfileError. Files of prompts have absolute paths by now."""
    return parse(tomli_w.dumps(document), "this demand", Path.cwd())


class Maker:
    """Works answers out in another process; what was simulated once and still holds is not simulated again."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._last: Decision | None = None

    async def make(self, demand: Demand, tell: Callable[[str], None]) -> Decision:
        """The answer; raises MakeError."""
        known = still_true(self._last, demand) if self._last is not None else ()
        try:
            made = await make_apart(msgspec.structs.replace(self._request, demand=demand, known=known), tell)
        except MakingError as error:
            raise MakeError(str(error)) from None
        self._last = made
        return made


def save_demand(demand: Demand) -> Path:
    """Write `demand` as TOML into the working folder, under a name that is free; raises WriteError."""
    return _written(_free(demand, ".toml"), dump(demand))


def export(decision: Decision, suffix: str) -> Path:
    """Write the report into the working folder, likewise."""
    return _written(_free(decision.demand, f".{suffix}"), written(decision, f".{suffix}", 120))


def _written(path: Path, text: str) -> Path:
    try:
        return write(path, [text])
    except ExportError as error:
        raise WriteError(str(error)) from None


def _free(demand: Demand, suffix: str) -> Path:
    words = "".join(char if char.isalnum() and char.isascii() else "-" for char in demand.title.lower())
    stem = "-".join(filter(None, words.split("-")))[:40] or "decision"
    for number in range(1, _MOST_NAMES):
        path = Path.cwd() / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        if not path.exists():
            return path
    raise WriteError(f"{Path.cwd()} holds {_MOST_NAMES} files called {stem} already")
