"""Writing exports: each file whole or not at all, and none over another one unasked."""

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...backends.printable import printable


class ExportError(Exception):
    """An export cannot be written; the text says why, in one safe line."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an export.

    Attributes:
        suffix: the end of its name: "html", "requests.csv".
        chunks: what is in it, piece by piece; made when it is written.
        private: whether prompts or answers may be in it: nobody else on this machine may read it then.
    """

    suffix: str
    chunks: Iterable[str]
    private: bool = False


def write(path: Path, chunks: Iterable[str], *, force: bool = False, private: bool = False) -> Path:
    """Write `chunks` as UTF-8 to `path`, which is there either whole or not at all; returns it.

    What is `private` only its owner may read; else it is as the umask says.

    Raises:
        ExportError: it exists and `force` was not given, or the system refuses.
    """
    if path.exists() and not force:
        raise ExportError(f"{shown(path)}: exists already; --force overwrites it")
    near = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(near, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a Path opens with one mode
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        near.replace(path)
    except OSError as error:
        raise ExportError(f"{shown(path)}: {error.strerror or error}") from None
    finally:
        near.unlink(missing_ok=True)
    return path


def write_parts(parts: Iterable[Part], folder: Path, stem: str, *, force: bool = False) -> Iterator[Path]:
    """Write every part into `folder` as STEM.SUFFIX; yields the paths.

    A folder that is made for parts of which one is private is its owner's only, too.

    Raises:
        ExportError: as `write`, or the folder cannot be made.
    """
    parts = list(parts)
    try:
        folder.mkdir(mode=0o700 if any(part.private for part in parts) else 0o777, parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{shown(folder)}: {error.strerror or error}") from None
    for part in parts:
        yield write(folder / f"{stem}.{part.suffix}", part.chunks, force=force, private=part.private)


def shown(path: Path) -> str:
    """`path` for a message."""
    return printable(str(path), 300)
