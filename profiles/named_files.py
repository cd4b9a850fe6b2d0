"""TOML files that can be called by name: the user's first, then the built-in ones; a path works everywhere too."""

import os
from pathlib import Path
from typing import Final

from .problems import Problem, ProfileError, suggestion

SUFFIX: Final = ".toml"


def named_files(yours: Path, built_in: Path) -> dict[str, Path]:
    """The files of both folders by name; one of yours stands in place of a built-in one of its name."""
    own = {path.stem: path for path in sorted(yours.glob(f"*{SUFFIX}"))}
    others = {path.stem: path for path in sorted(built_in.glob(f"*{SUFFIX}"))}
    return own | {name: path for name, path in others.items() if name not in own}


def find_file(name: str, yours: Path, built_in: Path, *, what: str) -> Path:
    """The file of the `what` called `name`, or `name` itself if it is a path; raises ProfileError."""
    if os.sep in name or name.endswith(SUFFIX):
        path = Path(name).expanduser()
        if not path.is_file():
            raise ProfileError(name, [Problem("", "no such file")])
        return path
    known = named_files(yours, built_in)
    if name not in known:
        raise ProfileError(name, [Problem("", f"no {what} has this name{suggestion(name, known)}")])
    return known[name]
