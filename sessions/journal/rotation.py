"""Keeping the folder of journals within bounds, and tidy after processes that were killed."""

import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...backends.printable import printable
from ..folder import is_running, session_of
from .schema import SUFFIX
from .writer import MAKING, JournalError, settle

MOST_BYTES: Final = 2 << 30
"""What all journals together may take by default."""

_MADE_WITHIN_S: Final = 60.0

VARIABLE: Final = "INFERTOP_SESSIONS_GB"
"""Environment variable with another number of gigabytes; 0 sets no limit."""


def most_bytes(environment: Mapping[str, str]) -> int:
    """What all journals may take, 0 without a limit; raises ValueError when the variable says nonsense."""
    said = environment.get(VARIABLE, "")
    if not said:
        return MOST_BYTES
    try:
        gigabytes = float(said)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < 1e6:
        raise ValueError(f"{VARIABLE}={printable(said, 40)}: write gigabytes, such as 2 (0 sets no limit)")
    return round(gigabytes * 1e9)


def make_room(folder: Path, most_bytes: int) -> list[Path]:
    """Delete the oldest unnamed journals of sessions that are over until all fit; those deleted.

    What a killed process left in the log beside a journal is folded into it first.
    """
    for left in folder.glob(f".*{SUFFIX}{MAKING}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _MADE_WITHIN_S:
                left.unlink()
    journals = sorted(folder.glob(f"*{SUFFIX}"))
    over = [path for path in journals if not is_running(folder, session_of(path))]
    for path in over:
        if _log(path).exists():
            with suppress(JournalError):
                settle(path)
    total = sum(map(_bytes, journals))
    deleted = []
    for path in over:
        if total <= most_bytes:
            break
        if not _is_named(path):
            size = _bytes(path)
            with suppress(OSError):
                delete(path)
                total -= size
                deleted.append(path)
    return deleted


def delete(path: Path) -> None:
    """Delete the journal at `path` with all that belongs to it; raises OSError."""
    path.unlink()
    for beside in (_log(path), path.with_name(f"{path.name}-shm")):
        beside.unlink(missing_ok=True)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_named(path: Path) -> bool:
    """Whether its owner gave it a name; one that cannot be read is none of ours to delete."""
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            found = database.execute("SELECT value FROM facts WHERE key = 'name'").fetchone()
        finally:
            database.close()
    except sqlite3.Error:
        return True
    return bool(found and found[0])
