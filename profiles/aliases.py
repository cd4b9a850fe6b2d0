"""Backends that a person has named once and for all: their `[[backends]]` tables in one file, called by name.

The tables are those of a profile, so that one can be copied into the other.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from ..backends.printable import printable
from ..engine.plan import BackendPlan
from .checks import backends_problems
from .load import read, toml_document
from .problems import Problem, ProfileError
from .schema import BackendEntry, backend_plan
from .shape import shape_problems

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class _Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    backends: tuple[BackendEntry, ...] = ()


def aliases_path() -> Path:
    """Where the file is; it may not exist."""
    return platformdirs.user_config_path("infertop") / "backends.toml"


def aliases(reserved: Collection[str] = ()) -> tuple[BackendPlan, ...]:
    """The backends in the file, in its order; none without the file.

    Args:
        reserved: words that mean something else where a name is typed.

    Raises:
        ProfileError: it cannot be read, or something in it is wrong; every problem is named.
    """
    path = aliases_path()
    if not path.exists():
        return ()
    document = toml_document(read(path), str(path))
    problems = list(shape_problems(_Book, document))
    if not problems:
        entries = msgspec.convert(document, _Book).backends
        problems = [*backends_problems(entries), *_name_problems(entries, reserved)]
    if problems:
        raise ProfileError(str(path), problems)
    return tuple(map(backend_plan, entries))


def _name_problems(entries: tuple[BackendEntry, ...], reserved: Collection[str]) -> Iterator[Problem]:
    for position, entry in enumerate(entries):
        where, name = f"backends[{position}].name", printable(entry.name, 60)
        if not _NAME.fullmatch(entry.name):
            yield Problem(where, f'"{name}" must be one word to be typed: letters, digits, "-" and "_"')
        elif entry.name in reserved:
            yield Problem(where, f'"{name}" is a command of infertop; choose another name')
