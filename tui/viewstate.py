"""How the console was left: remembered apart from profiles, so that no profile is ever rewritten for it."""

import os
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import platformdirs
import tomli_w

from .feed import RATES
from .past import SPANS_S
from .theme import PALETTES
from .view import PANELS, WANTED_FIRST, Panel

VERSION: Final = 1
_MOST_BYTES: Final = 65_536

Choice = TypeVar("Choice")


class ViewState:
    """What is remembered; anything missing or strange in the file counts as never said.

    Args:
        path: the file; None remembers nothing beyond this object.

    Attributes:
        wanted: panels, the most wanted first.
        only: whether the first of them has the screen to itself.
        span_s: width of a column where time runs across.
        theme: a palette's name.
        hz: frames a second.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        said = _read(path) if path else {}
        self.wanted = _panels(said.get("panels"))
        self.only = _one_of(said.get("only"), (False, True), False)
        self.span_s = _one_of(said.get("column_s"), SPANS_S, SPANS_S[0])
        self.theme = _one_of(said.get("theme"), [palette.name for palette in PALETTES], PALETTES[0].name)
        self.hz = _one_of(said.get("refresh_hz"), RATES, 4)

    def forgetful(self) -> "ViewState":
        """The same, but what is changed from now on is not remembered."""
        self._path = None
        return self

    def save(self) -> None:
        """Write the file; where that cannot be done, the console goes on without."""
        if self._path is None:
            return
        said = {
            "version": VERSION,
            "panels": list(self.wanted),
            "only": self.only,
            "column_s": self.span_s,
            "theme": self.theme,
            "refresh_hz": self.hz,
        }
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(tomli_w.dumps(said), encoding="utf-8")
            beside.replace(self._path)


def default_path() -> Path:
    """Where the user's view state is."""
    return platformdirs.user_state_path("infertop") / "view.toml"


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        with path.open("rb") as file:
            said = tomllib.loads(file.read(_MOST_BYTES).decode())
        if said.get("version") == VERSION:
            return said
    return {}


def _panels(said: object) -> tuple[Panel, ...]:
    if not isinstance(said, list):
        return WANTED_FIRST
    return tuple(panel for panel in dict.fromkeys(map(str, said)) if panel in PANELS)


def _one_of(said: object, choices: Sequence[Choice], otherwise: Choice) -> Choice:
    return next((choice for choice in choices if choice == said), otherwise)
