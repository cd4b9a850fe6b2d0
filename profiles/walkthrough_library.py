"""Where walkthroughs are: the user's folder first, then the built-in ones; a path works everywhere a name does."""

import os
from pathlib import Path
from typing import Final, NamedTuple

import platformdirs

from ..backends.printable import printable
from .problems import Problem, ProfileError, suggestion
from .scenes import load_walkthrough

DEFAULT: Final = "tour"
_BUILTIN_FOLDER: Final = Path(__file__).parent / "walkthroughs"
_SUFFIX: Final = ".toml"


class Listed(NamedTuple):
    """A walkthrough that can be found by name; `description` says why where it does not load."""

    name: str
    scenes: int
    description: str


def walkthroughs_folder() -> Path:
    """Where the user's walkthroughs are; it may not exist yet."""
    return platformdirs.user_config_path("infertop") / "walkthroughs"


def find_walkthrough(name: str) -> Path:
    """The file of the walkthrough called `name`, or `name` itself if it is a path; raises ProfileError."""
    if os.sep in name or name.endswith(_SUFFIX):
        path = Path(name).expanduser()
        if not path.is_file():
            raise ProfileError(name, [Problem("", "no such file")])
        return path
    known = _files()
    if name not in known:
        raise ProfileError(name, [Problem("", f"no walkthrough has this name{suggestion(name, known)}")])
    return known[name]


def listed_walkthroughs() -> tuple[Listed, ...]:
    """Every walkthrough that has a name, the user's in place of built-in ones; broken ones too."""
    return tuple(_listed(name, path) for name, path in sorted(_files().items()))


def _files() -> dict[str, Path]:
    folders = (_BUILTIN_FOLDER, walkthroughs_folder())
    return {path.stem: path for folder in folders for path in folder.glob(f"*{_SUFFIX}")}


def _listed(name: str, path: Path) -> Listed:
    try:
        made = load_walkthrough(path)
    except ProfileError as error:
        return Listed(name, 0, f"does not load: {error.problems[0]}")
    return Listed(name, len(made.scenes), printable(made.description or made.title))
