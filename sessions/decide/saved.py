"""Decisions kept: one JSON file each, with all that went into the answer, readable by its owner only."""

import os
import re
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ...backends.printable import printable
from .decision import SCHEMA, Decision

SUFFIX: Final = ".decision.json"
_MOST_BYTES: Final = 64 * 2**20
_SAFE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SavedError(Exception):
    """A decision cannot be read or kept; the text says why, in one safe line."""


class _Head(msgspec.Struct):
    schema: str = ""


def to_json(decision: Decision) -> bytes:
    """The document."""
    return msgspec.json.format(msgspec.json.encode(decision), indent=2) + b"\n"


def file_name(decision: Decision, made: datetime) -> str:
    """A name that sorts by time and can be read: 2026-11-23T18-05-12_chat-by-day_ab12cd.decision.json."""
    words = re.sub(r"[^a-z0-9]+", "-", decision.demand.title.lower()).strip("-")[:40].strip("-") or "decision"
    return f"{made:%Y-%m-%dT%H-%M-%S}_{words}_{secrets.token_hex(3)}{SUFFIX}"


def path_of(word: str, folder: Path) -> Path:
    """Where `word`, a name or a path, is to be kept; raises SavedError for a name that is none."""
    if os.sep in word or word.endswith(".json"):
        return Path(word).expanduser()
    if not _SAFE_NAME.fullmatch(word):
        raise SavedError(f"{printable(word, 100)!r}: a name is made of letters, digits, dots, dashes and underscores")
    return folder / f"{word}{SUFFIX}"


def save(decision: Decision, path: Path, *, overwrite: bool = False) -> Path:
    """Write `decision` to `path`, whole or not at all; raises SavedError if it exists or cannot be written."""
    shown = printable(str(path), 300)
    if path.exists() and not overwrite:
        raise SavedError(f"{shown}: exists already; --force overwrites it")
    near = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(near, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(to_json(decision))
            file.flush()
            os.fsync(file.fileno())
        near.replace(path)
    except OSError as error:
        raise SavedError(f"{shown}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            near.unlink(missing_ok=True)
    return path


def find(word: str, folder: Path) -> Path:
    """The file of the decision that `word` means: "last", a name, the beginning of an id or file name, a path.

    Raises:
        SavedError: there is none, or there are several.
    """
    if os.sep in word or word.endswith(".json"):
        return Path(word).expanduser()
    kept = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
    if word == "last" and kept:
        return kept[-1]
    stems = {path.name.removesuffix(SUFFIX): path for path in kept}
    if word in stems:
        return stems[word]
    found = [
        path for stem, path in stems.items() if stem.startswith(word) or stem.rpartition("_")[2].startswith(word)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise SavedError(f"{printable(word, 100)!r} means several: {', '.join(path.name for path in found[:5])}")
    raise SavedError(
        f"no saved decision is called {printable(word, 100)!r}"
        + (f"; the newest is {kept[-1].name}" if kept else "; none is saved in " + printable(str(folder), 200))
    )


def load(path: Path) -> Decision:
    """The decision in the file at `path`; raises SavedError."""
    shown = printable(str(path), 300)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SavedError(f"{shown}: is larger than 64 MiB; is it a decision?")
        data = path.read_bytes()
        schema = msgspec.json.decode(data, type=_Head).schema
        if schema != SCHEMA:
            said = f"its schema is {printable(schema, 60)!r}" if schema else "it states no schema"
            raise SavedError(f"{shown}: is no decision ({said}, not {SCHEMA!r}); infertop decide --save makes one")
        return msgspec.json.decode(data, type=Decision)
    except OSError as error:
        raise SavedError(f"{shown}: {error.strerror or error}") from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SavedError(f"{shown}: is no decision: {printable(str(error), 200)}") from None
