"""Where walkthroughs are: the user's folder first, then the built-in ones; a path works everywhere a name does."""

from pathlib import Path
from typing import Final, NamedTuple

import platformdirs

from ..backends.printable import printable
from .named_files import find_file, named_files
from .problems import ProfileError
from .scenes import load_walkthrough

DEFAULT: Final = "tour"
_BUILTIN_FOLDER: Final = Path(__file__).parent / "walkthroughs"


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
    return find_file(name, walkthroughs_folder(), _BUILTIN_FOLDER, what="walkthrough")


def listed_walkthroughs() -> tuple[Listed, ...]:
    """Every walkthrough that has a name, the user's in place of built-in ones; broken ones too."""
    files = named_files(walkthroughs_folder(), _BUILTIN_FOLDER)
    return tuple(_listed(name, path) for name, path in sorted(files.items()))


def _listed(name: str, path: Path) -> Listed:
    try:
        made = load_walkthrough(path)
    except ProfileError as error:
        return Listed(name, 0, f"does not load: {error.problems[0]}")
    return Listed(name, len(made.scenes), printable(made.description or made.title))
