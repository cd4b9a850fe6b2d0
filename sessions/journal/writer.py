"""Writing a journal: one file, one writer, a page at a time, each a transaction.

A process that is killed leaves every page written before whole: SQLite's write-ahead log is ours to read then. A page
that cannot be written, for the disk is full, harms none before it, and may be tried again.
"""

import errno
import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from ...backends.printable import printable
from ...engine.record import RequestRecord
from .facts import Facts
from .packing import WHOLE_EVERY, pack
from .page import Page
from .schema import APPLICATION_ID, COLUMNS, INDEXES, SCHEMA, TABLES

MAKING: Final = ".new"
"""End of the name of a journal that is being made."""

_BUSY_S: Final = 5.0
_WORDS: Final = {"SQLITE_FULL": "disk full", "SQLITE_READONLY": "read-only", "SQLITE_NOTADB": "not a recording"}

_REQUEST: Final = (
    f"INSERT INTO requests ({', '.join(COLUMNS['requests'][1:])}) "  # noqa: S608 - our own names
    f"VALUES ({', '.join('?' * (len(COLUMNS['requests']) - 1))})"
)


class JournalError(Exception):
    """A journal cannot be made or written; the text says why, in a few safe words."""


class JournalWriter:
    """The one writer of a journal. Any thread may use it, one at a time.

    Args:
        path: of a file that does not exist yet; readable by its owner only.
        facts: what is known at the start.

    Attributes:
        requests: written so far.

    Raises:
        JournalError: it cannot be made there.
    """

    def __init__(self, path: Path, facts: Facts) -> None:
        self.path = path
        self.requests = 0
        self._before = b""
        self._since_whole = 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(path, facts)
            self._database = _connected(path)
            self._database.execute("PRAGMA journal_mode = WAL")
        except OSError as error:
            raise JournalError(error.strerror or "cannot be made") from None
        except sqlite3.Error as error:
            raise JournalError(_why(error)) from None

    def write(self, page: Page) -> None:
        """Add `page`, all of it or nothing; raises JournalError."""
        before, since = self._before, self._since_whole
        try:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                self._write_requests(page.records)
                self._database.executemany("INSERT INTO frames (at_ns, whole, data) VALUES (?, ?, ?)", (
                    self._packed(at_ns, data) for at_ns, data in page.frames
                ))  # fmt: skip
                self._database.executemany("INSERT INTO markers (at_ns, text) VALUES (?, ?)", page.markers)
                self._database.executemany(
                    "INSERT INTO events (at_ns, kind, backend, text) VALUES (?, ?, ?, ?)",
                    map(msgspec.structs.astuple, page.events),
                )
        except sqlite3.Error as error:
            self._before, self._since_whole = before, since
            raise JournalError(_why(error)) from None
        self.requests += len(page.records)

    def _write_requests(self, records: list[RequestRecord]) -> None:
        for record in records:
            row = self._database.execute(_REQUEST, _row(record)).lastrowid
            if record.prompt is not None or record.answer is not None:
                texts = (row, record.prompt, record.answer)
                self._database.execute("INSERT INTO texts (request, prompt, answer) VALUES (?, ?, ?)", texts)

    def _packed(self, at_ns: int, data: bytes) -> tuple[int, bool, bytes]:
        whole = not self._before or self._since_whole >= WHOLE_EVERY
        packed = pack(data, b"" if whole else self._before)
        self._before, self._since_whole = data, 1 if whole else self._since_whole + 1
        return at_ns, whole, packed

    def close(self, stop_reason: str, labels: tuple[str, ...] = ()) -> None:
        """Say how the session ended and leave one plain file, as far as the disk and other readers allow."""
        ended = {
            "finished": "1",
            "stop_reason": stop_reason,
            "ended_utc": datetime.now(UTC).isoformat("T", "seconds"),
            "labels": msgspec.json.encode(labels).decode(),
        }
        try:
            with suppress(sqlite3.Error), self._database:
                _write_facts(self._database, ended)
            with suppress(sqlite3.Error):
                self._database.execute("PRAGMA journal_mode = DELETE")
        finally:
            self._database.close()


def _make(path: Path, facts: Facts) -> None:
    """Make the file with its tables and `facts` under another name first: there is never half a journal at `path`.

    Raises:
        OSError, sqlite3.Error: it cannot be made.
    """
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    making = path.with_name(f".{path.name}{MAKING}")
    os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(_connected(making)) as database:
            database.execute("BEGIN")
            for table, columns in TABLES.items():
                database.execute(f"CREATE TABLE {table} ({columns})")
            for index, what in INDEXES.items():
                database.execute(f"CREATE INDEX {index} ON {what}")
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {SCHEMA}")
            _write_facts(database, _as_text(facts))
            database.execute("COMMIT")
        making.rename(path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise


def amend(path: Path, **changes: str) -> None:
    """Change `name` or `note` of the recording at `path`; raises JournalError."""
    try:
        with closing(_connected(path)) as database:
            _write_facts(database, changes)
    except sqlite3.Error as error:
        raise JournalError(f"{printable(str(path))}: {_why(error)}") from None


def settle(path: Path) -> None:
    """Fold what a killed process left in the log beside `path` into the file; raises JournalError."""
    try:
        with closing(_connected(path)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise JournalError(f"{printable(str(path))}: {_why(error)}") from None


def _connected(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    database.execute("PRAGMA synchronous = NORMAL")
    return database


def _write_facts(database: sqlite3.Connection, facts: dict[str, str]) -> None:
    database.executemany("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", facts.items())


def _as_text(facts: Facts) -> dict[str, str]:
    """Facts as the table holds them: text, structures as JSON."""
    values = msgspec.structs.asdict(facts) | {"finished": str(int(facts.finished)), "schema": str(facts.schema)}
    return {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode() for key, value in values.items()
    }


def _row(record: RequestRecord) -> list[object]:
    values = msgspec.structs.asdict(record)
    values["prompt_index"] = values["index"]
    values["vendor"] = msgspec.json.encode(record.vendor).decode() if record.vendor else None
    return [values[column] for column in COLUMNS["requests"][1:]]


def _why(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    return next((words for start, words in _WORDS.items() if name.startswith(start)), printable(str(error), 100))
