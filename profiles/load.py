"""From TOML to a profile and back."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from ..backends.printable import printable
from .checks import sense_problems
from .problems import Problem, ProfileError
from .schema import Profile, with_prompts_from
from .shape import shape_problems

_MOST_BYTES = 2**20


def load(path: Path) -> Profile:
    """The profile in the file at `path`.

    A file of prompts is looked for beside the profile, not where the command was typed.

    Raises:
        ProfileError: it cannot be read, is not TOML, or does not say what a run needs; every problem is named.
    """
    return parse(read(path), str(path), path.parent)


def read(path: Path) -> str:
    """The text of the profile at `path`; raises ProfileError."""
    origin = str(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ProfileError(origin, [Problem("", "is larger than 1 MiB; is it a profile?")])
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise ProfileError(origin, [Problem("", "is not UTF-8 text")]) from None
    except OSError as error:
        raise ProfileError(origin, [Problem("", error.strerror or "cannot be read")]) from None


def parse(text: str, origin: str, folder: Path) -> Profile:
    """The profile in `text`, as `load`; `origin` names it in errors, prompt files are relative to `folder`."""
    document = toml_document(text, origin)
    problems = list(shape_problems(Profile, document))
    if problems:
        raise ProfileError(origin, problems)
    profile = msgspec.convert(document, Profile)
    profile = msgspec.structs.replace(profile, workload=with_prompts_from(folder, profile.workload))
    check(profile, origin)
    return profile


def toml_document(text: str, origin: str) -> dict[str, Any]:
    """The tables in TOML `text`; raises ProfileError."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileError(origin, [Problem("", f"not TOML: {printable(str(error))}")]) from None


def check(profile: Profile, origin: str) -> None:
    """Raise ProfileError when `profile` makes no sense."""
    problems = list(sense_problems(profile))
    if problems:
        raise ProfileError(origin, problems)


def dump(profile: Profile) -> str:
    """`profile` as TOML."""
    return tomli_w.dumps(_without_none(msgspec.to_builtins(profile)))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_none(inner) for inner in value]
    return value
