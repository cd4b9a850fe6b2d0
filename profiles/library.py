"""Where profiles are: the user's folder first, then the built-in ones; a path works everywhere a name does."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from ..backends.printable import printable
from ..engine.plan import RunPlan
from .load import check, dump, load
from .named_files import SUFFIX, find_file, named_files
from .problems import Problem, ProfileError
from .schema import Profile, to_plan

_BUILTIN_FOLDER = Path(__file__).parent / "builtin"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Listing:
    """A profile that can be found by name.

    Attributes:
        problem: why it does not load, "" if it does.
    """

    name: str
    origin: Literal["yours", "built-in"]
    description: str
    problem: str


def user_folder() -> Path:
    """Where the user's profiles are; it may not exist yet."""
    return platformdirs.user_config_path("infertop") / "profiles"


def find(name: str) -> Path:
    """The file of the profile called `name`, or `name` itself if it is a path; raises ProfileError."""
    return find_file(name, user_folder(), _BUILTIN_FOLDER, what="profile")


def plan_of(name: str) -> RunPlan:
    """What the profile called `name` (or at that path) runs; raises ProfileError."""
    path = find(name)
    return to_plan(load(path), path.stem)


def listings() -> tuple[Listing, ...]:
    """Every profile that has a name, the user's first; broken ones too."""
    return tuple(_listing(name, path) for name, path in named_files(user_folder(), _BUILTIN_FOLDER).items())


def save(profile: Profile, name: str, *, overwrite: bool = False) -> Path:
    """Write `profile` into the user's folder; raises ProfileError if the name is taken or it would not load."""
    check(profile, name)
    return write(dump(profile), name, overwrite=overwrite)


def write(text: str, name: str, *, overwrite: bool = False) -> Path:
    """Write TOML `text` into the user's folder as `name`; raises ProfileError if the name is taken or unsafe."""
    if not _SAFE_NAME.fullmatch(name) or name.endswith(SUFFIX):
        wanted = "a name is made of letters, digits, dots, dashes and underscores, without .toml"
        raise ProfileError(name, [Problem("", wanted)])
    path = user_folder() / f"{name}{SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.is_file():
            raise ProfileError(name, [Problem("", f"{path} exists already; choose another name")]) from None
        raise ProfileError(str(path), [Problem("", error.strerror or "cannot be written")]) from None
    return path


def _listing(name: str, path: Path) -> Listing:
    origin: Literal["yours", "built-in"] = "built-in" if path.parent == _BUILTIN_FOLDER else "yours"
    try:
        profile = load(path)
    except ProfileError as error:
        return Listing(name, origin, "", f"does not load: {error.problems[0]}")
    return Listing(name, origin, printable(profile.description or profile.title), "")
